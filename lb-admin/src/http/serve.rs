//! The accept loop and the life of one connection.
//!
//! `axum::serve` installs no timer, so hyper's header deadline would do nothing; hence this loop. Every connection has
//! a deadline for each head (which also closes an idle one), one for its body (`body`) and one for its whole life,
//! so that neither a slow sender nor a slow reader keeps its place. The number of places is bounded, and who has waited
//! longest for its client makes room for who comes later ([`super::places`]). An accept that fails, garbage, and a
//! handler that panics end at most their own connection.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use lb_core::control::FrontRequest;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::listener::{Listener, Stream};
use super::places::{Place, Places, Spot};
use super::refusal::Refusing;
use super::visit::{Peer, Visit, Visited};
use super::{Api, routes};

/// From accept, or from the last answer, to a complete head. The first bounds slow senders, the second idle clients.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest head, request line included: what the front allows, too.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most that hyper buffers of a connection: a head and some of a body.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// After this a connection takes no further request; the one that it is at has [`LAST_ANSWER`] to end. Clients
/// reconnect.
const LIFE: Duration = Duration::from_secs(60);
/// A stream whose client takes nothing for so long is over: it is sent something every 15 s at the least.
const STREAM_QUIET_MAX: Duration = Duration::from_secs(45);
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
    let places = Places::new(listener.connections_max());
    let acceptor = listener.into_acceptor()?;
    let router = routes::admin(api, acceptor.browsers_can_connect());
    accept_until(&mut stop, || acceptor.accept(), &router, &places).await;
    // First the listener: whoever connects now is refused instead of waiting for nobody.
    drop(acceptor);
    // A connection gives its place back when it ends, at the latest after its own grace.
    places.all_free(STOP_GRACE).await;
    Ok(())
}

/// Ends only by `stop`, whatever `accept` yields.
async fn accept_until<F: Future<Output = io::Result<Stream>>>(
    stop: &mut watch::Receiver<bool>,
    accept: impl Fn() -> F,
    router: &Router,
    places: &Places,
) {
    loop {
        // The connection first: only for one that is there somebody may have to make room.
        let next = async {
            let stream = accept().await?;
            Ok((stream, places.take().await))
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
pub(crate) async fn serve_front(api: Api, request: FrontRequest, spot: Spot) -> io::Result<()> {
    let visit = Visit { peer: Peer::Front(request.client), spot };
    request.stream.set_nonblocking(true)?;
    let (reader, writer) = tokio::net::TcpStream::from_std(request.stream)?.into_split();
    // What the worker has read already comes first, then the socket.
    let replayed = io::Cursor::new(request.received).chain(reader);
    let mut http = builder();
    http.keep_alive(false);
    drive(&http, tokio::io::join(replayed, writer), Visited::new(visit, routes::front(api)), pending()).await;
    Ok(())
}

fn spawn(stream: Stream, place: Place, router: Router, mut stop: watch::Receiver<bool>) {
    let visited = Visited::new(Visit { peer: stream.peer(), spot: place.spot() }, router);
    tokio::spawn(place.hold(async move {
        let stopped = stopped(&mut stop);
        match stream {
            Stream::Tcp(stream, _) => drive(&builder(), stream, visited, stopped).await,
            Stream::Unix(stream) => drive(&builder(), stream, visited, stopped).await,
        }
    }));
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

/// One connection from its first byte to its end, which `stopped` and its [`LIFE`] bound; a stream of events lives as long
/// as its client takes what it is sent.
async fn drive<I>(http: &http1::Builder, io: I, visited: Visited, stopped: impl Future<Output = ()>)
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let spot = visited.spot();
    let mut connection = pin!(http.serve_connection(TokioIo::new(Refusing::new(io)), visited));
    let grace = tokio::select! {
        ended = connection.as_mut() => return log_end(ended),
        () = stopped => STOP_GRACE,
        () = lived(&spot) => LAST_ANSWER,
    };
    connection.as_mut().graceful_shutdown();
    log_end(timeout(grace, connection).await.unwrap_or(Ok(())));
}

/// Until a connection has had its time.
async fn lived(spot: &Spot) {
    sleep(LIFE).await;
    while let Some(quiet) = spot.quiet().filter(|quiet| *quiet < STREAM_QUIET_MAX) {
        sleep(STREAM_QUIET_MAX - quiet).await;
    }
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
