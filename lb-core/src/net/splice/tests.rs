//! What the kernel says of sockets and pipes, as facts that the relay relies on.

use std::io::Write;
use std::net::{Shutdown, TcpListener};

use super::*;
use crate::net::pipe;

const PIPE: usize = 64 * 1024;
const SLOTS: usize = PIPE / 4096;

/// A socket as a worker has it, and its peer.
fn pair() -> (TcpStream, std::net::TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_nodelay(true).unwrap();
    let ours = listener.accept().unwrap().0;
    ours.set_nonblocking(true).unwrap();
    (TcpStream::from_std(ours), peer)
}

/// Goes on until what is asked comes, for loopback takes its time.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "waited in vain until {what}");
        std::thread::yield_now();
    }
}

/// FAULTS fact 7. The signal's default action would end this process, and the test with it.
#[test]
fn a_splice_to_a_closed_socket_is_an_error_and_no_signal() {
    let (ours, mut peer) = pair();
    let pipe = pipe::open(PIPE).unwrap();
    let (source, mut writer) = pair();
    writer.write_all(b"late").unwrap();
    peer.write_all(b"x").unwrap();
    until("bytes are in the pipe", || fill(&source, &pipe, PIPE) == Ok(Filled::Bytes { count: 4, short: false }));
    ours.shutdown(Shutdown::Write).unwrap();
    assert_eq!(flush(&pipe, &ours, 4), Ok(Flushed::Failed));
}

/// FAULTS fact 1, D2: the EAGAIN of a pipe that is full by slots looks like that of an empty socket (sozu #1323).
#[test]
fn one_byte_segments_fill_a_pipe_by_slots_and_the_rest_stays_in_the_socket() {
    let (ours, mut peer) = pair();
    let pipe = pipe::open(PIPE).unwrap();
    let mut sent = 0;
    let mut held = 0;
    until("the pipe is full", || {
        peer.write_all(b"x").unwrap();
        sent += 1;
        match fill(&ours, &pipe, PIPE).unwrap() {
            Filled::Bytes { count, .. } => held += count,
            outcome => assert_eq!(outcome, Filled::Blocked),
        }
        held >= SLOTS && sent > held + 1
    });
    assert!(held < PIPE / 2, "by slots, not by bytes: {held}");
    assert_eq!(fill(&ours, &pipe, PIPE), Ok(Filled::Blocked));
    let mut out = vec![0; PIPE];
    assert_eq!(take_out(&pipe, &mut out), held);
    until("the rest comes", || {
        if let Ok(Filled::Bytes { count, .. }) = fill(&ours, &pipe, PIPE) {
            held += count;
            take_out(&pipe, &mut out);
        }
        held == sent
    });
    peer.shutdown(Shutdown::Write).unwrap();
    until("the end is seen", || fill(&ours, &pipe, PIPE) == Ok(Filled::End));
}

#[test]
fn what_is_no_socket_for_splicing_is_told_from_a_broken_connection() {
    assert!(is_not_offered(Errno::INVAL) && is_not_offered(Errno::NOSYS));
    assert!(!is_not_offered(Errno::CONNRESET) && !is_not_offered(Errno::PIPE) && !is_not_offered(Errno::TIMEDOUT));
}
