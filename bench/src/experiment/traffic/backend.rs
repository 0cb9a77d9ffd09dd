//! The backends of `traffic`: three listeners on a thread of their own, so that both ends of a connection run at once.
//!
//! A connection says by its first bytes which of the plan's it is. Health checks (a GET, or nothing at all) are answered
//! and not counted. The thread ends when this is dropped.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};

use super::plan::{End, Plan, Preface};
use super::side::{self, Buffers};
use super::tally::Tally;
use crate::peer::BACKENDS;

/// Answer to a GET.
const HERE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
/// No first bytes of ours are longer.
const PREFACE_MAX: usize = 1024;
/// What a listener may let wait.
const BACKLOG: u32 = 4096;

/// A running thread of backends.
#[derive(Debug)]
pub(super) struct Backends {
    /// Where they listen.
    pub(super) addrs: Vec<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the connections of a thread share.
struct Shared {
    seed: Arc<AtomicU64>,
    tally: Arc<Tally>,
}

impl Backends {
    /// Starts it; the plans of connections that come are those of `seed` at that time.
    pub(super) fn start(seed: Arc<AtomicU64>, tally: Arc<Tally>) -> anyhow::Result<Self> {
        let sockets = (0..BACKENDS).map(|_| std::net::TcpListener::bind("127.0.0.1:0"));
        let sockets = sockets.collect::<Result<Vec<_>, _>>().context("a backend can't listen")?;
        let addrs = sockets.iter().map(std::net::TcpListener::local_addr).collect::<Result<_, _>>()?;
        for socket in &sockets {
            socket.set_nonblocking(true)?;
            // Again, with a longer queue: a burst of connections isn't what is tested.
            rustix::net::listen(socket, BACKLOG as i32)?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let shared = Rc::new(Shared { seed, tally });
            LocalSet::new().block_on(&runtime, async {
                for socket in sockets {
                    spawn_local(accept(socket, Rc::clone(&shared)));
                }
                // An error is the sender's end, which ends the thread as well.
                let _told = stopped.await;
            });
        });
        Ok(Self { addrs, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Backends {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has told what it had to tell.
            let _ended = thread.join();
        }
    }
}

async fn accept(socket: std::net::TcpListener, shared: Rc<Shared>) {
    let listener = TcpListener::from_std(socket).expect("a listener that doesn't block becomes one of tokio's");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(spawn_local(serve(stream, Rc::clone(&shared)))),
            Err(error) => shared.tally.complain(format!("a backend can't accept: {error}")),
        }
    }
}

async fn serve(mut stream: TcpStream, shared: Rc<Shared>) {
    let mut early = Vec::new();
    let (id, length) = loop {
        match Preface::of(&early) {
            Preface::Of { id, length } => break (id, length),
            Preface::Probe => return drop(stream.write_all(HERE).await),
            Preface::Foreign if !early.is_empty() => {
                return shared.tally.complain(format!("a backend was sent what nobody sends: {early:02x?}"));
            }
            Preface::Incomplete | Preface::Foreign => {}
        }
        // A health check, or a client that reset before its first bytes were through.
        if early.len() > PREFACE_MAX || !matches!(stream.read_buf(&mut early).await, Ok(1..)) {
            return;
        }
    };
    let seed = shared.seed.load(Ordering::Relaxed);
    let plan = Plan::new(seed, id);
    // A connection costs its buffers here: those of a client that waits for nothing are never touched.
    let mut buffers = Buffers::new();
    let _best_effort = stream.set_nodelay(true);
    let served = side::run(&plan, End::Backend, stream, (&[], &early[length..]), &mut buffers, &shared.tally).await;
    if let Err(complaint) = served {
        shared.tally.complain(format!("seed {seed}, connection {id}, backend: {complaint}"));
    }
}
