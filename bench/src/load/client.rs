//! One client: asks for an id, waits for the whole answer, says what became of it. It never retries.
//!
//! An answer is a complete 200; everything else is a [`FailureKind`]. Which replica answered is read from the body.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::plan::{Connections, Plan};
use super::response::ResponseReader;
use super::tally::FailureKind;

/// Read at once: what a download needs; pages that a small answer doesn't reach are never touched.
const READ_BYTES: usize = 64 * 1024;
/// Enough of a body to find the replica's name in.
const BODY_KEPT_BYTES: usize = 1024;

/// A client with at most one connection.
#[derive(Debug)]
pub(crate) struct Client {
    front: SocketAddr,
    connections: Connections,
    request_timeout: Duration,
    kept: Option<TcpStream>,
    form: Form,
    request: Vec<u8>,
    response: ResponseReader,
    read: Box<[u8]>,
}

/// A request around its id.
#[derive(Debug)]
struct Form {
    before_id: String,
    after_id: Vec<u8>,
}

impl Form {
    fn of(plan: &Plan) -> Self {
        let method = if plan.body.is_some() { "POST" } else { "GET" };
        let joint = if plan.path.contains('?') { '&' } else { '?' };
        let close = match plan.connections {
            Connections::OnePerRequest => "Connection: close\r\n",
            Connections::KeepAlive => "",
        };
        let length = plan.body.as_ref().map(|body| format!("Content-Length: {}\r\n", body.len()));
        let head = format!(" HTTP/1.1\r\nHost: {}\r\n{close}{}\r\n", plan.front, length.unwrap_or_default());
        let after_id = [head.as_bytes(), plan.body.as_deref().unwrap_or_default()].concat();
        Self { before_id: format!("{method} {}{joint}request_id=", plan.path), after_id }
    }
}

impl Client {
    /// A client of the sample backend's `/request` that has not connected yet.
    pub(crate) fn new(front: SocketAddr, connections: Connections, request_timeout: Duration) -> Self {
        Self::of(&Plan { connections, request_timeout, ..Plan::each_once(front, 1) })
    }

    /// One of the plan's clients. It has not connected yet.
    pub(crate) fn of(plan: &Plan) -> Self {
        Self {
            front: plan.front,
            connections: plan.connections,
            request_timeout: plan.request_timeout,
            kept: None,
            form: Form::of(plan),
            request: Vec::with_capacity(256),
            response: ResponseReader::new(BODY_KEPT_BYTES),
            read: vec![0; READ_BYTES].into(),
        }
    }

    /// Sends the request with this id and reads the answer: the name of the replica ("" where it says none).
    pub(crate) async fn ask(&mut self, id: u64) -> Result<&str, FailureKind> {
        match timeout(self.request_timeout, self.exchange(id)).await {
            Ok(Ok(())) if self.response.status() == 200 => Ok(replica_name(self.response.body())),
            Ok(Ok(())) => Err(FailureKind::Status(self.response.status())),
            Ok(Err(kind)) => Err(kind),
            Err(_) => Err(FailureKind::TimedOut),
        }
    }

    async fn exchange(&mut self, id: u64) -> Result<(), FailureKind> {
        let mut stream = match self.kept.take() {
            Some(stream) => stream,
            None => connect(self.front, self.connections).await?,
        };
        self.write_request(id);
        stream.write_all(&self.request).await.map_err(|error| FailureKind::of_io(&error))?;
        self.response.restart();
        loop {
            let read = stream.read(&mut self.read).await.map_err(|error| FailureKind::of_io(&error))?;
            if read == 0 {
                return if self.response.end() { Ok(()) } else { Err(FailureKind::ClosedEarly) };
            }
            if self.response.feed(&self.read[..read]).map_err(|_| FailureKind::Malformed)? {
                break;
            }
        }
        if self.connections == Connections::KeepAlive && self.response.keep_alive() {
            self.kept = Some(stream);
        }
        Ok(())
    }

    fn write_request(&mut self, id: u64) {
        use io::Write;
        self.request.clear();
        self.request.extend_from_slice(self.form.before_id.as_bytes());
        write!(self.request, "{id}").expect("a Vec takes every write");
        self.request.extend_from_slice(&self.form.after_id);
    }
}

async fn connect(front: SocketAddr, connections: Connections) -> Result<TcpStream, FailureKind> {
    let stream = TcpStream::connect(front).await.map_err(|error| match FailureKind::of_io(&error) {
        FailureKind::Reset => FailureKind::Refused,
        kind => kind,
    })?;
    // A kept connection's second request would wait for the ACK of its first; a connection's only request never waits.
    if connections == Connections::KeepAlive {
        stream.set_nodelay(true).map_err(|error| FailureKind::of_io(&error))?;
    }
    Ok(stream)
}

/// The name in a body of the sample backend: its `server_id`, else what follows `Server: ` in the message.
fn replica_name(body: &[u8]) -> &str {
    let text = std::str::from_utf8(body).unwrap_or("");
    let after = |mark: &str| text.split_once(mark).map(|(_, rest)| rest);
    let quoted = after("\"server_id\"").and_then(|rest| rest.split('"').nth(1));
    let spoken = after("Server: ").and_then(|rest| rest.split(['"', '\n']).next());
    quoted.or(spoken).unwrap_or("")
}

#[cfg(test)]
mod tests;
