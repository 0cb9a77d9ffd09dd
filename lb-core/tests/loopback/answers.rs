//! When the front speaks itself, what it says, and when it stays silent.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use lb_core::config::{Mode, NonHttp, WorkerConfig};

use super::support::*;

fn status(response: &str) -> &str {
    response.split(' ').nth(1).unwrap_or("nothing")
}

#[test]
fn wrong_heads_are_answered_by_what_is_wrong() {
    let plane = Plane::before(config(), &Scripted::saying("unreachable"));
    let long_line = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(9000));
    let long_head = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "b".repeat(17_000));
    for (request, expected) in [
        ("GET /\r\n\r\n", "400"),
        ("GET / HTTP/3.0\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nno colon here\r\n\r\n", "400"),
        (&long_line, "431"),
        (&long_head, "431"),
    ] {
        let response = plane.ask(request.as_bytes());
        assert_eq!(status(&response), expected, "{response}");
        assert!(response.contains("Connection: close\r\n"));
        assert!(response.ends_with(",\"status\":\"failure\"}\n"), "{response}");
    }
    plane.all_closed();
}

#[test]
fn no_backend_is_503_and_only_dead_ones_are_502() {
    let plane = Plane::start(config());
    assert_eq!(status(&plane.ask(b"GET / HTTP/1.1\r\n\r\n")), "503", "before any table");
    plane.route_to(&[]);
    assert_eq!(status(&plane.ask(b"GET / HTTP/1.1\r\n\r\n")), "503", "with an empty one");
    plane.route_to(&[dead_addr(), dead_addr()]);
    assert_eq!(status(&plane.ask(b"GET / HTTP/1.1\r\n\r\n")), "502");
    plane.all_closed();
}

#[test]
fn a_backend_that_ends_before_any_byte_is_502_however_it_ends() {
    for with_reset in [false, true] {
        let backend = Scripted::new(move |mut stream| {
            read_head(&mut stream);
            if with_reset {
                reset(stream);
            }
        });
        let plane = Plane::before(config(), &backend);
        assert_eq!(status(&plane.ask(b"GET /r?id=1 HTTP/1.1\r\n\r\n")), "502");
        plane.all_closed();
    }
}

#[test]
fn a_head_begun_but_not_finished_is_408_and_silence_is_met_with_silence() {
    let plane = Plane::before(
        WorkerConfig { head_timeout: Duration::from_millis(500), ..config() },
        &Scripted::saying("unreachable"),
    );
    assert_eq!(status(&plane.ask(b"GET / HT")), "408");
    assert_eq!(plane.ask(b""), "");
    plane.all_closed();
}

#[test]
fn a_dripped_head_does_not_move_its_deadline() {
    let plane = Plane::before(
        WorkerConfig { head_timeout: Duration::from_millis(100), ..config() },
        &Scripted::saying("unreachable"),
    );
    let mut client = plane.connect();
    client.write_all(b"GET /").unwrap();
    client.set_nonblocking(true).unwrap();
    let mut answer = [0; 12];
    until("the deadline has passed in spite of the dripping", || {
        let _may_be_closed = client.write_all(b"a");
        client.read(&mut answer).is_ok_and(|count| count > 0)
    });
    assert!(answer.starts_with(b"HTTP/1.1 "), "{answer:?}");
    // 408 when it dripped slowly enough, 431 when this machine dripped 8 KiB within the deadline.
    assert!(answer.ends_with(b"408") || answer.ends_with(b"431"), "{answer:?}");
}

#[test]
fn a_backend_that_never_answers_is_504() {
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        let _ends_with_the_session = stream.read(&mut [0]);
    });
    let plane = Plane::before(WorkerConfig { first_byte_timeout: Duration::from_millis(50), ..config() }, &backend);
    assert_eq!(status(&plane.ask(b"GET /r?id=1 HTTP/1.1\r\n\r\n")), "504");
    plane.all_closed();
}

#[test]
fn the_first_byte_deadline_ends_with_the_first_byte() {
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
        // Longer than the first-byte deadline; ends when the front gives up, which it must not.
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        stream.write_all(b"Content-Length: 0\r\n\r\n").unwrap();
    });
    let plane = Plane::before(WorkerConfig { first_byte_timeout: Duration::from_millis(500), ..config() }, &backend);
    assert!(plane.ask(b"GET /r?id=1 HTTP/1.1\r\n\r\n").ends_with("Content-Length: 0\r\n\r\n"));
}

#[test]
fn an_error_answer_reaches_a_client_that_is_still_sending() {
    let plane = Plane::start(config());
    let mut client = plane.connect();
    client.write_all(b"POST /r?id=1 HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n").unwrap();
    let mut writer = client.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        let block = [b'x'; 10_000];
        // More than all buffers on the way can hold.
        (0..2_000).all(|_| writer.write_all(&block).is_ok())
    });
    let mut response = vec![0; 200];
    let mut got = 0;
    while got < response.len() {
        match client.read(&mut response[got..]).unwrap() {
            0 => break,
            count => got += count,
        }
    }
    assert_eq!(status(&String::from_utf8_lossy(&response)), "503");
    assert!(sender.join().unwrap(), "the client could send to its end");
    drop(client);
    plane.all_closed();
}

#[test]
fn bytes_that_are_not_http_are_forwarded_or_rejected_as_told() {
    let echo = || {
        Scripted::new(|mut stream| {
            let mut bytes = [0; 6];
            stream.read_exact(&mut bytes).unwrap();
            stream.write_all(&bytes).unwrap();
        })
    };
    for bytes in [b"PING\r\n", b"*1\r\n$4", b"\x16\x03\x01\0\0\0"] {
        let raw = Plane::before(config(), &echo());
        let mut client = raw.connect();
        client.write_all(bytes).unwrap();
        let mut got = [0; 6];
        client.read_exact(&mut got).unwrap();
        assert_eq!(&got, bytes);
        assert_eq!(raw.count(|stats| &stats.unkeyed_raw), 1);

        let strict = Plane::before(WorkerConfig { non_http: NonHttp::Reject, ..config() }, &echo());
        assert_eq!(status(&strict.ask(bytes)), "400");
    }
}

#[test]
fn a_raw_client_is_reset_and_never_written_to() {
    for config in [config(), WorkerConfig { mode: Mode::Tcp, ..config() }] {
        let plane = Plane::start(config);
        plane.route_to(&[dead_addr()]);
        // In `tcp` mode nothing is awaited, so the reset may be there before the write, or before connect returns.
        let outcome = TcpStream::connect(plane.addr).and_then(|mut client| {
            client.write_all(b"\x16\x03\x01")?;
            client.read(&mut [0; 8])
        });
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::ConnectionReset);
        plane.all_closed();
    }
}

#[test]
fn a_client_that_ends_mid_head_is_told_so() {
    let plane = Plane::before(config(), &Scripted::saying("unreachable"));
    let mut client = plane.connect();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(status(&read_text(&mut client)), "400");
    plane.all_closed();
}

#[test]
fn an_idle_session_is_reset_after_the_idle_timeout() {
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        respond(&mut stream, "kept open");
        let _ends_with_the_session = stream.read(&mut [0]);
    });
    let plane = Plane::before(WorkerConfig { idle_timeout: Duration::from_millis(500), ..config() }, &backend);
    let mut client = plane.connect();
    client.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
    let mut text = Vec::new();
    assert_eq!(client.read_to_end(&mut text).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(text.ends_with(b"kept open"));
    assert_eq!(plane.count(|stats| &stats.timeouts), 1);
}
