//! The sample backend as a process: what it answers, byte for byte, and how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use rustix::process::{Signal, kill_process};

mod process;

use process::{DEADLINE, Lb, command, read_all};

fn start(words: &[&str]) -> (Lb, SocketAddr) {
    let lb = Lb::start(&[&["replica", "--listen", "127.0.0.1:0", "--id", "S1"], words].concat());
    let addr = lb.line_after("replica S1 on ").parse().expect("an address");
    (lb, addr)
}

fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a deadline");
    stream
}

/// The whole answer to a request on a connection of its own, without its `date`.
fn answer(addr: SocketAddr, request_line: &str) -> String {
    let mut stream = connect(addr);
    write!(stream, "{request_line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("sent");
    let text = read_all(stream);
    text.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
}

fn json(status: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{more}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn its_answers_are_those_of_the_assignment_to_the_byte() {
    let (_lb, addr) = start(&[]);
    let home = "{\"message\":\"Hello from Server: S1\",\"status\":\"successful\"}\n";
    assert_eq!(answer(addr, "GET /home"), json("200 OK", "", home));
    let request =
        "{\"response\":{\"message\":\"Hello from Server: S1\",\"status\":\"Successful\"},\"server_id\":\"S1\"}\n";
    assert_eq!(answer(addr, "GET /request?request_id=7"), json("200 OK", "", request));
    assert_eq!(answer(addr, "GET /heartbeat"), "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    let other =
        "{\"message\":\"<Error> '/other' endpoint does not exist in server replicas\",\"status\":\"failure\"}\n";
    assert_eq!(answer(addr, "GET /other?a=b"), json("400 Bad Request", "", other));
    assert_eq!(answer(addr, "POST /other"), json("400 Bad Request", "", other));
}

#[test]
fn a_method_that_a_known_path_does_not_have_is_said_so() {
    let (_lb, addr) = start(&[]);
    let body = "{\"message\":\"<Error> '/home' answers GET and HEAD only\",\"status\":\"failure\"}\n";
    assert_eq!(answer(addr, "DELETE /home"), json("405 Method Not Allowed", "allow: GET, HEAD\r\n", body));
    let head = answer(addr, "HEAD /home");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn one_connection_carries_many_requests() {
    let (_lb, addr) = start(&[]);
    let stream = connect(addr);
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    for _ in 0..100 {
        (&stream).write_all(b"GET /heartbeat HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
        let mut line = String::new();
        reader.read_line(&mut line).expect("an answer");
        assert_eq!(line, "HTTP/1.1 200 OK\r\n");
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).expect("its head");
        }
    }
}

#[test]
fn a_client_that_has_finished_sending_gets_its_answer() {
    let (_lb, addr) = start(&["--delay", "50ms"]);
    let mut stream = connect(addr);
    stream.write_all(b"GET /home HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    stream.shutdown(Shutdown::Write).expect("half-closed");
    let text = read_all(stream);
    assert!(text.ends_with("\"status\":\"successful\"}\n"), "{text:?}");
}

#[test]
fn garbage_is_answered_and_stops_nothing() {
    let (_lb, addr) = start(&[]);
    let mut stream = connect(addr);
    stream.write_all(b"\x16\x03\x01 this is not HTTP\r\n\r\n").expect("sent");
    let mut bytes = Vec::new();
    // A reset is as good an end as an answer.
    let _end = stream.read_to_end(&mut bytes);
    assert!(answer(addr, "GET /heartbeat").starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn its_id_may_be_any_text() {
    let lb = Lb::start(&["replica", "--listen", "127.0.0.1:0", "--id", "[a \"b\"]"]);
    let addr = lb.line_after("replica [a \"b\"] on ").parse().expect("an address");
    assert!(answer(addr, "GET /home").contains("Hello from Server: [a \\\"b\\\"]"));
}

#[test]
fn the_environment_says_port_and_id_where_no_flag_does() {
    let lb = Lb::spawn(command(&["replica"]).env("PORT", "0").env("SERVER_ID", "S9"));
    let addr: SocketAddr = lb.line_after("replica S9 on ").parse().expect("an address");
    assert!(addr.ip().is_unspecified() && addr.port() != 0, "{addr}");
}

#[test]
fn a_port_in_use_exits_1() {
    let (_lb, addr) = start(&[]);
    let ended = Lb::start(&["replica", "--listen", &addr.to_string()]).end();
    assert_eq!((ended.code, ended.stderr.len()), (Some(1), 1), "{:?}", ended.stderr);
    assert!(ended.stderr[0].contains("another --listen"), "{:?}", ended.stderr);
}

#[test]
fn a_signal_ends_it_after_the_answer_that_is_under_way() {
    for signal in [Signal::TERM, Signal::INT] {
        let (lb, addr) = start(&["--delay", "200ms"]);
        let idle = connect(addr);
        let mut stream = connect(addr);
        stream.write_all(b"GET /home HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
        // Its one thread takes connections in order: when this is answered, the request above has been read.
        assert!(answer(addr, "GET /heartbeat").starts_with("HTTP/1.1 200 OK"));
        kill_process(lb.pid(), signal).expect("signalled");
        assert!(read_all(stream).ends_with("\"status\":\"successful\"}\n"));
        assert_eq!(read_all(idle), "", "an idle connection is closed");
        assert_eq!(lb.end().code, Some(0));
    }
}
