//! One client: asks for an id, waits for the whole answer, says what became of it. It never retries.
//!
//! An answer is a complete 200; everything else is a [`FailureKind`]. Which replica answered is read from the body.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::plan::Connections;
use super::response::ResponseReader;
use super::tally::FailureKind;

/// Read at once; the sample backend's answers are far smaller.
const READ_BYTES: usize = 8 * 1024;
/// Enough of a body to find the replica's name in.
const BODY_KEPT_BYTES: usize = 1024;

/// A client with at most one connection.
#[derive(Debug)]
pub(crate) struct Client {
    front: SocketAddr,
    connections: Connections,
    request_timeout: Duration,
    kept: Option<TcpStream>,
    request: Vec<u8>,
    response: ResponseReader,
    read: Box<[u8]>,
}

impl Client {
    /// A client that has not connected yet.
    pub(crate) fn new(front: SocketAddr, connections: Connections, request_timeout: Duration) -> Self {
        Self {
            front,
            connections,
            request_timeout,
            kept: None,
            request: Vec::with_capacity(128),
            response: ResponseReader::new(BODY_KEPT_BYTES),
            read: vec![0; READ_BYTES].into(),
        }
    }

    /// Sends `GET /request?request_id=ID` and reads the answer: the name of the replica ("" where it says none).
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
            None => connect(self.front).await?,
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
        let close = match self.connections {
            Connections::OnePerRequest => "Connection: close\r\n",
            Connections::KeepAlive => "",
        };
        self.request.clear();
        write!(self.request, "GET /request?request_id={id} HTTP/1.1\r\nHost: {}\r\n{close}\r\n", self.front)
            .expect("a Vec takes every write");
    }
}

async fn connect(front: SocketAddr) -> Result<TcpStream, FailureKind> {
    let stream = TcpStream::connect(front).await.map_err(|error| match FailureKind::of_io(&error) {
        FailureKind::Reset => FailureKind::Refused,
        kind => kind,
    })?;
    // A request is one small write; without this a kept connection would wait for the ACK of the last one.
    stream.set_nodelay(true).map_err(|error| FailureKind::of_io(&error))?;
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
