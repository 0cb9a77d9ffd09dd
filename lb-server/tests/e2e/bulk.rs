//! 100 MB each way, byte for byte, also with a reader that is slow to begin.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::LazyLock;
use std::thread;

use crate::support::{Lb, Peer, http};

const BYTES: usize = 100_000_000;
const HEAD: &[u8] = b"POST /?id=7 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n";

/// A block whose length is prime: it never falls into step with a buffer, so lost or doubled bytes show.
static BLOCK: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(1_000_003).collect()
});

fn write_pattern(stream: &mut TcpStream) {
    let mut left = BYTES;
    while left > 0 {
        let part = left.min(BLOCK.len());
        stream.write_all(&BLOCK[..part]).unwrap();
        left -= part;
    }
    stream.shutdown(Shutdown::Write).unwrap();
}

fn read_pattern(stream: &mut TcpStream) {
    let (mut read, mut bytes) = (0, vec![0; 256 * 1024]);
    loop {
        let at = read % BLOCK.len();
        let room = bytes.len().min(BLOCK.len() - at);
        match stream.read(&mut bytes[..room]).unwrap() {
            0 => break,
            n => {
                assert!(bytes[..n] == BLOCK[at..at + n], "wrong bytes after {read}");
                read += n;
            }
        }
    }
    assert_eq!(read, BYTES);
}

fn session(lb: &Lb, peer: &Peer) -> (TcpStream, TcpStream) {
    let mut client = http::connect(lb.front);
    client.write_all(HEAD).unwrap();
    let mut backend = peer.accept();
    backend.read_exact(&mut vec![0; HEAD.len()]).unwrap();
    (client, backend)
}

#[test]
fn a_100_mb_upload_arrives_byte_for_byte() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &[]);
    let (mut client, mut backend) = session(&lb, &peer);
    let writing = thread::spawn(move || write_pattern(&mut client));
    read_pattern(&mut backend);
    writing.join().unwrap();
}

#[test]
fn a_100_mb_download_arrives_byte_for_byte() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &[]);
    let (mut client, mut backend) = session(&lb, &peer);
    let writing = thread::spawn(move || write_pattern(&mut backend));
    read_pattern(&mut client);
    writing.join().unwrap();
}

#[test]
fn both_directions_at_once_do_not_wait_for_each_other() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &[]);
    let (client, backend) = session(&lb, &peer);
    let ends = [client, backend];
    thread::scope(|scope| {
        for end in &ends {
            let (mut writer, mut reader) = (end.try_clone().unwrap(), end.try_clone().unwrap());
            scope.spawn(move || write_pattern(&mut writer));
            scope.spawn(move || read_pattern(&mut reader));
        }
    });
}

#[test]
fn a_reader_that_stalls_gets_everything_and_costs_little_memory() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &[]);
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", lb.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says VmRSS");
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let before = resident();
    let (mut client, mut backend) = session(&lb, &peer);
    // Written until nothing more is taken: all buffers on the way are full then.
    backend.set_nonblocking(true).unwrap();
    let mut written = 0;
    crate::support::eventually("the way is full", || {
        let had = written;
        while let Ok(n) = backend.write(&BLOCK[written % BLOCK.len()..]) {
            written += n;
        }
        (written == had && written > 0).then_some(())
    });
    let grown = resident().saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB more for one stalled reader");
    backend.shutdown(Shutdown::Write).unwrap();
    let received = http::read_to_end(&mut client);
    assert_eq!(received.len(), written);
    assert!(received.chunks(BLOCK.len()).all(|chunk| chunk == &BLOCK[..chunk.len()]));
}
