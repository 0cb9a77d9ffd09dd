//! Clients and a backend that both know every byte of a response by the request's id, so that none can be wrong unseen.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::support::http;

/// Clients at once, and requests of each: enough for every few calls to fail, few enough for a traced process.
const CLIENTS: u64 = 4;
const REQUESTS: u64 = 8;
/// Every fourth response is larger than any buffer on the way, so that both ways of forwarding are taken.
const LARGE: usize = 1024 * 1024;
const SMALL: usize = 200;
/// How long a client that a fault has left without an answer waits; longer than the balancer's own deadlines.
const PATIENCE: Duration = Duration::from_secs(4);

/// Answers every request by its id and size.
pub(super) struct Backend {
    pub(super) addr: SocketAddr,
}

impl Backend {
    /// Listens until the test's process ends.
    pub(super) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || {
                    // A balancer that lets a session go is what these tests provoke.
                    let _gone = answer(stream);
                });
            }
        });
        Self { addr }
    }
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let number = |name: &str| {
        let value = head.split_once(name).map(|(_, rest)| rest.split(['&', ' ']).next().unwrap_or_default());
        value.and_then(|value| value.parse::<u64>().ok()).ok_or_else(|| io::Error::other("not our request"))
    };
    stream.write_all(&response(number("id=")?, number("size=")? as usize))
}

/// The whole response of one request.
fn response(id: u64, size: usize) -> Vec<u8> {
    let mut response = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n").into_bytes();
    let words = (0_u64..).flat_map(|n| (n.wrapping_mul(31).wrapping_add(id << 32)).to_be_bytes());
    response.extend(words.take(size));
    response
}

/// Asks once. What comes must be the beginning of the response, or an answer of the front's own; it is `Ok` where it is
/// the whole response.
pub(super) fn ask(front: SocketAddr, id: u64, size: usize) -> Result<(), String> {
    let mut received = Vec::new();
    let exchange = http::try_connect(front).and_then(|mut client| {
        client.set_read_timeout(Some(PATIENCE))?;
        write!(client, "GET /?id={id}&size={size} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
        client.read_to_end(&mut received)
    });
    let expected = response(id, size);
    let own_answer = ["HTTP/1.1 4", "HTTP/1.1 5"].iter().any(|start| received.starts_with(start.as_bytes()));
    assert!(own_answer || expected.starts_with(&received), "id {id}: wrong bytes within {}", received.len());
    match exchange {
        Ok(_) if received == expected => Ok(()),
        outcome => Err(format!("id {id}: {} of {} bytes, {outcome:?}", received.len(), expected.len())),
    }
}

/// Many requests, of which any may fail, but none wrongly.
pub(super) fn bounded(front: SocketAddr) {
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || {
                for n in 0..REQUESTS {
                    let size = if n % 4 == 3 { LARGE } else { SMALL };
                    // How many fail is the fault's doing; that they fail rightly is checked within.
                    let _may_fail = ask(front, client * REQUESTS + n, size);
                }
            });
        }
    });
}
