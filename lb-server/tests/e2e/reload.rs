//! A reload: what the file says now applies, connections stay, and a bad file changes nothing.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Output};
use std::thread;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::support::{Lb, Peer, WITHIN, eventually, http};

const REQUEST: &[u8] = b"GET /?id=7 HTTP/1.1\r\nHost: x\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!";

/// A balancer whose file says `text`, and the file.
fn with_file(text: &str, flags: &[&str]) -> (Lb, NamedTempFile) {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let flags = [&["--config", file.path().to_str().unwrap()], flags].concat();
    (Lb::launch(&flags), file)
}

fn lb(words: &[&str], lb: &Lb) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lb"));
    command.args(words).env_clear().args(["--admin", &lb.admin.to_string()]).output().unwrap()
}

/// What applies for a key, and who said it.
fn applies(lb: &Lb, key: &str) -> (Value, String) {
    let body = lb.ask_admin("GET", "/v1/config", "").json();
    (body["config"][key].clone(), body["sources"][key].as_str().unwrap().to_owned())
}

/// A backend that keeps its connections.
fn keeping() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut request = vec![0; REQUEST.len()];
                while stream.read_exact(&mut request).is_ok() && stream.write_all(ANSWER).is_ok() {}
            });
        }
    });
    addr.to_string()
}

fn ask_again(client: &mut TcpStream) {
    client.write_all(REQUEST).unwrap();
    let mut answer = vec![0; ANSWER.len()];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(answer, ANSWER);
}

#[test]
fn a_hundred_reloads_drop_none_of_three_hundred_open_connections() {
    let (a, b) = (keeping(), keeping());
    let backends = format!("backend = [\"a={a}\", \"b={b}\"]\nidle-timeout = \"1h\"\n");
    let (lb, file) = with_file(&backends, &[]);
    lb.wait_until_ready(2);
    let mut clients: Vec<TcpStream> = (0..300).map(|_| http::connect(lb.front)).collect();
    clients.iter_mut().for_each(ask_again);
    for round in 0..100 {
        let (weight, minutes) = (1 + round % 3, 10 + round);
        let text = format!(
            "backend = [\"a={a},weight={weight}\", \"b={b}\"]\nidle-timeout = \"{minutes}m\"\nretries = {}\n",
            round % 4
        );
        fs::write(file.path(), text).unwrap();
        let answer = lb.ask_admin("POST", "/v1/reload", "");
        assert_eq!((answer.status, &answer.json()["applied"]), (200, &Value::Bool(true)), "{answer:?}");
        ask_again(&mut clients[round * 3]);
    }
    clients.iter_mut().for_each(ask_again);
    assert_eq!(applies(&lb, "idle-timeout"), ("1h 49m".into(), "file".to_owned()));
}

#[test]
fn hangup_reads_the_file_again_and_a_bad_one_changes_nothing() {
    let (lb, file) = with_file("retries = 1\nreplicas = 1\n", &[]);
    lb.wait_until_ready(1);
    fs::write(file.path(), "retries = 2\nreplicas = 1\nnonsense = 3\n").unwrap();
    lb.signal(Signal::HUP);
    eventually("it says what is wrong", || lb.stderr().contains("line 3: there is no key 'nonsense'").then_some(()));
    assert!(lb.stderr().contains("error: not reloaded, the configuration stays as it was"), "{}", lb.stderr());
    assert_eq!(applies(&lb, "retries").0, 1);
    fs::write(file.path(), "retries = 2\nreplicas = 1\n").unwrap();
    lb.signal(Signal::HUP);
    eventually("the good one applies", || (applies(&lb, "retries").0 == 2).then_some(()));
    let events = lb.ask_admin("GET", "/v1/events", "").json();
    let told = events["events"].as_array().unwrap().iter().find(|event| event["kind"] == "reloaded");
    assert_eq!(told.unwrap()["detail"], "retries 1 → 2");
    assert_eq!(lb.get("/home").status, 200);
}

#[test]
fn without_a_file_hangup_ends_it_and_where_it_is_ignored_it_stays_so() {
    let mut without = Lb::with_replicas(0, &[]);
    without.signal(Signal::HUP);
    assert_eq!(without.wait_for_exit().code(), Some(0));

    let file = NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let nohup = Lb::launch_through("trap '' HUP", &["--config", path, "--replicas", "1"]);
    nohup.wait_until_ready(1);
    fs::write(file.path(), "retries = 1\n").unwrap();
    nohup.signal(Signal::HUP);
    assert_eq!(nohup.get("/home").status, 200);
    assert_eq!(applies(&nohup, "retries"), (3.into(), "default".to_owned()));
}

#[test]
fn what_reload_changes_is_shown_first_and_what_needs_a_restart_is_said() {
    let (lb_process, file) = with_file("replicas = 1\n", &[]);
    lb_process.wait_until_ready(1);
    fs::write(file.path(), "replicas = 2\nhead-timeout = \"9s\"\nslots = 1024\n").unwrap();
    let planned = lb(&["reload", "--dry-run"], &lb_process);
    let text = String::from_utf8(planned.stdout).unwrap();
    let rows: Vec<String> = text.lines().map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let wanted = [
        "key from to applies",
        "replicas 1 2 would, with a reload",
        "slots 65536 1024 after a restart",
        "head-timeout 5s 9s would, with a reload",
    ];
    assert_eq!(rows, wanted);
    assert_eq!((applies(&lb_process, "head-timeout").0, lb_process.replicas().len()), ("5s".into(), 1));

    let done = lb(&["reload"], &lb_process);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    lb_process.wait_until_ready(2);
    assert_eq!(applies(&lb_process, "head-timeout"), ("9s".into(), "file".to_owned()));
    assert_eq!(applies(&lb_process, "slots"), (65536.into(), "default".to_owned()), "it needs a restart");
    let again = lb_process.ask_admin("POST", "/v1/reload?dry_run=true", "").json();
    let keys: Vec<&str> = again["changes"].as_array().unwrap().iter().map(|c| c["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["slots"], "it still does");
}

#[test]
fn a_wrong_file_is_refused_with_its_line_and_the_right_exit_code() {
    let (lb_process, file) = with_file("replicas = 1\n", &[]);
    fs::write(file.path(), "\nretries = 99\n").unwrap();
    let answer = lb_process.ask_admin("POST", "/v1/reload", "");
    let path = file.path().display();
    let problem = answer.json();
    assert_eq!((answer.status, answer.field("content-type")), (400, Some("application/problem+json")));
    assert_eq!(problem["detail"], format!("--config {path}, line 2: --retries 99: must be 0 to 7"));
    let refused = lb(&["reload"], &lb_process);
    assert_eq!(refused.status.code(), Some(5), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("line 2: --retries 99"), "{refused:?}");
    let unknown = lb_process.ask_admin("POST", "/v1/reload?dry=true", "");
    assert_eq!((unknown.status, lb_process.ask_admin("POST", "/v1/reload?dry_run=maybe", "").status), (400, 400));
}

#[test]
fn another_log_level_tells_more_from_then_on() {
    let (lb, file) = with_file("replicas = 0\nlog-level = \"warn\"\n", &[]);
    lb.ask_admin("POST", "/rm", "before");
    fs::write(file.path(), "replicas = 0\nlog-level = \"info\"\n").unwrap();
    assert_eq!(lb.ask_admin("POST", "/v1/reload", "").status, 200);
    lb.ask_admin("POST", "/rm", "after");
    eventually("a refused change is told", || lb.stderr().contains("POST /rm after").then_some(()));
    assert!(!lb.stderr().contains("POST /rm before"), "{}", lb.stderr());
}

#[test]
fn what_was_changed_by_hand_outlives_a_reload_that_says_nothing_about_it() {
    let (lb, file) = with_file("replicas = 1\nretries = 1\n", &[]);
    lb.wait_until_ready(1);
    assert_eq!(lb.ask_admin("POST", "/add", r#"{"hostnames":["mine"]}"#).status, 200);
    fs::write(file.path(), "replicas = 1\nretries = 2\n").unwrap();
    assert_eq!(lb.ask_admin("POST", "/v1/reload", "").status, 200);
    assert_eq!(lb.replicas(), ["S1", "mine"]);
    fs::write(file.path(), "retries = 2\n").unwrap();
    assert_eq!(lb.ask_admin("POST", "/v1/reload", "").status, 200);
    assert_eq!(lb.replicas(), ["S1", "mine"], "nobody asks for another number by asking for none");
}

#[test]
fn backends_of_the_file_come_and_go_and_a_name_that_is_taken_refuses_all_of_it() {
    let (old, new) = (Peer::listen(), Peer::listen());
    let (lb, file) = with_file(&format!("backend = \"old={}\"\nreplicas = 1\n", old.addr), &[]);
    lb.wait_until_ready(2);
    fs::write(file.path(), format!("backend = \"new={}\"\nreplicas = 1\nretries = 1\n", new.addr)).unwrap();
    assert_eq!(lb.ask_admin("POST", "/v1/reload", "").status, 200);
    lb.wait_until_ready(2);
    assert_eq!(lb.replicas(), ["S1", "new"]);
    assert_eq!(lb.ask_admin("POST", "/add", r#"{"hostnames":["other"]}"#).status, 200);
    fs::write(file.path(), format!("backend = \"other={}\"\nreplicas = 1\nretries = 2\n", old.addr)).unwrap();
    let refused = lb.ask_admin("POST", "/v1/reload", "");
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(
        refused.text().contains("'other' is left out: a replica has that name; nothing was changed"),
        "{refused:?}"
    );
    assert_eq!((lb.replicas(), applies(&lb, "retries").0), (vec!["S1".into(), "new".into(), "other".into()], 1.into()));
}

#[test]
fn another_token_in_the_same_file_counts_after_a_reload_that_carried_the_old_one() {
    let token = NamedTempFile::new().unwrap();
    fs::write(token.path(), "correct-horse-battery\n").unwrap();
    let (lb_process, _file) = with_file("", &["--replicas", "0", "--admin-token-file", token.path().to_str().unwrap()]);
    let reload = |with: &NamedTempFile| lb(&["reload", "--token-file", with.path().to_str().unwrap()], &lb_process);
    let old = NamedTempFile::new().unwrap();
    fs::write(old.path(), "correct-horse-battery\n").unwrap();
    fs::write(token.path(), "another-horse-battery\n").unwrap();
    let done = reload(&old);
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.contains("admin-token-file") && text.contains("***") && !text.contains("horse"), "{text}");
    assert_eq!(reload(&old).status.code(), Some(5), "it was taken away");
    assert_eq!(reload(&token).status.code(), Some(0));
}

#[test]
fn systemd_is_told_of_the_start_of_each_reload_of_its_end_and_of_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let (socket, config) = (dir.path().join("notify"), dir.path().join("lb.toml"));
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(WITHIN)).unwrap();
    let told = || {
        let mut datagram = [0; 256];
        let length = manager.recv(&mut datagram).expect("it is told");
        String::from_utf8(datagram[..length].to_vec()).unwrap()
    };
    fs::write(&config, "retries = 2\n").unwrap();
    let flags = ["--config", config.to_str().unwrap(), "--replicas", "1"];
    let lb = Lb::launch_through(&format!("export NOTIFY_SOCKET={}", socket.display()), &flags);
    assert_eq!(told(), "READY=1");
    let a_reload_is_told = || {
        let begun = told();
        let at = begun.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap_or_else(|| panic!("{begun}"));
        assert!(at.parse::<u64>().is_ok_and(|at| at > 0), "{begun}");
        assert_eq!(told(), "READY=1");
    };
    lb.ask_admin("POST", "/v1/reload?dry_run=true", "");
    assert_eq!(lb.ask_admin("POST", "/v1/reload", "").status, 200);
    a_reload_is_told();
    fs::write(&config, "retries = \"many\"\n").unwrap();
    lb.signal(Signal::HUP);
    a_reload_is_told();
    lb.signal(Signal::TERM);
    assert_eq!(told(), "STOPPING=1");
}
