//! The admin port as an attacker finds it: browsers on other sites, rebound names, missing tokens, floods and crowds.
//!
//! What is judged in lb-admin by itself is shown here on the real binary: what a start refuses, what a request gets, that
//! nothing was changed, what the log holds, and that memory stays.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::Command;

use crate::support::process::Process;
use crate::support::{Lb, Response, eventually, http};

const ADD: &str = r#"{"n":1,"hostnames":["new"]}"#;
const TOKEN: &str = "correct-horse-battery";

/// One request with these header lines and no Host but what they say.
fn ask(addr: SocketAddr, method: &str, path: &str, fields: &[&str], body: &str) -> Response {
    let mut stream = http::connect(addr);
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\n{fields}Connection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    http::read_response(&mut stream).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}

/// A typed refusal, without CORS.
fn assert_refused(answer: &Response, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.json()["status"], "failure", "{answer:?}");
    assert!(!answer.head.to_ascii_lowercase().contains("access-control"), "{answer:?}");
}

/// A token file of its own.
fn token_file() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), format!("{TOKEN}\n")).unwrap();
    file
}

#[test]
fn what_a_browser_sends_for_another_site_changes_nothing() {
    let lb = Lb::with_replicas(1, &[]);
    let host = format!("Host: {}", lb.admin);
    let elsewhere = format!("Origin: http://127.0.0.1:{}", lb.front.port());
    let foreign: [&[&str]; 6] = [
        &["Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"],
        &["Origin: null"],
        &[&elsewhere, "Sec-Fetch-Site: same-site"],
        &[&elsewhere],
        &["Sec-Fetch-Site: cross-site", "Content-Type: text/plain"],
        &["Sec-Fetch-Site: same-site", "Content-Type: application/json"],
    ];
    for fields in foreign {
        let fields = [&[host.as_str()], fields].concat();
        assert_refused(&ask(lb.admin, "POST", "/add", &fields, ADD), 403);
        assert_refused(&ask(lb.admin, "DELETE", "/rm", &fields, r#"{"n":1}"#), 403);
        assert_refused(&ask(lb.admin, "OPTIONS", "/add", &fields, ""), 405);
    }
    for path in ["/add?n=1", "/rm", "/v1/backends?n=1"] {
        assert!(ask(lb.admin, "GET", path, &[&host], ADD).status != 500, "nothing changes on GET");
    }
    assert_eq!(lb.replicas(), ["S1"]);
    let own = format!("Origin: http://{}", lb.admin);
    let answer = ask(lb.admin, "POST", "/add", &[&host, &own, "Sec-Fetch-Site: same-origin"], ADD);
    assert_eq!((answer.status, lb.replicas().len()), (200, 2), "our own page may");
}

#[test]
fn a_name_that_was_rebound_to_us_is_not_served_and_a_configured_one_is() {
    let lb = Lb::with_replicas(1, &["--admin-host", "lb.example", "--admin-host", "gate.example:8443"]);
    let target = format!("http://evil.example:{}/rep", lb.admin.port());
    for host in ["evil.example", "127.0.0.1.nip.io", "user@127.0.0.1", "[fe80::1%eth0]", "127.0.0.1.", "gate.example"] {
        for path in ["/rep", "/metrics", "/livez"] {
            assert_refused(&ask(lb.admin, "GET", path, &[&format!("Host: {host}")], ""), 421);
        }
        assert_refused(&ask(lb.admin, "POST", "/add", &[&format!("Host: {host}")], ADD), 421);
    }
    assert_refused(&ask(lb.admin, "GET", &target, &["Host: 127.0.0.1"], ""), 421);
    assert_refused(&ask(lb.admin, "GET", "/rep", &["Host: 127.0.0.1", "Host: evil.example"], ""), 400);
    for host in ["lb.example", "LB.example:5001", "gate.example:8443", "localhost", "[::1]:5001", "127.0.0.1"] {
        assert_eq!(ask(lb.admin, "GET", "/rep", &[&format!("Host: {host}")], "").status, 200, "{host}");
    }
    let old = http::exchange(lb.admin, b"GET /rep HTTP/1.0\r\n\r\n");
    assert!(old.starts_with(b"HTTP/1.0 200 ") || old.starts_with(b"HTTP/1.1 200 "), "no Host, no browser");
    assert_eq!(lb.replicas(), ["S1"]);
}

#[test]
fn with_a_token_changes_need_it_and_reads_do_not() {
    let file = token_file();
    let path = file.path().display().to_string();
    let lb = Lb::with_replicas(1, &["--admin-token-file", &path, "--profile", "assignment"]);
    let host = format!("Host: {}", lb.admin);
    let wrong = format!("Authorization: Bearer {TOKEN}x");
    let right = format!("Authorization: Bearer {TOKEN}");
    for fields in [&[host.as_str()][..], &[&host, &wrong], &[&host, "Authorization: Basic Zm9vOmJhcg=="]] {
        for (method, path, body) in [("POST", "/add", ADD), ("DELETE", "/rm", r#"{"n":1}"#), ("POST", "/rm", "{")] {
            let answer = ask(lb.admin, method, path, fields, body);
            assert_refused(&answer, 401);
            assert_eq!(answer.field("www-authenticate"), Some("Bearer"));
        }
    }
    for path in ["/rep", "/livez", "/readyz", "/metrics", "/v1/backends", "/v1/events"] {
        assert_eq!(lb.ask_admin("GET", path, "").status, 200, "{path}");
    }
    assert_eq!(lb.replicas(), ["S1"]);
    assert_eq!(ask(lb.admin, "POST", "/add", &[&host, &right], ADD).status, 200);
    assert_eq!(ask(lb.admin, "DELETE", "/rm", &[&host, &right], r#"{"hostnames":["new"]}"#).status, 200);
    assert_eq!(http::send(lb.front, "POST", "/add", ADD).status, 200, "the profile's paths on the front stay open");
    assert!(!lb.stderr().contains(TOKEN), "no log shows it");
}

#[test]
fn an_address_that_others_reach_needs_a_token_or_to_be_called_open() {
    let (code, said) = Lb::run_to_end(&["--admin", "0.0.0.0:0", "--replicas", "1"]);
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("--admin-token-file") && said.contains("--admin-open") && said.lines().count() == 1,
        "{said}"
    );
    let file = token_file();
    let path = file.path().display().to_string();
    let (code, _) = Lb::run_to_end(&["--admin", "0.0.0.0:0", "--admin-open", "--admin-token-file", &path]);
    assert_eq!(code, 3, "one or the other");

    let open = Lb::launch(&["--admin", "0.0.0.0:0", "--admin-open", "--replicas", "1"]);
    let admin = SocketAddr::from(([127, 0, 0, 1], open.admin.port()));
    assert!(open.stderr().contains("--admin-open: whoever reaches"), "{}", open.stderr());
    assert_eq!(http::send(admin, "POST", "/add", ADD).status, 200);
    assert_refused(&ask(admin, "GET", "/rep", &["Host: evil.example"], ""), 421);

    let closed = Lb::launch(&["--admin", "0.0.0.0:0", "--admin-token-file", &path, "--replicas", "1"]);
    let admin = SocketAddr::from(([127, 0, 0, 1], closed.admin.port()));
    assert_eq!(http::send(admin, "GET", "/rep", "").status, 200);
    assert_refused(&http::send(admin, "POST", "/add", ADD), 401);
}

#[test]
fn a_unix_socket_is_its_owners_alone_and_may_have_a_token_too() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("admin.sock");
    let file = token_file();
    let admin = format!("unix:{}", socket.display());
    let token = file.path().display().to_string();
    let flags = ["--admin", &admin, "--admin-token-file", &token, "--replicas", "1"];
    let lb = Process::spawn(Command::new(env!("CARGO_BIN_EXE_lb")), &flags);
    eventually("it listens", || UnixStream::connect(&socket).ok());
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let ask = |field: &str| {
        let mut stream = UnixStream::connect(&socket).unwrap();
        let head = format!("POST /add HTTP/1.1\r\nHost: anything\r\n{field}Connection: close\r\n");
        write!(stream, "{head}Content-Length: {}\r\n\r\n{ADD}", ADD.len()).unwrap();
        http::read_response(&mut stream).unwrap().status
    };
    assert_eq!(ask(""), 401);
    assert_eq!(ask(&format!("Authorization: Bearer {TOKEN}\r\n")), 200);
    let log = eventually("the change is logged", || Some(lb.stderr().join("\n")).filter(|log| log.contains("-> 200")));
    assert!(log.contains("change by unix (uid "), "{log}");
}

#[test]
fn a_change_is_one_escaped_log_line_with_who_what_and_result() {
    let lb = Lb::with_replicas(1, &[]);
    assert_eq!(lb.ask_admin("POST", "/add", ADD).status, 200);
    let forged = "{\"n\":1,\"hostnames\":[\"x\"]}\n2026-01-01 INFO forged \u{1b}[31m\u{7}\u{0}";
    assert_eq!(lb.ask_admin("DELETE", "/rm", forged).status, 400);
    let log = eventually("both are logged", || Some(lb.stderr()).filter(|log| log.contains("-> 400")));
    let line = |what: &str| log.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}: {log}"));
    let done = line("POST /add");
    assert!(done.contains("change by 127.0.0.1:") && done.contains(ADD) && done.ends_with("-> 200"), "{done}");
    assert!(line("DELETE /rm").contains(r"]}\n2026-01-01 INFO forged \x1b[31m\x07\x00 -> 400"), "{log}");
    assert!(log.bytes().all(|byte| byte == b'\n' || !byte.is_ascii_control()), "{log:?}");
}

#[test]
fn changes_beyond_the_rate_are_429_and_a_thousand_at_once_are_not() {
    let lb = Lb::with_replicas(1, &["--admin-rate", "1"]);
    let answers: Vec<Response> = (0..10).map(|_| lb.ask_admin("POST", "/add", r#"{"hostnames":["S1"]}"#)).collect();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!refused.is_empty() && answers.iter().all(|answer| matches!(answer.status, 200 | 429)));
    assert!(refused.iter().all(|answer| answer.field("retry-after") == Some("1")), "{refused:?}");
    assert_refused(refused[0], 429);

    let lb = Lb::with_replicas(1, &[]);
    let mut clients: Vec<TcpStream> = (0..1_000).map(|_| http::connect(lb.admin)).collect();
    let body = r#"{"hostnames":["S1"]}"#;
    let head = format!("POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    clients.iter_mut().for_each(|client| client.write_all(head.as_bytes()).unwrap());
    assert!(clients.iter_mut().all(|client| http::read_response(client).unwrap().status == 200));
}

#[test]
fn two_thousand_that_drip_do_not_keep_a_request_out() {
    let lb = Lb::with_replicas(1, &[]);
    // More than there are places, with the head or the body unfinished.
    let mut crowd: Vec<TcpStream> = (0..2_000).map(|_| http::connect(lb.admin)).collect();
    for (client, n) in crowd.iter_mut().zip(0..) {
        let begun: &[u8] = match n % 2 {
            0 => b"GET /rep HTTP/1.1\r\nX: ",
            _ => b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
        };
        // The first have made room for the last by now.
        let _reset = client.write_all(begun);
    }
    assert_eq!(lb.replicas(), ["S1"]);
    let gone = eventually("the first has made room", || {
        crowd[0].set_nonblocking(true).unwrap();
        match crowd[0].read(&mut [0; 64]) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => None,
            ended => Some(ended),
        }
    });
    assert!(gone.is_err() || gone.is_ok_and(|read| read == 0));
    assert_eq!(lb.get("/home").status, 200);
}

#[test]
fn whatever_is_sent_is_a_typed_error_and_memory_is_not_the_price() {
    let lb = Lb::with_replicas(1, &[]);
    let names = format!(r#"{{"n":70000,"hostnames":[{}"x"]}}"#, r#""x","#.repeat(69_999));
    let deep = format!(r#"{{"n":{}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let large = "x".repeat(10 * 1024 * 1024);
    let bodies = [
        r#"{"n":1000000}"#,
        r#"{"n":1e400}"#,
        r#"{"n":-1}"#,
        r#"{"n":1.5}"#,
        r#"{"n":2,"n":0}"#,
        &deep,
        &names,
        &large,
    ];
    let heads: String = (0..1_000).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let round = || {
        for body in bodies {
            let answer = lb.ask_admin("POST", "/add", body);
            assert_refused(&answer, if body.len() > 64 * 1024 { 413 } else { 400 });
        }
        assert_refused(&ask(lb.admin, "GET", "/rep", &[heads.trim_end()], ""), 431);
        for method in ["OPTIONS", "TRACE", "CONNECT", "BREW"] {
            let target = if method == "CONNECT" { "127.0.0.1:80" } else { "/add" };
            assert_refused(&ask(lb.admin, method, target, &["Host: 127.0.0.1"], ""), 405);
        }
        let garbage = http::exchange(lb.admin, b"\x16\x03\x01 not http\r\n\r\n");
        assert!(garbage.starts_with(b"HTTP/1.1 400 ") && garbage.ends_with(b"\"status\":\"failure\"}\n"));
    };
    round();
    let before = resident_kib(lb.pid());
    (0..10).for_each(|_| round());
    let grown = resident_kib(lb.pid()).saturating_sub(before);
    assert!(grown < 32 * 1024, "{grown} KiB more than before");
    assert_eq!(lb.replicas(), ["S1"]);
}

fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has it");
    line.split_whitespace().next().unwrap().parse().unwrap()
}
