//! Starts that must fail: one line that says what and how to mend it, the contract's exit code, nothing left running.

use std::net::TcpListener;

use crate::support::Lb;

/// One line of words on stderr; log lines of an ordinary start are not there.
fn assert_one_line(stderr: &str, about: &str) {
    assert_eq!(stderr.lines().count(), 1, "{stderr:?}");
    assert!(stderr.contains(about), "{stderr:?} doesn't mention {about:?}");
}

#[test]
fn a_second_lb_on_the_same_front_port_exits_1() {
    let lb = Lb::with_replicas(1, &[]);
    let front = lb.front.to_string();
    let (code, stderr) = Lb::run_to_end(&["--front", &front, "--replicas", "1"]);
    assert_eq!(code, 1, "{stderr}");
    assert_one_line(&stderr, &front);
    assert_eq!(lb.get("/home").status, 200, "the first is unharmed");
}

#[test]
fn a_front_or_admin_port_that_somebody_else_listens_on_exits_1() {
    let somebody = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = somebody.local_addr().unwrap().to_string();
    for flag in ["--front", "--admin"] {
        let (code, stderr) = Lb::run_to_end(&[flag, &addr, "--replicas", "1"]);
        assert_eq!(code, 1, "{flag}: {stderr}");
        assert_one_line(&stderr, &addr);
    }
}

#[test]
fn a_bad_flag_exits_2() {
    for args in [
        &["--nonsense"] as &[&str],
        &["--replicas", "many"],
        &["--replicas", "-1"],
        &["--hash", "md5"],
        &["--front", "nowhere"],
        &["--idle-timeout", "soon"],
    ] {
        let (code, stderr) = Lb::run_to_end(args);
        assert_eq!(code, 2, "{args:?}: {stderr}");
        assert_one_line(&stderr, args[0]);
    }
}

#[test]
fn a_configuration_that_cannot_work_exits_2_or_3_with_one_line() {
    for args in [
        &["--backend", "x"] as &[&str],
        &["--backend", "x=127.0.0.1"],
        &["--backend", "x=127.0.0.1:99999"],
        &["--backend", "-x=127.0.0.1:80"],
        &["--backend", "x=127.0.0.1:80,weight=0"],
        &["--backend", "x=127.0.0.1:80", "--backend", "x=127.0.0.1:81"],
        &["--hash", "assignment", "--slots", "500"],
        &["--mode", "tcp", "--affinity", "request"],
        &["--command", ""],
        &["--command", "'unclosed"],
        &["--key", "nothing:x"],
        &["--names", "same"],
    ] {
        let (code, stderr) = Lb::run_to_end(args);
        assert!(code == 2 || code == 3, "{args:?}: exit {code}: {stderr}");
        assert_one_line(&stderr, args[0]);
    }
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let lb = Lb::launch(&["--replicas", "1", "--command", "/nonexistent/program {port}"]);
    crate::support::eventually("the program is named on stderr", || {
        lb.stderr().contains("/nonexistent/program").then_some(())
    });
    assert_eq!(lb.ask_admin("GET", "/livez", "").status, 200);
}
