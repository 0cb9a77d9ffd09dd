//! `lb drain`, `undrain`, `weight`, `limit`, `scale`, `rollback`, `plan`, `explain`, `ring`, `epochs`, `events`, `config` on a
//! running balancer: what they print, what they do, and what they do not do where a plan is refused.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::verb::{data, error, lb};
use crate::support::{Lb, eventually};

/// A verb on this balancer's admin API.
fn on(balancer: &Lb, words: &[&str]) -> std::process::Output {
    lb(&[words, &["--admin", &balancer.admin.to_string()]].concat())
}

fn document(balancer: &Lb, words: &[&str]) -> Value {
    serde_json::from_str(&data(&on(balancer, &[words, &["-o", "json"]].concat()))).unwrap()
}

fn epoch(balancer: &Lb) -> u64 {
    document(balancer, &["epochs"])["epoch"].as_u64().unwrap()
}

/// Of 200 ids those that each replica answers.
fn served(balancer: &Lb) -> Vec<String> {
    (0..200).map(|id| balancer.replica_of(id)).collect()
}

#[test]
fn a_plan_changes_nothing_and_says_what_the_change_then_does() {
    let balancer = Lb::with_replicas(3, &[]);
    let before = epoch(&balancer);
    for words in [
        &["plan", "add", "-n", "1"][..],
        &["plan", "rm", "S2"],
        &["plan", "drain", "S1"],
        &["plan", "weight", "S1", "2"],
        &["plan", "limit", "S1", "10"],
        &["plan", "scale", "5"],
        &["add", "-n", "1", "--dry-run"],
        &["rm", "-n", "1", "--dry-run"],
        &["drain", "S1", "--dry-run"],
        &["scale", "1", "--dry-run"],
    ] {
        let plan = data(&on(&balancer, words));
        assert!(plan.starts_with("plan: ") && plan.contains(" of the ids (ideal "), "{words:?}: {plan}");
    }
    assert_eq!((epoch(&balancer), balancer.replicas().len()), (before, 3));

    let planned = document(&balancer, &["plan", "weight", "S1", "2.5"]);
    let made = document(&balancer, &["weight", "S1", "2.5"]);
    for key in ["moved", "moved_percent", "ideal_percent", "unnecessary", "moves", "shares", "sample_keys"] {
        assert_eq!(planned["effect"][key], made["effect"][key], "{key}");
    }
    assert_eq!((&planned["applied"], &made["applied"]), (&Value::from(false), &Value::from(true)));
    assert_eq!(planned["epoch"], made["epoch"]);
}

#[test]
fn a_drained_backend_gets_nothing_new_until_it_is_undrained() {
    let balancer = Lb::with_replicas(3, &[]);
    let before = served(&balancer);
    assert!(data(&on(&balancer, &["drain", "S2"])).starts_with("drain S2: epoch "));
    assert!(!served(&balancer).contains(&"S2".to_owned()), "all go elsewhere");
    assert!(data(&on(&balancer, &["rep", "--long"])).contains("drained"));
    assert_eq!(balancer.replicas().len(), 3, "it is still there");
    data(&on(&balancer, &["undrain", "S2"]));
    assert_eq!(served(&balancer), before, "its ids come home, and no others have moved");
}

#[test]
fn scale_makes_as_many_replicas_and_rollback_takes_the_ids_back() {
    let balancer = Lb::with_replicas(3, &[]);
    let (first, before) = (epoch(&balancer), served(&balancer));
    assert!(data(&on(&balancer, &["scale", "5"])).starts_with("target"));
    assert_eq!(balancer.replicas().len(), 5);
    data(&on(&balancer, &["scale", "2", "--yes"]));
    assert_eq!(balancer.replicas().len(), 2);
    data(&on(&balancer, &["rollback", &first.to_string(), "--yes"]));
    balancer.wait_until_ready(3);
    let seat = |names: &[String]| -> Vec<u64> {
        let backends = balancer.backends();
        let seat_of =
            |name: &String| backends.iter().find(|backend| backend["name"] == **name).unwrap()["seat"].as_u64();
        names.iter().map(|name| seat_of(name).unwrap()).collect()
    };
    let homes: Vec<u64> = before.iter().map(|name| name[1..].parse().unwrap()).collect();
    assert_eq!(seat(&served(&balancer)), homes, "every id is in the seat that it was in");
    let difference = document(&balancer, &["epochs", "diff", &first.to_string(), &epoch(&balancer).to_string()]);
    assert_eq!(difference["effect"]["moved"], 0);
}

#[test]
fn explain_says_where_an_id_goes_and_ring_who_has_how_much() {
    let balancer = Lb::with_replicas(2, &[]);
    for id in [7, 8, 9] {
        let answered_by = balancer.replica_of(id);
        let said = data(&on(&balancer, &["explain", &id.to_string()]));
        let first = said.lines().next().unwrap().to_owned();
        assert!(first.contains(&format!("-> {answered_by} (its owner)")), "{first}");
        assert!(said.lines().any(|line| line.contains(&answered_by) && line.ends_with("<- goes here")), "{said}");
    }
    data(&on(&balancer, &["explain", "--source", "10.0.0.1"]));
    let ring = data(&on(&balancer, &["ring"]));
    assert!(ring.contains("S1") && ring.contains("S2") && ring.starts_with("rendezvous, 65536 slots"), "{ring}");
    assert!(data(&on(&balancer, &["ring", "S1"])).contains("\nits slots: "));
}

#[test]
fn epochs_events_and_the_configuration_are_told_as_they_are() {
    let balancer = Lb::with_replicas(1, &["--check-interval", "2s"]);
    data(&on(&balancer, &["add", "Extra"]));
    let epochs = data(&on(&balancer, &["epochs"]));
    assert!(epochs.starts_with("epoch ") && epochs.contains("add Extra"), "{epochs}");
    let events = data(&on(&balancer, &["events"]));
    assert!(events.lines().any(|line| line.contains("Extra added")), "{events}");
    let config = data(&on(&balancer, &["config"]));
    let line = config.lines().find(|line| line.starts_with("check-interval")).unwrap();
    assert!(line.contains("flag") && line.contains("2s"), "{line}");
    assert_eq!(document(&balancer, &["openapi"])["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
}

/// A running `lb events --follow`, ended by its pid, with what it has printed so far.
struct Follower {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Follower {
    fn of(admin: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lb"));
        command.args(["events", "-f", "--admin", admin]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (stdout, lines) = (child.stdout.take().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let collected = Arc::clone(&lines);
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).for_each(|line| collected.lock().unwrap().push(line));
        });
        Self { child, lines }
    }

    fn wait_for(&self, words: &str) {
        let has = || self.lines.lock().unwrap().iter().any(|line| line.contains(words));
        eventually(&format!("{words} is told"), || has().then_some(()));
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        crate::support::process::signal(self.child.id(), rustix::process::Signal::TERM);
        let _ended = self.child.wait();
    }
}

#[test]
fn events_are_followed_over_a_restart_of_the_balancer() {
    let mut balancer = Lb::with_replicas(1, &[]);
    let admin = balancer.admin.to_string();
    let follower = Follower::of(&admin);
    follower.wait_for("S1 ready");
    balancer.ask_admin("POST", "/add", r#"{"hostnames":["Second"]}"#);
    follower.wait_for("Second added");
    balancer.kill();
    let next = balancer.next(&["--admin", &admin]);
    next.wait_until_ready(2);
    next.ask_admin("POST", "/add", r#"{"hostnames":["Third"]}"#);
    follower.wait_for("Third added");
}

/// Runs a verb on a terminal, where somebody types `answer`: what it has shown there, and its exit code.
/// A full disk is a failure; a reader who has had enough (`| head`) is none, and ends what would go on for ever.
#[test]
fn what_cannot_be_written_is_a_failure_unless_its_reader_has_had_enough() {
    let balancer = Lb::with_replicas(1, &[]);
    let admin = balancer.admin.to_string();
    let into = |words: &[&str], stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lb"));
        command.args(words).args(["--admin", &admin]).env_clear().stdin(Stdio::null()).stdout(stdout);
        command.stderr(Stdio::piped()).spawn().unwrap()
    };
    for words in [&["rep"][..], &["ring"], &["top", "--once"], &["events", "--follow"], &["events", "-f", "-o", "json"]]
    {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = into(words, full.into()).wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{words:?}: {said}");
        assert!(said.starts_with("error: stdout: No space left"), "{words:?}: {said}");

        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = into(words, writer.into()).wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{words:?}");
    }
}

fn on_a_terminal(balancer: &Lb, words: &str, answer: &str) -> (String, i32) {
    let line = format!("{} {words} --admin {}", env!("CARGO_BIN_EXE_lb"), balancer.admin);
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut script = script.spawn().expect("script(1) is part of every Debian (bsdutils)");
    script.stdin.as_mut().unwrap().write_all(answer.as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code().unwrap())
}

#[test]
fn on_a_terminal_what_takes_something_away_is_shown_and_asked_for_first() {
    let balancer = Lb::with_replicas(3, &[]);
    let (shown, code) = on_a_terminal(&balancer, "rm S2", "n\n");
    assert!(shown.contains("plan: remove S2") && shown.contains("apply? [y/N]"), "{shown}");
    assert!(code == 1 && shown.contains("nothing was changed") && balancer.replicas().len() == 3, "{shown}");
    let (shown, code) = on_a_terminal(&balancer, "rm -n 1", "y\n");
    assert_eq!((code, balancer.replicas().len()), (0, 2), "{shown}");
    let gone =
        ["S1", "S2", "S3"].into_iter().find(|name| !balancer.replicas().iter().any(|left| left == name)).unwrap();
    assert!(shown.contains(&format!("plan: remove {gone}")), "what was planned is what went: {shown}");
    let (shown, code) = on_a_terminal(&balancer, "scale 3", "");
    assert!(code == 0 && !shown.contains("apply?"), "nothing is taken away: {shown}");
    let (shown, code) = on_a_terminal(&balancer, &format!("drain {} --yes", balancer.replicas()[0]), "");
    assert!(code == 0 && !shown.contains("apply?"), "{shown}");
}

#[test]
fn every_wrong_input_is_one_line_with_its_exit_code_and_changes_nothing() {
    let balancer = Lb::with_replicas(2, &["--backend", "foreign=127.0.0.1:1"]);
    let before = epoch(&balancer);
    for (words, code, told) in [
        (&["drain", "S9"][..], 5, "404"),
        (&["undrain", "a/b?c"], 5, "404"),
        (&["weight", "S1", "0"], 5, "weight"),
        (&["weight", "S1", "1000"], 5, "weight"),
        (&["weight", "S1", "heavy"], 2, "heavy"),
        (&["weight", "S1"], 2, "WEIGHT"),
        (&["limit", "S1", "-1"], 2, "-1"),
        (&["limit", "S9", "1"], 5, "404"),
        (&["scale", "1000000"], 5, "409"),
        (&["scale", "-2"], 2, "-2"),
        (&["rollback", "99999"], 5, "404"),
        (&["rollback", "latest"], 2, "latest"),
        (&["plan"], 2, "lb plan --help"),
        (&["plan", "explode"], 2, "explode"),
        (&["plan", "add", "S1"], 5, "409"),
        (&["plan", "rm", "foreign"], 5, "409"),
        (&["plan", "rm", "nobody"], 5, "404"),
        (&["explain"], 2, "KEY"),
        (&["explain", "7", "--source", "10.0.0.1"], 2, "--source"),
        (&["explain", "--source", "here"], 2, "here"),
        (&["explain", ""], 5, "400"),
        (&["ring", "S9"], 5, "404"),
        (&["epochs", "diff", "1"], 2, "TO"),
        (&["epochs", "diff", "1", "99999"], 5, "404"),
        (&["events", "--after", "x"], 2, "x"),
        (&["darin", "S1"], 2, "drain"),
    ] {
        let output = if code == 2 { lb(words) } else { on(&balancer, words) };
        let said = error(&output, code);
        assert!(said.contains(told), "{words:?}: {said}");
    }
    for words in [
        &["drain", "S1"][..],
        &["scale", "3"],
        &["explain", "7"],
        &["ring"],
        &["epochs"],
        &["events", "-f"],
        &["config"],
    ] {
        error(&lb(&[words, &["--admin", "127.0.0.1:1"]].concat()), 4);
    }
    assert_eq!((epoch(&balancer), balancer.replicas().len()), (before, 3));
}

#[test]
fn shells_and_man_find_every_verb() {
    assert!(data(&lb(&["completions", "bash"])).contains("rollback"));
    assert!(data(&lb(&["man"])).contains(".TH lb 1"));
    assert!(data(&lb(&["man", "drain"])).contains("lb\\-drain"));
    error(&lb(&["man", "nothing"]), 2);
    error(&lb(&["completions", "csh"]), 2);
}

#[test]
fn a_change_under_an_older_epoch_is_refused() {
    let balancer = Lb::with_replicas(2, &[]);
    let stale = epoch(&balancer);
    data(&on(&balancer, &["weight", "S1", "2"]));
    let admin = balancer.admin;
    let request = format!(
        "PATCH /v1/backends/S2 HTTP/1.1\r\nHost: {admin}\r\nIf-Match: \"{stale}\"\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{{\"weight\":3}}"
    );
    let mut stream = std::net::TcpStream::connect(admin).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let answer = eventually("it answers", || std::io::read_to_string(&mut stream).ok());
    assert!(answer.starts_with("HTTP/1.1 412 "), "{answer}");
}
