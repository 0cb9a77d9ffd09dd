//! `lb top` in a real terminal, before a real balancer; and what it says where there is no terminal.

use rustix::process::Signal;
use serde_json::Value;

use crate::support::Lb;
use crate::support::process::signal;
use crate::support::terminal::Terminal;
use crate::support::verb::{data, error, lb, lb_with};

fn top(balancer: &Lb, flags: &[&str]) -> Terminal {
    let admin = balancer.admin.to_string();
    Terminal::run(100, 30, &[], &[&["top", "--interval", "100ms", "--admin", &admin], flags].concat())
}

/// The line of a backend.
fn line_of(terminal: &Terminal, name: &str) -> Option<String> {
    terminal.lines().into_iter().find(|line| line.split_whitespace().any(|word| word == name))
}

#[test]
fn it_shows_the_replicas_and_what_becomes_of_one_that_is_killed() {
    let balancer = Lb::start(&[]);
    let mut terminal = top(&balancer, &[]);
    terminal.shows("All well: 3 of 3 replicas are ready");
    for name in ["S1", "S2", "S3"] {
        assert!(line_of(&terminal, name).is_some_and(|line| line.contains("● ready")), "{:?}", terminal.lines());
    }
    assert!(signal(balancer.pid_of("S2"), Signal::KILL), "it ran");
    terminal.shows("✕ S2 died: killed by signal 9");
    terminal.shows("gets a replacement in its seat");
    balancer.wait_until_ready(3);
    terminal.shows("All well: 3 of 3 replicas are ready");
    terminal.press("q");
    assert_eq!(terminal.wait_for_exit().code(), Some(0));
    terminal.is_given_back();
}

#[test]
fn requests_are_counted_and_a_key_is_explained_where_it_really_goes() {
    let balancer = Lb::start(&[]);
    let answered_by = balancer.replica_of(7);
    let mut terminal = top(&balancer, &[]);
    terminal.shows("● live");
    terminal.press("/7\r");
    terminal.shows("Where 7 goes");
    terminal.shows(&format!("-> {answered_by} (its owner)"));
    terminal.press("\u{1b}");
    terminal.shows("Last events");
    terminal.press("x");
    terminal.shows(&format!("lb logs S1 --admin {}", balancer.admin));
    terminal.press("?");
    terminal.shows("this");
    terminal.resize(120, 40);
    terminal.shows("last check");
    terminal.shows("Requests  ");
}

#[test]
fn however_it_is_ended_the_terminal_is_given_back() {
    let balancer = Lb::with_replicas(1, &[]);
    for end in ["q", "\u{3}", "SIGTERM", "SIGHUP"] {
        let mut terminal = top(&balancer, &[]);
        terminal.shows("● live");
        match end {
            "SIGTERM" => terminal.signal(Signal::TERM),
            "SIGHUP" => terminal.signal(Signal::HUP),
            keys => terminal.press(keys),
        }
        assert_eq!(terminal.wait_for_exit().code(), Some(0), "{end}");
        terminal.is_given_back();
    }
}

#[test]
fn it_draws_anew_and_stops_for_the_shell_and_goes_on_in_the_foreground() {
    let balancer = Lb::with_replicas(1, &[]);
    let admin = balancer.admin.to_string();
    let script = "\"$0\" \"$@\"; echo the shell has it; read line; fg; echo ended with $?";
    let mut terminal = Terminal::run_in_shell(script, &["top", "--admin", &admin]);
    terminal.shows("● live");
    terminal.press("\u{c}");
    terminal.press("?");
    terminal.shows("▸ Help");
    terminal.press("\u{1a}");
    terminal.shows("the shell has it");
    terminal.is_given_back();
    terminal.press("\r");
    terminal.shows("▸ Help");
    terminal.shows("● live");
    terminal.press("q");
    terminal.shows("ended with 0");
    terminal.is_given_back();
}

#[test]
fn a_balancer_that_is_gone_is_said_and_one_that_comes_back_is_shown() {
    let mut balancer = Lb::with_replicas(2, &[]);
    let admin = balancer.admin.to_string();
    let terminal = top(&balancer, &[]);
    terminal.shows("● live");
    balancer.kill();
    terminal.shows("✕ Stale: ");
    terminal.shows("before: 2 of 2 replicas are ready");
    assert!(line_of(&terminal, "S2").is_some(), "the last picture stays: {:?}", terminal.lines());
    let next = balancer.next(&["--admin", &admin, "--replicas", "2"]);
    next.wait_until_ready(2);
    terminal.shows("● live");
    terminal.shows_no("Stale");
    // It follows what happens to the new one, whose events count from 1 again.
    assert!(signal(next.pid_of("S1"), Signal::KILL), "it was taken over");
    terminal.shows("✕ S1 died");
}

/// A balancer that hangs until this is dropped.
struct Hung<'a>(&'a Lb);

impl<'a> Hung<'a> {
    fn up(balancer: &'a Lb) -> Self {
        balancer.signal(Signal::STOP);
        Self(balancer)
    }
}

impl Drop for Hung<'_> {
    fn drop(&mut self) {
        self.0.signal(Signal::CONT);
    }
}

#[test]
fn a_balancer_that_hangs_is_said_while_keys_still_work() {
    let balancer = Lb::with_replicas(1, &[]);
    let mut terminal = top(&balancer, &[]);
    terminal.shows("● live");
    let hung = Hung::up(&balancer);
    terminal.shows("✕ Stale: it doesn't answer; trying again");
    terminal.press("x");
    terminal.shows("lb drain S1");
    drop(hung);
    terminal.shows("● live");
    terminal.shows_no("Stale");
}

#[test]
fn without_colour_no_colour_is_written() {
    let balancer = Lb::with_replicas(1, &[]);
    let admin = balancer.admin.to_string();
    let words = ["top", "--admin", &admin];
    for (variables, coloured) in [(&[][..], true), (&[("NO_COLOR", "1")], false)] {
        let terminal = Terminal::run(80, 24, variables, &words);
        terminal.shows("● ready");
        assert_eq!(terminal.has_colour(), coloured, "{variables:?}");
    }
}

#[test]
fn a_pipe_gets_one_picture_or_a_line_that_says_how() {
    let balancer = Lb::with_replicas(2, &[]);
    let admin = balancer.admin.to_string();
    let told = error(&lb(&["top", "--admin", &admin]), 2);
    assert!(told.contains("lb top needs a terminal") && told.contains("lb top --once"), "{told}");
    let once = lb_with(&[("COLUMNS", "90")], &["top", "--once", "--interval", "100ms", "--admin", &admin]);
    let picture = data(&once);
    assert!(picture.contains("All well: 2 of 2 replicas are ready") && !picture.contains('\u{1b}'), "{picture}");
    assert!(picture.lines().any(|line| line.contains("S2") && line.contains("● ready")), "{picture}");
    let documents: Value = serde_json::from_str(&data(&lb(&["top", "-o", "json", "--admin", &admin]))).unwrap();
    assert_eq!(documents["summary"]["verdict"]["level"], "ok");
    assert_eq!(documents["backends"].as_array().map(Vec::len), Some(2));
    assert!(documents["events"][0]["id"].is_u64());
}

#[test]
fn where_nothing_answers_or_something_else_does_it_ends_as_every_verb_does() {
    let mut balancer = Lb::with_replicas(1, &[]);
    let (admin, front) = (balancer.admin.to_string(), balancer.front.to_string());
    let mut foreign = Terminal::run(80, 24, &[], &["top", "--admin", &front]);
    foreign.shows("error: ");
    assert_eq!(foreign.wait_for_exit().code(), Some(5), "a replica has no such path");
    balancer.signal(Signal::TERM);
    balancer.wait_for_exit();
    let mut nobody = Terminal::run(80, 24, &[], &["top", "--admin", &admin]);
    nobody.shows("is `lb serve` running");
    assert_eq!(nobody.wait_for_exit().code(), Some(4));
    nobody.is_given_back();
    assert!(error(&lb(&["top", "--once", "--admin", &admin]), 4).contains(&admin));
    assert!(error(&lb(&["top", "--once", "--interval", "0"]), 2).contains("write 100ms to 1h"));
}
