//! Starts that must fail because somebody is there already: one line that says so, exit code 1, nobody harmed.
//! Wrong command lines and configurations need no running balancer; they are in the tests of the command line.

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
