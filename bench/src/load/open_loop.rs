//! Open loop: requests arrive at a fixed rate, whether the earlier ones are answered or not.
//!
//! Request i is due at i / rate. Its latency counts from then, also where it waited for one of the `concurrency`
//! connections: a balancer that stalls for a second is charged with every request that was due in that second. What was
//! due and could not be sent at all before the run's end counts as failed (`not sent`), never as absent.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::closed_loop::ask;
use super::pace::Pace;
use super::tally::FailureKind;
use super::{Client, Run};

/// Arrivals that the clients may take.
struct Due {
    interval: Duration,
    count: Cell<u64>,
    over: Cell<bool>,
    more: Notify,
}

impl Due {
    /// Makes `count` arrivals due in all, and wakes a client for each new one.
    fn release(&self, count: u64) {
        for _ in self.count.get()..count {
            self.more.notify_one();
        }
        self.count.set(count);
    }

    /// The next arrival's index, as soon as there is one; none once it is over.
    async fn take(&self, run: &Run) -> Option<u64> {
        loop {
            if run.is_over() {
                return None;
            }
            if let Some(index) = run.gauge.begin(self.count.get()) {
                return Some(index);
            }
            if self.over.get() {
                return None;
            }
            self.more.notified().await;
        }
    }

    fn due_at(&self, run: &Run, index: u64) -> Instant {
        run.started + self.interval.mul_f64(index as f64)
    }
}

pub(super) async fn drive(run: &Rc<Run>, per_second: f64) {
    let interval = Duration::from_secs_f64(1.0 / per_second);
    let arrivals = Rc::new(Due { interval, count: Cell::new(0), over: Cell::new(false), more: Notify::new() });
    let mut clients = JoinSet::new();
    for _ in 0..run.plan.concurrency {
        clients.spawn_local(ask_when_due(Rc::clone(run), Rc::clone(&arrivals)));
    }
    let unpaced = release_all(run, &arrivals).await.is_err();
    arrivals.over.set(true);
    arrivals.more.notify_waiters();
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client neither panics nor is cancelled");
    }
    if unpaced {
        run.tally.borrow_mut().fail(FailureKind::LocalResource);
    }
    for _ in run.gauge.begun()..arrivals.count.get() {
        run.tally.borrow_mut().fail(FailureKind::NotSent);
    }
}

/// Releases every arrival when it is due, until one of the run's bounds is reached. Fails where there is no timer.
async fn release_all(run: &Run, arrivals: &Due) -> std::io::Result<()> {
    let in_time = run.plan.time_max.as_secs_f64() / arrivals.interval.as_secs_f64();
    let last = run.plan.requests_max.min(in_time.ceil() as u64);
    let pace = Pace::every(arrivals.interval)?;
    while arrivals.count.get() < last && !run.gauge.is_stopped() {
        let due = run.started.elapsed().as_secs_f64() / arrivals.interval.as_secs_f64();
        arrivals.release(last.min(due as u64 + 1));
        pace.next().await?;
    }
    Ok(())
}

async fn ask_when_due(run: Rc<Run>, arrivals: Rc<Due>) {
    let mut client = Client::of(&run.plan);
    while let Some(index) = arrivals.take(&run).await {
        ask(&run, &mut client, index, arrivals.due_at(&run, index)).await;
    }
}

#[cfg(test)]
mod tests;
