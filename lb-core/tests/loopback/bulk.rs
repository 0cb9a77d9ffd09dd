//! Every byte arrives, once, in order, whatever the sizes and the speeds.

use std::io::{Read, Write};
use std::net::Shutdown;

use super::support::*;

const BULK: usize = 100_000_000;
const HEAD: &[u8] = b"POST /r?id=1 HTTP/1.1\r\nHost: a\r\n\r\n";

/// Bytes that repeat with no power of two, so that a lost or doubled block shows.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|place| (place % 251) as u8).collect()
}

pub(crate) fn matches_pattern(mut stream: impl Read, len: usize) -> bool {
    let mut buffer = vec![0; 65_536];
    let mut place = 0;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return place == len,
            Ok(count) => {
                if !buffer[..count].iter().zip(place..).all(|(byte, at)| *byte == (at % 251) as u8) {
                    return false;
                }
                place += count;
            }
            Err(error) => panic!("after {place} of {len} bytes: {error}"),
        }
    }
}

#[test]
fn a_hundred_megabytes_down_are_byte_exact() {
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        stream.write_all(&pattern(BULK)).unwrap();
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    client.write_all(HEAD).unwrap();
    assert!(matches_pattern(&client, BULK));
    drop(client);
    plane.all_closed();
    assert_eq!(plane.count(|stats| &stats.bytes_to_client), BULK as u64);
    assert!(plane.count(|stats| &stats.turns_cut_short) > 0, "no session may have a worker to itself");
}

#[test]
fn a_hundred_megabytes_up_are_byte_exact() {
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        let exact = matches_pattern(&stream, BULK);
        write!(stream, "{exact}").unwrap();
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    client.write_all(HEAD).unwrap();
    client.write_all(&pattern(BULK)).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_text(&mut client), "true");
    plane.all_closed();
}

#[test]
fn both_directions_at_once_do_not_mix() {
    const BYTES: usize = 8_000_000;
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        let mut out = stream.try_clone().unwrap();
        let sender = std::thread::spawn(move || {
            out.write_all(&pattern(BYTES)).unwrap();
            out.shutdown(Shutdown::Write).unwrap();
        });
        assert!(matches_pattern(&mut stream, BYTES));
        sender.join().unwrap();
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    client.write_all(HEAD).unwrap();
    let mut out = client.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        out.write_all(&pattern(BYTES)).unwrap();
        out.shutdown(Shutdown::Write).unwrap();
    });
    assert!(matches_pattern(&client, BYTES));
    sender.join().unwrap();
    plane.all_closed();
}

#[test]
fn one_byte_writes_arrive_whole_in_both_directions() {
    const BYTES: usize = 3_000;
    let backend = Scripted::new(|mut stream| {
        stream.set_nodelay(true).unwrap();
        read_head(&mut stream);
        for byte in pattern(BYTES) {
            let mut echoed = [0];
            stream.read_exact(&mut echoed).unwrap();
            assert_eq!(echoed[0], byte);
            stream.write_all(&echoed).unwrap();
        }
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    client.set_nodelay(true).unwrap();
    for byte in HEAD {
        client.write_all(&[*byte]).unwrap();
    }
    let mut reader = client.try_clone().unwrap();
    let read = std::thread::spawn(move || {
        let mut got = vec![0; BYTES];
        reader.read_exact(&mut got).unwrap();
        got
    });
    for byte in pattern(BYTES) {
        client.write_all(&[byte]).unwrap();
    }
    assert_eq!(read.join().unwrap(), pattern(BYTES));
}

#[test]
fn a_client_that_reads_late_gets_everything() {
    const BYTES: usize = 20_000_000;
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        stream.write_all(&pattern(BYTES)).unwrap();
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    client.write_all(HEAD).unwrap();
    plane.blocked();
    assert!(matches_pattern(&mut client, BYTES));
}
