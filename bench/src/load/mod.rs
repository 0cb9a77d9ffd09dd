//! The load generator: what to send ([`plan`], [`ids`]), one client ([`client`]), all of them at once ([`closed_loop`],
//! [`open_loop`]) and what came back ([`tally`]).
//!
//! Everything runs on one thread and shares its counters without a lock. `lb-bench ceiling` shows why that is enough:
//! against a trivial server a request costs it as much CPU as it costs wrk (nearly all of it the kernel's TCP work), so
//! a leaner loop would gain nothing, and a second thread would take the core that balancer and backends need. It speaks
//! HTTP/1.1 over TCP like any client, never retries, and counts anything but a complete 200 as failed.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

pub(crate) mod client;
mod closed_loop;
mod gauge;
mod ids;
mod open_loop;
mod pace;
pub(crate) mod plan;
pub(crate) mod response;
pub(crate) mod tally;
#[cfg(test)]
pub(crate) mod test_server;

pub(crate) use client::Client;
pub(crate) use gauge::Gauge;
pub(crate) use ids::ZIPF_IDS_MAX;
pub(crate) use plan::{Arrivals, Connections, IdOrder, Plan};
pub(crate) use tally::Tally;

/// What the clients of one run share.
struct Run {
    plan: Plan,
    ids: ids::IdSource,
    gauge: Gauge,
    tally: RefCell<Tally>,
    started: Instant,
}

impl Run {
    fn is_over(&self) -> bool {
        self.started.elapsed() >= self.plan.time_max
    }
}

/// Sends the plan's requests until one of its bounds is reached or the gauge is stopped. Must run inside a `LocalSet`:
/// the clients share the [`Tally`] without a lock.
pub(crate) async fn run(plan: &Plan, gauge: &Gauge) -> Tally {
    let ids = ids::IdSource::of(plan);
    let tally = RefCell::new(Tally::new());
    let run = Rc::new(Run { plan: plan.clone(), ids, gauge: gauge.clone(), tally, started: Instant::now() });
    match plan.arrivals {
        Arrivals::AfterAnswer => closed_loop::drive(&run).await,
        Arrivals::PerSecond(rate) => open_loop::drive(&run, rate).await,
    }
    let elapsed = run.started.elapsed();
    let mut tally = run.tally.replace(Tally::new());
    tally.elapsed = elapsed;
    tally
}
