//! `lb rep`, `add`, `rm`, `ready`, `route`: what they print where, and the exit code of every way in which it can end.

use std::process::Command;

use crate::support::verb::{data, error, lb, lb_with};
use crate::support::{Lb, Peer, eventually};

#[test]
fn rep_add_and_rm_print_the_names_one_a_line() {
    let balancer = Lb::with_replicas(2, &[]);
    let admin = balancer.admin.to_string();
    assert_eq!(data(&lb(&["rep", "--admin", &admin])), "S1\nS2\n");
    let added = data(&lb(&["add", "-n", "2", "S5", "--admin", &admin]));
    assert!(added.starts_with("S1\nS2\nS5\nS") && added.lines().count() == 4, "{added}");
    assert_eq!(data(&lb(&["rm", "S5", "S1", "--admin", &admin])).lines().count(), 2);
    assert_eq!(data(&lb(&["rm", "-n", "1", "--admin", &admin])).lines().count(), 1);
    assert_eq!(data(&lb(&["add", "A", "B", "--admin", &admin])).lines().count(), 3);
    assert_eq!(balancer.replicas().len(), 3);
}

#[test]
fn json_is_the_body_as_it_was_received() {
    let balancer = Lb::with_replicas(1, &[]);
    let admin = format!("http://{}/", balancer.admin);
    let body = data(&lb(&["rep", "-o", "json", "--admin", &admin]));
    assert_eq!(body, balancer.ask_admin("GET", "/rep", "").text());
}

#[test]
fn the_variables_of_serve_serve_its_clients_too() {
    let balancer = Lb::with_replicas(1, &["--front", "0.0.0.0:0"]);
    let (front, admin) = (balancer.front.to_string(), format!("0.0.0.0:{}", balancer.admin.port()));
    assert!(front.starts_with("0.0.0.0:"), "{front}");
    assert_eq!(data(&lb_with(&[("LB_ADMIN", &admin)], &["rep"])), "S1\n");
    let answer = data(&lb_with(&[("LB_FRONT", &front)], &["route", "7"]));
    assert!(answer.contains(r#""server_id":"S1""#), "{answer}");
}

#[test]
fn an_admin_api_on_a_unix_socket_is_asked_there() {
    let dir = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", dir.path().join("admin.sock").display());
    // Nothing prints a TCP address, so this one is watched through its client alone.
    let state = tempfile::tempdir().unwrap();
    let mut serve = Command::new(env!("CARGO_BIN_EXE_lb"));
    serve.args(["serve", "--front", "127.0.0.1:0", "--replicas", "1", "--admin", &place, "--state-dir"]);
    let mut serve = Stopped(serve.arg(state.path()).stderr(std::process::Stdio::null()).spawn().unwrap());
    eventually("lb is ready", || lb(&["ready", "--admin", &place]).status.success().then_some(()));
    assert_eq!(data(&lb(&["rep", "--admin", &place])), "S1\n");
    serve.stop();
    assert!(error(&lb(&["rep", "--admin", &place]), 4).contains(&place));
}

/// A `lb serve` that is stopped by its pid, also when its test fails.
struct Stopped(std::process::Child);

impl Stopped {
    fn stop(&mut self) {
        crate::support::process::signal(self.0.id(), rustix::process::Signal::TERM);
        self.0.wait().unwrap();
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

#[test]
fn what_the_api_refuses_is_told_in_its_words_with_exit_code_5() {
    let balancer = Lb::with_replicas(1, &[]);
    let admin = balancer.admin.to_string();
    let said = error(&lb(&["add", "-n", "1", "A", "B", "--admin", &admin]), 5);
    assert!(said.contains("400: Length of hostname list is more than newly added instances"), "{said}");
    error(&lb(&["rm", "S9", "--admin", &admin]), 5);
    error(&lb(&["add", "-n", "0", "--admin", &admin]), 5);
    assert_eq!(balancer.replicas(), ["S1"]);
}

#[test]
fn nobody_there_is_exit_code_4_and_says_where_it_looked() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let said = error(&lb(&["rep", "--admin", &free]), 4);
    assert!(said.contains(&free) && said.contains("--admin"), "{said}");
    error(&lb(&["ready", "--front", &free]), 4);
    let said = error(&lb(&["route", "7", "--front", &free]), 4);
    assert!(said.contains("--front"), "{said}");
}

#[test]
fn an_answer_that_does_not_come_is_exit_code_6() {
    let silent = Peer::listen();
    let said = error(&lb(&["rep", "--timeout", "50ms", "--admin", &silent.addr.to_string()]), 6);
    assert!(said.contains("50ms") && said.contains("--timeout"), "{said}");
}

#[test]
fn what_fails_on_the_other_side_is_exit_code_1() {
    let endless: &str = Box::leak(format!("HTTP/1.1 200 x\r\n\r\n{}", "x".repeat(5 << 20)).into_boxed_str());
    for (answer, told) in [
        ("HTTP/1.1 500 x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", "500: no"),
        ("HTTP/1.1 200 x\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf", "broke off"),
        ("HTTP/1.1 200 x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "not what the admin API"),
        (endless, "length limit"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "broke off"),
    ] {
        let stranger = Peer::listen();
        let admin = stranger.addr.to_string();
        stranger.answer_always(answer);
        let said = error(&lb(&["rep", "--admin", &admin]), 1);
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn ready_is_an_exit_code() {
    let balancer = Lb::with_replicas(1, &[]);
    let admin = balancer.admin.to_string();
    assert_eq!(data(&lb(&["ready", "--admin", &admin])), "ready backends: 1\n");
    assert_eq!(lb(&["rm", "S1", "--admin", &admin]).status.code(), Some(0));
    let said = error(&lb(&["ready", "--admin", &admin]), 1);
    assert!(said.contains("no backend is ready"), "{said}");
    error(&lb(&["ready", "--front", &balancer.front.to_string()]), 1);
}

#[test]
fn without_an_admin_api_the_front_of_the_profile_is_asked() {
    let balancer = Lb::with_replicas(2, &["--profile", "assignment"]);
    let front = balancer.front.to_string();
    assert!(data(&lb(&["ready", "--front", &front])).starts_with("a backend answers"));
    assert_eq!(data(&lb(&["rep", "--admin", &front])), "S1\nS2\n");
    assert_eq!(data(&lb(&["add", "S9", "--admin", &front])).lines().last(), Some("S9"));
}

#[test]
fn route_prints_what_the_replica_of_an_id_answers() {
    let balancer = Lb::start(&[]);
    let front = balancer.front.to_string();
    for id in [1, 2, 3, 40] {
        let answer = data(&lb(&["route", &id.to_string(), "--front", &front]));
        assert_eq!(answer.trim_end(), balancer.get(&format!("/request?request_id={id}")).text().trim_end());
    }
    data(&lb(&["route", "an id & more", "--front", &front]));
}

#[test]
fn a_token_is_sent_and_a_file_without_one_is_exit_code_3() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    let path = file.to_str().unwrap();
    let server = Peer::listen();
    let admin = server.addr.to_string();
    for wrong in ["", "two words", &"x".repeat(5000)] {
        std::fs::write(&file, wrong).unwrap();
        error(&lb(&["rep", "--admin", &admin, "--token-file", path]), 3);
    }
    error(&lb(&["rep", "--admin", &admin, "--token-file", "/no/such/file"]), 3);
    assert!(!server.has_session(), "nothing was sent without its token");

    std::fs::write(&file, "s3cret\n").unwrap();
    let asked = std::thread::spawn({
        let variables = path.to_owned();
        move || lb_with(&[("LB_ADMIN_TOKEN_FILE", &variables)], &["rep", "--admin", &admin, "--timeout", "20s"])
    });
    let mut session = server.accept();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        std::io::Read::read_exact(&mut session, &mut byte).unwrap();
        head.push(byte[0]);
    }
    let refusal = b"HTTP/1.1 401 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    std::io::Write::write_all(&mut session, refusal).unwrap();
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.contains("authorization: bearer s3cret\r\n"), "{head}");
    let said = error(&asked.join().unwrap(), 5);
    assert!(said.contains("--token-file") && !said.contains("s3cret"), "{said}");
}

#[test]
fn words_that_make_no_sense_are_exit_code_2() {
    for words in [
        &["add"][..],
        &["rm"],
        &["route"],
        &["add", "-n", "many"],
        &["rep", "--admin", "https://127.0.0.1:1"],
        &["rep", "--admin", "127.0.0.1:0"],
        &["rep", "--timeout", "5"],
        &["rep", "-o", "xml"],
        &["ready", "--front", "nowhere"],
    ] {
        error(&lb(words), 2);
    }
}
