//! Bulk through pipes: nothing is lost or kept, whoever stalls, ends or resets, and without a pipe it is copied.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::mpsc;

use lb_core::config::{Affinity, Splice, WorkerConfig};

use super::bulk::{matches_pattern, pattern};
use super::ends::{slow_client, unacknowledged};
use super::support::*;

const BULK: usize = 100_000_000;
const HEAD: &[u8] = b"POST /r?id=1 HTTP/1.1\r\nHost: a\r\n\r\n";

fn always() -> WorkerConfig {
    WorkerConfig { splice: Splice::Always, ..config() }
}

/// Answers a head with so many bytes of the pattern.
fn giving(bytes: usize) -> Scripted {
    Scripted::new(move |mut stream| {
        read_head(&mut stream);
        let _client_may_be_gone = stream.write_all(&pattern(bytes));
    })
}

/// Sends the rest of the pattern on, and says whether all of the client's was right.
fn checking(bytes: usize) -> Scripted {
    Scripted::new(move |mut stream| {
        read_head(&mut stream);
        let exact = matches_pattern(&stream, bytes);
        write!(stream, "{exact}").unwrap();
    })
}

fn spliced(plane: &Plane) -> usize {
    plane.count(|stats| &stats.spliced_bytes) as usize
}

/// No session has a pipe any more.
fn all_returned(plane: &Plane) {
    plane.all_closed();
    assert_eq!(plane.count(|stats| &stats.pipes_taken), plane.count(|stats| &stats.pipes_returned));
}

#[test]
fn a_hundred_megabytes_down_are_byte_exact_and_hardly_copied() {
    let plane = Plane::before(config(), &giving(BULK));
    let mut client = plane.connect();
    client.write_all(HEAD).unwrap();
    assert!(matches_pattern(&client, BULK));
    drop(client);
    all_returned(&plane);
    assert!(spliced(&plane) > BULK / 2, "{} of {BULK}", spliced(&plane));
    assert_eq!(plane.count(|stats| &stats.bytes_to_client), BULK as u64);
}

#[test]
fn a_hundred_megabytes_up_are_byte_exact_and_hardly_copied() {
    let plane = Plane::before(config(), &checking(BULK));
    let mut client = plane.connect();
    client.write_all(HEAD).unwrap();
    client.write_all(&pattern(BULK)).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_text(&mut client), "true");
    all_returned(&plane);
    assert!(spliced(&plane) > BULK / 2, "{} of {BULK}", spliced(&plane));
}

#[test]
fn small_messages_take_no_pipe() {
    let plane = Plane::before(config(), &Scripted::saying("hello"));
    for _ in 0..20 {
        assert!(plane.ask(b"GET /r?id=1 HTTP/1.1\r\n\r\n").ends_with("hello"));
    }
    plane.all_closed();
    assert_eq!(plane.count(|stats| &stats.pipes_taken), 0);
}

/// FAULTS D2: segments of one byte fill a pipe by slots long before it is full by bytes (sozu #1323 stalled there).
#[test]
fn one_byte_segments_through_a_pipe_do_not_stall() {
    const BYTES: usize = 5_000;
    let (go, gone) = mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    let backend = Scripted::new(move |mut stream| {
        stream.set_nodelay(true).unwrap();
        read_head(&mut stream);
        for byte in pattern(BYTES) {
            stream.write_all(&[byte]).unwrap();
        }
        // No FIN to wake anybody: what was left in the socket would stay there.
        let _until_the_client_has_all = gone.lock().unwrap().recv();
    });
    let plane = Plane::before(WorkerConfig { pipe_bytes: 4 * 4096, ..always() }, &backend);
    let mut client = plane.connect();
    client.write_all(HEAD).unwrap();
    let mut got = vec![0; BYTES];
    client.read_exact(&mut got).unwrap();
    assert_eq!(got, pattern(BYTES));
    drop(go);
    drop(client);
    all_returned(&plane);
    assert_eq!(spliced(&plane), BYTES);
}

/// FAULTS D9: what a stalled reader leaves behind stands in a pipe and in sockets, not in memory of ours.
#[test]
fn a_reader_that_stalls_gets_everything_when_it_goes_on() {
    const BYTES: usize = 20_000_000;
    let plane = Plane::before(always(), &giving(BYTES));
    let mut client = slow_client(plane.addr);
    client.write_all(HEAD).unwrap();
    plane.blocked();
    assert!(matches_pattern(&mut client, BYTES));
    drop(client);
    all_returned(&plane);
    assert_eq!(spliced(&plane), BYTES);
}

/// FAULTS D7, D12: what is in the pipe goes with it.
#[test]
fn a_client_reset_mid_splice_destroys_the_pipe_and_resets_the_backend() {
    let (said, heard) = mpsc::channel();
    let backend = Scripted::new(move |mut stream| {
        read_head(&mut stream);
        let failed = stream.write_all(&pattern(50_000_000)).map_err(|error| error.kind());
        said.send(failed).unwrap();
    });
    // Room for one: a pipe that isn't given up would be missed by the session after.
    let plane = Plane::before(WorkerConfig { pipes_max: 1, ..always() }, &backend);
    for round in 1..=5 {
        let client = slow_client(plane.addr);
        (&client).write_all(HEAD).unwrap();
        until("bytes were spliced", || plane.count(|stats| &stats.pipes_taken) >= round);
        reset(client);
        let failed = heard.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(failed, Err(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)), "{failed:?}");
        all_returned(&plane);
    }
    assert_eq!(plane.count(|stats| &stats.splice_fallbacks), 0);
}

/// FAULTS D6, B7: a backend's reset comes to the client behind the bytes that came before it, those in the pipe too.
#[test]
fn a_backend_reset_mid_splice_loses_nothing_that_was_read_and_is_no_clean_end() {
    const BYTES: usize = 2_000_000;
    let (said, has_reset) = mpsc::channel();
    let backend = Scripted::new(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(&pattern(BYTES)).unwrap();
        until("the front's kernel has everything", || unacknowledged(&stream) == 0);
        reset(stream);
        said.send(()).unwrap();
    });
    let plane = Plane::before(always(), &backend);
    let mut client = slow_client(plane.addr);
    client.write_all(HEAD).unwrap();
    has_reset.recv_timeout(PATIENCE).unwrap();
    let mut got = Vec::new();
    assert_eq!(client.read_to_end(&mut got).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(got == pattern(BYTES), "{} of {BYTES}", got.len());
    all_returned(&plane);
}

/// FAULTS O10.
#[test]
fn without_a_pipe_bulk_is_copied_and_counted_once() {
    const BYTES: usize = 10_000_000;
    // No kernel gives a pipe of 2^40 bytes.
    for (pipes_max, pipe_bytes) in [(0, 65_536), (4, 1 << 40)] {
        let plane = Plane::before(WorkerConfig { pipes_max, pipe_bytes, ..config() }, &giving(BYTES));
        let mut client = plane.connect();
        client.write_all(HEAD).unwrap();
        // Read late, so that the front's reads come back full.
        until("much was moved", || plane.count(|stats| &stats.bytes_to_client) > 65_536);
        assert!(matches_pattern(&client, BYTES));
        drop(client);
        all_returned(&plane);
        assert_eq!(spliced(&plane), 0);
        assert_eq!(plane.count(|stats| &stats.splice_fallbacks), 1);
    }
}

#[test]
fn a_half_close_through_a_pipe_leaves_the_other_direction_open() {
    const BYTES: usize = 3_000_000;
    let plane = Plane::before(always(), &checking(BYTES));
    let mut client = plane.connect();
    client.write_all(HEAD).unwrap();
    client.write_all(&pattern(BYTES)).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_text(&mut client), "true");
    all_returned(&plane);
    assert_eq!(spliced(&plane), BYTES + "true".len());
}

/// The end of a request that is the only one of its session is found by looking at its bytes.
#[test]
fn one_request_a_session_splices_the_response_only() {
    const BYTES: usize = 300_000;
    let backend = Scripted::new(move |mut stream| {
        read_head(&mut stream);
        let mut body = vec![0; BYTES];
        stream.read_exact(&mut body).unwrap();
        stream.write_all(&body).unwrap();
    });
    let plane = Plane::before(WorkerConfig { affinity: Affinity::Request, ..always() }, &backend);
    let mut client = plane.connect();
    write!(client, "POST /r?id=1 HTTP/1.1\r\nContent-Length: {BYTES}\r\n\r\n").unwrap();
    client.write_all(&pattern(BYTES)).unwrap();
    // Surplus must not reach the backend, which would find it behind the body.
    client.write_all(b"surplus").unwrap();
    let mut got = vec![0; BYTES];
    client.read_exact(&mut got).unwrap();
    assert!(got == pattern(BYTES));
    drop(client);
    all_returned(&plane);
    assert_eq!(spliced(&plane), BYTES);
}
