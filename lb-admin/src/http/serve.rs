//! The accept loop and the life of one connection.
//!
//! `axum::serve` installs no timer, so hyper's header deadline would do nothing; hence this loop. Every connection has
//! a deadline for each head (which also closes an idle one), one for its body (`body`) and one for its whole life,
//! so that neither a slow sender nor a slow reader keeps its place. The number of places is bounded; who comes later
//! waits in the kernel's queue. An accept that fails, garbage, and a handler that panics end at most their own
//! connection.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use lb_core::control::FrontRequest;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::listener::{Listener, Stream};
use super::{Api, routes};

/// Connections served at a time. The admin API is for a few tools and a dashboard: this is ample, and with the
/// deadlines below it bounds its share of descriptors and memory.
const CONNECTIONS_MAX: u32 = 256;
/// From accept, or from the last answer, to a complete head. The first bounds slow senders, the second idle clients.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest head, request line included: what the front allows, too.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most that hyper buffers of a connection: a head and some of a body.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// After this a connection takes no further request; the one that it is at has [`LAST_ANSWER`] to end. Clients
/// reconnect.
const LIFE: Duration = Duration::from_secs(60);
/// For the last request of a connection: its body's deadline, the longest wait of `/add`, and time to read the answer.
const LAST_ANSWER: Duration = Duration::from_secs(15);
/// What requests that are being answered get when the process stops. The owner has ended by then and answered whoever
/// waited for a change: what is left is to write that out.
const STOP_GRACE: Duration = Duration::from_millis(500);
/// Pause after an accept that failed for want of descriptors or memory: the listener stays readable, so without it
/// the loop would spin until somebody closes something.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the admin API until `stop` is true or its sender gone; then requests that are being answered may finish.
///
/// # Errors
/// Only where the listener can't be put on the runtime; never because of a client.
pub async fn serve(api: Api, listener: Listener, mut stop: watch::Receiver<bool>) -> io::Result<()> {
    let acceptor = listener.into_acceptor()?;
    let router = routes::admin(api, acceptor.browsers_can_connect());
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
    accept_until(&mut stop, || acceptor.accept(), &router, &places).await;
    // First the listener: whoever connects now is refused instead of waiting for nobody.
    drop(acceptor);
    // A connection gives its place back when it ends, at the latest after its own grace.
    let _all_ended = timeout(STOP_GRACE, places.acquire_many(CONNECTIONS_MAX)).await;
    Ok(())
}

/// Ends only by `stop`, whatever `accept` yields.
async fn accept_until<F: Future<Output = io::Result<Stream>>>(
    stop: &mut watch::Receiver<bool>,
    accept: impl Fn() -> F,
    router: &Router,
    places: &Arc<Semaphore>,
) {
    loop {
        // A place first: without one a connection is better off in the kernel's queue.
        let next = async {
            let place = Arc::clone(places).acquire_owned().await.expect("the semaphore is never closed");
            Ok((accept().await?, place))
        };
        let accepted = tokio::select! {
            () = stopped(stop) => return,
            accepted = next => accepted,
        };
        match accepted {
            Ok((stream, place)) => spawn(stream, place, router.clone(), stop.clone()),
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "the admin API could not accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers the one request of a connection that came in on the front, then closes it. Only the assignment's paths are
/// served, under any Host. How many run at a time is the caller's to bound; each ends by itself.
///
/// # Errors
/// Where the socket can't be put on the runtime.
pub async fn serve_front(api: Api, request: FrontRequest) -> io::Result<()> {
    request.stream.set_nonblocking(true)?;
    let (reader, writer) = tokio::net::TcpStream::from_std(request.stream)?.into_split();
    // What the worker has read already comes first, then the socket.
    let replayed = io::Cursor::new(request.received).chain(reader);
    let mut http = builder();
    http.keep_alive(false);
    drive(&http, tokio::io::join(replayed, writer), routes::front(api), pending()).await;
    Ok(())
}

fn spawn(stream: Stream, place: OwnedSemaphorePermit, router: Router, mut stop: watch::Receiver<bool>) {
    tokio::spawn(async move {
        let stopped = stopped(&mut stop);
        match stream {
            Stream::Tcp(stream) => drive(&builder(), stream, router, stopped).await,
            Stream::Unix(stream) => drive(&builder(), stream, router, stopped).await,
        }
        drop(place);
    });
}

fn builder() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        // A client that has sent its request may shut its side down (`nc -N`) and still gets the answer.
        .half_close(true);
    http
}

/// One connection from its first byte to its end, which `stopped` and its [`LIFE`] bound.
async fn drive<I>(http: &http1::Builder, io: I, router: Router, stopped: impl Future<Output = ()>)
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = pin!(http.serve_connection(TokioIo::new(io), TowerToHyperService::new(router)));
    let grace = tokio::select! {
        ended = connection.as_mut() => return log_end(ended),
        () = stopped => STOP_GRACE,
        () = sleep(LIFE) => LAST_ANSWER,
    };
    connection.as_mut().graceful_shutdown();
    log_end(timeout(grace, connection).await.unwrap_or(Ok(())));
}

/// An error is the client's doing: garbage, a deadline, a reset. hyper has answered what could be answered.
fn log_end(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "an admin connection ended early");
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that whoever would have said so is gone, which says the same.
    let _said = stop.wait_for(|stop| *stop).await;
}

/// Errors of accept that belong to the connection, not to the listener: the next accept may well succeed.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests;
