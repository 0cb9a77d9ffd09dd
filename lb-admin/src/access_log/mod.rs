//! The access log: one JSON line a session, written by a thread of its own.
//!
//! Workers put records into a bounded channel and go on ([`lb_core::access_log`]); here they become lines (`line`) and
//! reach a file or stdout (`sink`). Whoever reads too slowly, or a disk that is full, costs lines, which are counted
//! ([`Counts`]), never a session its time. The thread sleeps while nothing happens; once woken it gathers for
//! [`GATHER`] between two writes, so that under load no worker has to wake it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, never, select_biased, unbounded};
use lb_core::access_log::{Outlet, Record};

use crate::config::AccessLogConfig;

mod line;
mod sink;

pub use sink::OpenError;
use sink::Sink;

/// Records that may wait: a tenth of a second at more sessions than this machine has ever served.
const RECORDS_MAX: usize = 16_384;
/// How long lines are gathered before they are written.
const GATHER: Duration = Duration::from_millis(20);
/// How long the last lines may take when the process stops: whoever reads stdout may have stopped reading.
const FINISH_WITHIN: Duration = Duration::from_secs(2);

/// The running log.
#[derive(Debug)]
pub struct AccessLog {
    outlet: Outlet,
    orders: Sender<Order>,
    ended: Receiver<()>,
    counts: Arc<Counts>,
}

/// What became of the lines.
#[derive(Debug, Default)]
pub struct Counts {
    written: AtomicU64,
    lost: AtomicU64,
}

impl Counts {
    /// Lines that were written.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Lines that could not be written.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// What the thread is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// The file was renamed: open it anew.
    Reopen,
    /// Write what there is, and end.
    Finish,
}

impl AccessLog {
    /// Opens what is written to and starts the thread.
    ///
    /// # Errors
    /// The file can't be opened, or there is no thread to be had.
    pub fn start(config: &AccessLogConfig) -> Result<Self, OpenError> {
        let sink = Sink::open(config.target.clone())?;
        let (outlet, records) = Outlet::new(RECORDS_MAX, config.raw_keys);
        let (orders, told) = unbounded();
        let (ending, ended) = bounded(0);
        let counts = Arc::new(Counts::default());
        let writer = Writer { records, orders: told, sink, counts: Arc::clone(&counts), raw_keys: config.raw_keys };
        let thread = std::thread::Builder::new().name("lb-access-log".to_owned());
        thread
            .spawn(move || {
                writer.run();
                // `ended` is disconnected by this.
                drop(ending);
            })
            .map_err(OpenError::Thread)?;
        Ok(Self { outlet, orders, ended, counts })
    }

    /// What workers put their records into.
    pub fn outlet(&self) -> Outlet {
        self.outlet.clone()
    }

    /// What became of the lines.
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// Opens the file anew, after what is there has been written to the old one: for logrotate.
    pub fn reopen(&self) {
        self.order(Order::Reopen);
    }

    /// Writes what there is and ends; gives up on a reader that doesn't read.
    pub fn finish(self) {
        self.order(Order::Finish);
        if self.ended.recv_timeout(FINISH_WITHIN) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("access log: the last lines are lost: nobody took them within {FINISH_WITHIN:?}");
        }
    }

    fn order(&self, order: Order) {
        // Fails where the thread has ended, which it does when it was told to.
        let _ended = self.orders.send(order);
    }
}

struct Writer {
    records: Receiver<Record>,
    orders: Receiver<Order>,
    sink: Sink,
    counts: Arc<Counts>,
    raw_keys: bool,
}

impl Writer {
    fn run(mut self) {
        let mut awake = false;
        loop {
            match self.wait(awake) {
                Some(Order::Reopen) => {
                    self.write_waiting();
                    self.sink.reopen();
                }
                Some(Order::Finish) => {
                    self.write_waiting();
                    return;
                }
                None => awake = self.write_waiting(),
            }
        }
    }

    /// Until there is something to do. `awake`: records came lately, and more are gathered before the next look.
    fn wait(&mut self, awake: bool) -> Option<Order> {
        if awake {
            return match self.orders.recv_timeout(GATHER) {
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Order::Finish),
            };
        }
        select_biased! {
            recv(self.orders) -> order => Some(order.unwrap_or(Order::Finish)),
            recv(self.records) -> record => match record {
                Ok(record) => {
                    self.add(&record);
                    None
                }
                Err(_) => {
                    // No worker is left; the order to finish comes.
                    self.records = never();
                    None
                }
            },
        }
    }

    /// Writes all that waits, so much of it as may wait at a time. Whether there was anything.
    fn write_waiting(&mut self) -> bool {
        for _ in 0..RECORDS_MAX {
            let Ok(record) = self.records.try_recv() else { break };
            self.add(&record);
        }
        let flushed = self.sink.flush();
        self.count(flushed);
        flushed.written + flushed.lost > 0
    }

    fn add(&mut self, record: &Record) {
        line::write(self.sink.buffer(), record, self.raw_keys);
        if self.sink.is_full() {
            let flushed = self.sink.flush();
            self.count(flushed);
        }
    }

    fn count(&self, flushed: sink::Flushed) {
        self.counts.written.fetch_add(flushed.written, Ordering::Relaxed);
        self.counts.lost.fetch_add(flushed.lost, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
