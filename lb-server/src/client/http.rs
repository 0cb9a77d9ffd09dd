//! One HTTP/1.1 exchange over TCP or a unix socket: connect, ask, read the whole answer, all before one deadline; or only
//! its head, where what follows is a stream of events.
//!
//! A connection each: a command asks once. An answer is bounded, so that whatever listens on that port can't fill our
//! memory. No redirects, no TLS, no proxies. What an answer means is [`super::answer`]'s business.

use std::future::Future;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, IF_MATCH, USER_AGENT};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;

use super::ClientError;
use super::answer::Answer;
use crate::cli::target::Target;

pub(super) use hyper::Method;

/// Most of an answer: far more than the longest list of replicas, and not much memory.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What is asked, and where.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) target: &'a Target,
    pub(super) method: Method,
    /// With its query, percent-encoded.
    pub(super) path: &'a str,
    pub(super) body: String,
    pub(super) terms: Terms<'a>,
    pub(super) token: Option<&'a str>,
    /// The flag that says where, for the hint.
    pub(super) flag: &'static str,
}

/// On which terms a change is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Terms<'a> {
    /// Only while the mapping is still this one (`If-Match`).
    pub(super) epoch: Option<u64>,
    /// Once, however often it is asked for under this name (`Idempotency-Key`).
    pub(super) key: Option<&'a str>,
}

/// Sends it and waits for the whole answer; `timeout` zero: as long as it takes.
pub(super) fn send(request: &Request<'_>, timeout: Duration) -> Result<Answer, ClientError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(in_time(exchange(request), timeout));
    // A look-up of a name runs on a thread that nothing can interrupt; its end isn't waited for.
    runtime.shutdown_background();
    answer.unwrap_or_else(|| Err(ClientError::TimedOut { target: request.target.to_string(), after: timeout }))
}

async fn in_time<T>(work: impl Future<Output = T>, timeout: Duration) -> Option<T> {
    if timeout.is_zero() {
        return Some(work.await);
    }
    tokio::time::timeout(timeout, work).await.ok()
}

async fn exchange(request: &Request<'_>) -> Result<Answer, ClientError> {
    let mut opened = open(request, None).await?;
    let status = opened.response.status().as_u16();
    let body = Limited::new(opened.response.body_mut(), ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|error| broken(request, &error))?.to_bytes();
    Ok(Answer { status, body })
}

/// An answer whose body may still be on its way.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) response: hyper::Response<Incoming>,
    _connection: Connection,
}

/// The task that reads and writes; it ends with whoever waits for the answer.
#[derive(Debug)]
struct Connection(JoinHandle<hyper::Result<()>>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Connects, asks, and waits for the head of the answer. `after`: the last event that is known, where a stream of events
/// is asked for.
pub(super) async fn open(request: &Request<'_>, after: Option<Option<u64>>) -> Result<Opened, ClientError> {
    let unreachable = |error: std::io::Error| ClientError::Unreachable {
        target: request.target.to_string(),
        why: error.to_string(),
        flag: request.flag,
    };
    match request.target {
        Target::Tcp(authority) => {
            let stream = TcpStream::connect(authority.as_str()).await.map_err(unreachable)?;
            ask(stream, authority, request, after).await
        }
        // A name that the guard against rebinding accepts; a browser can't reach a socket in the file system anyhow.
        Target::Unix(path) => {
            ask(UnixStream::connect(path).await.map_err(unreachable)?, "localhost", request, after).await
        }
    }
}

async fn ask<S>(stream: S, host: &str, request: &Request<'_>, after: Option<Option<u64>>) -> Result<Opened, ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let message = message(host, request, after)?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(request, &error))?;
    // The connection does the reading and writing; its own errors reach whoever waits for the answer.
    let connection = Connection(tokio::spawn(connection));
    let response = sender.send_request(message).await.map_err(|error| broken(request, &error))?;
    Ok(Opened { response, _connection: connection })
}

fn message(
    host: &str,
    request: &Request<'_>,
    after: Option<Option<u64>>,
) -> Result<hyper::Request<Full<Bytes>>, ClientError> {
    let mut message = hyper::Request::builder()
        .method(request.method.clone())
        .uri(request.path)
        .header(HOST, host)
        .header(USER_AGENT, concat!("lb/", env!("CARGO_PKG_VERSION")));
    if let Some(token) = request.token {
        message = message.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    if let Some(epoch) = request.terms.epoch {
        message = message.header(IF_MATCH, format!("\"{epoch}\""));
    }
    if let Some(key) = request.terms.key {
        let key = key.replace('\\', r"\\").replace('"', r#"\""#);
        message = message.header("idempotency-key", format!("\"{key}\""));
    }
    if !request.body.is_empty() {
        message = message.header(CONTENT_TYPE, "application/json");
    }
    if let Some(last) = after {
        message = message.header(ACCEPT, "text/event-stream");
        if let Some(last) = last {
            message = message.header("last-event-id", last);
        }
    }
    message.body(Full::new(Bytes::from(request.body.clone()))).map_err(|error| broken(request, &error))
}

fn broken(request: &Request<'_>, error: &dyn std::fmt::Display) -> ClientError {
    ClientError::Broken { target: request.target.to_string(), why: error.to_string() }
}
