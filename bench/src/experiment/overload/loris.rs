//! Slow-loris clients: each drips a byte of a head that never ends, and comes back when it is closed, until it is called
//! back. On a thread of their own.
//!
//! How long each connection lived is what is judged: no longer than the head deadline and a little. They come from many
//! loopback addresses, a hundred from each.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, sleep, timeout};

use super::beside::HEAD_TIMEOUT;

/// Clients from one address.
const PER_SOURCE: u64 = 100;
/// Not even the first line ends: with the id in it and its end the head would be the backend's matter.
const START: &[u8] = b"GET /request?drip=";
const DRIP: &[u8] = b"x";
/// Between two bytes of one client.
const DRIP_EVERY: Duration = Duration::from_millis(1_000);
/// After a connection that didn't come to be: the next try.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// Beyond the head deadline: the timer's grain, and a machine that is busy.
const LATE_MAX: Duration = Duration::from_millis(2_500);
/// Whoever is still open so long after the call back was forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(15);
/// Longest life that is told apart.
const LIFE_MAX_MS: u64 = 600_000;

/// The clients at work.
#[derive(Debug)]
pub(in crate::experiment) struct Pack {
    shared: Arc<Shared>,
    wanted: u64,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    called_back: AtomicBool,
    connected: AtomicU64,
    connected_max: AtomicU64,
    refused: AtomicU64,
    forgotten: AtomicU64,
    lives_ms: Mutex<Histogram<u64>>,
}

/// What became of them.
#[derive(Debug)]
pub(in crate::experiment) struct Caught {
    pub(in crate::experiment) wanted: u64,
    connected_max: u64,
    refused: u64,
    forgotten: u64,
    closed: u64,
    life_median_ms: u64,
    life_max_ms: u64,
    late: u64,
}

impl Pack {
    /// Lets `wanted` clients go.
    pub(in crate::experiment) fn release(front: SocketAddr, wanted: u64) -> anyhow::Result<Self> {
        let lives_ms = Mutex::new(Histogram::new_with_bounds(1, LIFE_MAX_MS, 3)?);
        let shared = Arc::new(Shared {
            called_back: AtomicBool::new(false),
            connected: AtomicU64::new(0),
            connected_max: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
            lives_ms,
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let theirs = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            LocalSet::new().block_on(&runtime, async {
                let mut clients = JoinSet::new();
                for index in 0..wanted {
                    clients.spawn_local(come_again(front, index, Arc::clone(&theirs)));
                }
                let _all = clients.join_all().await;
            });
        });
        Ok(Self { shared, wanted, thread: Some(thread) })
    }

    /// How many are connected now.
    pub(in crate::experiment) fn connected(&self) -> u64 {
        self.shared.connected.load(Ordering::Relaxed)
    }

    /// Nobody comes again; waits until each has been closed.
    pub(in crate::experiment) fn call_back(mut self) -> Caught {
        self.end();
        let Shared { connected_max, refused, forgotten, lives_ms, .. } = &*self.shared;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let lives = lives_ms.lock().unwrap_or_else(PoisonError::into_inner);
        let allowed_ms = (HEAD_TIMEOUT + LATE_MAX).as_millis() as u64;
        Caught {
            wanted: self.wanted,
            connected_max: read(connected_max),
            refused: read(refused),
            forgotten: read(forgotten),
            closed: lives.len(),
            life_median_ms: lives.value_at_quantile(0.5),
            life_max_ms: lives.max(),
            late: lives.len() - lives.count_between(0, allowed_ms),
        }
    }

    fn end(&mut self) {
        self.shared.called_back.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has told what it had to tell.
            let _ended = thread.join();
        }
    }
}

impl Drop for Pack {
    fn drop(&mut self) {
        self.end();
    }
}

async fn come_again(front: SocketAddr, index: u64, shared: Arc<Shared>) {
    // Spread over a drip, so that they don't come in step.
    sleep(DRIP_EVERY.mul_f64(fastrand::f64())).await;
    while !shared.called_back.load(Ordering::Relaxed) {
        let Ok(stream) = connect(front, index).await else {
            shared.refused.fetch_add(1, Ordering::Relaxed);
            sleep(AGAIN_AFTER).await;
            continue;
        };
        let began = Instant::now();
        let now = shared.connected.fetch_add(1, Ordering::Relaxed) + 1;
        shared.connected_max.fetch_max(now, Ordering::Relaxed);
        let closed = drip(stream, &shared).await;
        shared.connected.fetch_sub(1, Ordering::Relaxed);
        if closed {
            let life_ms = began.elapsed().as_millis() as u64;
            shared.lives_ms.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(life_ms.max(1));
        } else {
            shared.forgotten.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn connect(front: SocketAddr, index: u64) -> std::io::Result<TcpStream> {
    let [high, low] = ((index / PER_SOURCE) as u16 + 1).to_be_bytes();
    let socket = TcpSocket::new_v4()?;
    if front.ip().is_loopback() {
        socket.bind((Ipv4Addr::new(127, 1, high, low), 0).into())?;
    }
    socket.connect(front).await
}

/// Until it is closed (true), or long after it was called back (false).
async fn drip(mut stream: TcpStream, shared: &Shared) -> bool {
    let mut answer = [0; 512];
    if stream.write_all(START).await.is_err() {
        return true;
    }
    let mut called_back_at = None;
    loop {
        match timeout(DRIP_EVERY, stream.read(&mut answer)).await {
            // An answer (408) and then the end.
            Ok(Ok(1..)) => continue,
            Ok(Ok(0) | Err(_)) => return true,
            Err(_) => {}
        }
        if shared.called_back.load(Ordering::Relaxed) {
            let since = *called_back_at.get_or_insert_with(Instant::now);
            if since.elapsed() > FORGOTTEN_AFTER {
                return false;
            }
        }
        if stream.write_all(DRIP).await.is_err() {
            return true;
        }
    }
}

impl Caught {
    pub(in crate::experiment) fn in_words(&self) -> Vec<String> {
        vec![format!(
            "loris: {} wanted, {} at the same time, {} closed after {:.2} s (median; {:.2} s at the most), {} late, {} \
             refused, {} never closed",
            self.wanted,
            self.connected_max,
            self.closed,
            self.life_median_ms as f64 / 1000.0,
            self.life_max_ms as f64 / 1000.0,
            self.late,
            self.refused,
            self.forgotten
        )]
    }

    pub(in crate::experiment) fn violations(&self) -> Vec<String> {
        let mut violations = Vec::new();
        if self.late + self.forgotten > 0 {
            violations.push(format!(
                "{} loris were closed later than {LATE_MAX:?} after their head deadline, {} never",
                self.late, self.forgotten
            ));
        }
        if self.closed == 0 {
            violations.push("no loris was closed, so nothing was tested".to_owned());
        }
        violations
    }

    pub(in crate::experiment) fn to_json(&self) -> Value {
        json!({
            "wanted": self.wanted, "connected_max": self.connected_max, "closed": self.closed, "late": self.late,
            "refused": self.refused, "never_closed": self.forgotten, "life_median_ms": self.life_median_ms,
            "life_max_ms": self.life_max_ms,
        })
    }
}

#[cfg(test)]
mod tests;
