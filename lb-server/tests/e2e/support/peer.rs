//! A scripted backend: the test itself plays it, one accepted connection at a time.
//!
//! The balancer's health checks connect and send nothing; a connection is handed to the test only once its first byte
//! is there, so a script sees sessions alone. Also the two ends of a reset: doing one and expecting one.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use super::WITHIN;

/// A listening backend.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) addr: SocketAddr,
    sessions: Receiver<TcpStream>,
    /// Sessions that wait in `sessions`.
    waiting: Arc<AtomicUsize>,
}

impl Peer {
    /// Listens on a free loopback port until the test's process ends.
    pub(crate) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (sender, sessions) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&waiting);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (sender, counted) = (sender.clone(), Arc::clone(&counted));
                thread::spawn(move || {
                    // 0 bytes or an error: a health check, or a session that sent nothing.
                    if matches!(stream.peek(&mut [0]), Ok(1..)) {
                        counted.fetch_add(1, Ordering::Release);
                        // Nobody receives any more when the test is over.
                        let _unheard = sender.send(stream);
                    }
                });
            }
        });
        Self { addr, sessions, waiting }
    }

    /// The `--backend` flag's value for it.
    pub(crate) fn as_backend(&self, name: &str) -> String {
        format!("{name}={}", self.addr)
    }

    /// Whether [`Peer::accept`] would return at once.
    pub(crate) fn has_session(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// The next session, in the order of their first bytes.
    pub(crate) fn accept(&self) -> TcpStream {
        let stream = self.sessions.recv_timeout(WITHIN).expect("a session reaches the backend");
        self.waiting.fetch_sub(1, Ordering::Release);
        stream.set_read_timeout(Some(WITHIN)).unwrap();
        stream.set_write_timeout(Some(WITHIN)).unwrap();
        stream
    }

    /// Answers every session the same way from now on: reads until a blank line, writes `answer`, closes.
    pub(crate) fn answer_always(self, answer: &'static str) {
        thread::spawn(move || {
            for mut stream in self.sessions {
                thread::spawn(move || {
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                        head.push(byte[0]);
                    }
                    // A client that is gone is the test's business.
                    let _gone = io::Write::write_all(&mut stream, answer.as_bytes());
                });
            }
        });
    }
}

/// Ends a connection with RST instead of FIN.
pub(crate) fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// Reads what is still coming; it must end with a reset, never with a clean end.
pub(crate) fn expect_reset(stream: &mut TcpStream) -> Vec<u8> {
    let mut received = Vec::new();
    match stream.read_to_end(&mut received) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => received,
        end => panic!("{end:?} after {} bytes instead of a reset", received.len()),
    }
}
