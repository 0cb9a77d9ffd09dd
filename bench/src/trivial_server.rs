//! A server that costs next to nothing: the backend in `peers`, and what `ceiling` measures the generator against.
//!
//! A process of its own (the hidden command `trivial-server`), so that its CPU time is not the generator's. One thread,
//! one listener a name. It answers `/bytes/N` with N bytes and anything else with the sample backend's body, and keeps
//! the connection unless it is asked to close it. It prints its addresses, a line each, and ends when its stdin does:
//! whoever started it can't leave it behind.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longest request, body included, that is looked at.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// Read and written at once.
const READ_BYTES: usize = 4 * 1024;
const WRITE_BYTES: usize = 256 * 1024;
/// Where it listens.
const PORTS: std::ops::Range<u16> = 20_000..32_768;
/// Of those, how many are looked at for a free one.
const PORTS_TRIED_MAX: usize = 100;
const CLOSE: &str = "Connection: close\r\n";

/// `lb-bench trivial-server`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What each listener says it is
    #[arg(long, value_delimiter = ',', default_value = "B1")]
    names: Vec<String>,
    /// Before each answer, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    delay: u64,
}

struct Site {
    /// The complete answer to anything small,
    small: Vec<u8>,
    /// and to who wants the connection closed after it.
    small_and_close: Vec<u8>,
    delay: Duration,
    filler: Rc<[u8]>,
}

/// Serves until stdin ends. Must run inside a `LocalSet`.
pub(crate) async fn run(options: &Options) -> io::Result<()> {
    let filler: Rc<[u8]> = vec![b'x'; WRITE_BYTES].into();
    for name in &options.names {
        let listener = listen()?;
        println!("{}", listener.local_addr()?);
        let delay = Duration::from_millis(options.delay);
        let site = Rc::new(Site {
            small: small_answer(name, ""),
            small_and_close: small_answer(name, CLOSE),
            delay,
            filler: Rc::clone(&filler),
        });
        tokio::task::spawn_local(accept(listener, site));
    }
    // A thread of its own waits: a pipe's end is no reason to poll it.
    let until_end = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()));
    until_end.await?.map(drop)
}

/// Below the ports that the kernel gives out, as servers are; and with a queue that a burst of connections fits into: it is
/// not the backend's queue that is measured.
fn listen() -> io::Result<TcpListener> {
    let mut outcome = Err(io::ErrorKind::AddrInUse.into());
    for _ in 0..PORTS_TRIED_MAX {
        let socket = tokio::net::TcpSocket::new_v4()?;
        outcome = socket.bind(([127, 0, 0, 1], fastrand::u16(PORTS)).into()).and_then(|()| socket.listen(4096));
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

async fn accept(listener: TcpListener, site: Rc<Site>) {
    loop {
        match listener.accept().await {
            // A client that goes away is no error of this server.
            Ok((stream, _)) => drop(tokio::task::spawn_local(serve(stream, Rc::clone(&site)))),
            // Out of descriptors: some have to be given back first.
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

async fn serve(mut stream: TcpStream, site: Rc<Site>) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(READ_BYTES);
    loop {
        let Some(request) = Request::of(&bytes) else {
            if bytes.len() > REQUEST_BYTES_MAX || stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
            continue;
        };
        bytes.drain(..request.length);
        if !site.delay.is_zero() {
            tokio::time::sleep(site.delay).await;
        }
        match request.download {
            Some(length) => download(&mut stream, length, &site.filler).await?,
            None if request.close => stream.write_all(&site.small_and_close).await?,
            None => stream.write_all(&site.small).await?,
        }
        if request.close {
            return Ok(());
        }
    }
}

async fn download(stream: &mut TcpStream, length: u64, filler: &[u8]) -> io::Result<()> {
    stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").as_bytes()).await?;
    let mut remaining = length;
    while remaining > 0 {
        let piece = filler.len().min(usize::try_from(remaining).unwrap_or(usize::MAX));
        stream.write_all(&filler[..piece]).await?;
        remaining -= piece as u64;
    }
    Ok(())
}

/// What matters of a complete request.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    length: usize,
    close: bool,
    download: Option<u64>,
}

impl Request {
    /// The first request in `bytes`; none while it is incomplete.
    fn of(bytes: &[u8]) -> Option<Self> {
        let head_length = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
        // What isn't text isn't ours; it gets the small answer.
        let head = std::str::from_utf8(&bytes[..head_length]).unwrap_or("");
        let (mut close, mut body_length) = (false, 0);
        for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("connection") {
                close = value.trim().eq_ignore_ascii_case("close");
            } else if name.eq_ignore_ascii_case("content-length") {
                body_length = value.trim().parse().unwrap_or(0);
            }
        }
        let length = head_length.saturating_add(body_length);
        let target = head.split(' ').nth(1).unwrap_or("");
        let download = target.strip_prefix("/bytes/").and_then(|rest| rest.split('?').next()?.parse().ok());
        // HTTP/1.0 (a health check) closes unless it says otherwise.
        let close = close || head.lines().next().is_some_and(|line| line.ends_with("HTTP/1.0"));
        (bytes.len() >= length).then_some(Self { length, close, download })
    }
}

fn small_answer(name: &str, connection: &str) -> Vec<u8> {
    let body = format!(
        "{{\"response\":{{\"message\":\"Hello from Server: {name}\",\"status\":\"Successful\"}},\"server_id\":\"{name}\"}}\n"
    );
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    format!("{head}{connection}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[cfg(test)]
mod tests;
