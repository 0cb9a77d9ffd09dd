//! A trivial HTTP server for the generator's own tests: one answer, given by the test, to every request.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it has seen so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: Rc<Cell<u64>>,
    pub(crate) requests: Rc<Cell<u64>>,
}

/// Serves until the test's `LocalSet` ends; `answer` makes the bytes for an id, `close` ends the connection after them.
pub(crate) async fn serve(answer: impl Fn(u64) -> String + 'static, close: bool) -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let addr = listener.local_addr().expect("a bound listener has an address");
    let seen = Seen::default();
    let counted = seen.clone();
    let answer = Rc::new(answer);
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.connections.set(counted.connections.get() + 1);
            tokio::task::spawn_local(serve_one(stream, Rc::clone(&answer), close, counted.clone()));
        }
    });
    (addr, seen)
}

async fn serve_one(mut stream: TcpStream, answer: Rc<impl Fn(u64) -> String>, close: bool, seen: Seen) {
    let mut request = String::new();
    let mut bytes = [0; 1024];
    loop {
        while let Some(end) = request.find("\r\n\r\n") {
            let id = request
                .split("request_id=")
                .nth(1)
                .and_then(|rest| rest.split(' ').next())
                .expect("an id is asked for");
            let answer = answer(id.parse().expect("ids are numbers"));
            seen.requests.set(seen.requests.get() + 1);
            request.drain(..end + 4);
            if stream.write_all(answer.as_bytes()).await.is_err() || close {
                return;
            }
        }
        match stream.read(&mut bytes).await {
            Ok(read @ 1..) => request.push_str(&String::from_utf8_lossy(&bytes[..read])),
            _ => return,
        }
    }
}

/// A complete answer with the sample backend's body.
pub(crate) fn answer_of(replica: &str) -> String {
    let body =
        format!("{{\"response\":{{\"message\":\"Hello from Server: {replica}\"}},\"server_id\":\"{replica}\"}}\n");
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Runs a test on one thread, as the generator does.
pub(crate) fn on_one_thread(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    tokio::task::LocalSet::new().block_on(&runtime, test);
}
