//! Closed loop: `concurrency` clients, each sending its next request when the last one is answered.
//!
//! A slow balancer slows its clients down, so latencies say nothing about a fixed arrival rate: that is
//! [`super::open_loop`]'s question. This one asks how much is answered, and at what cost.

use std::rc::Rc;
use std::time::Instant;

use tokio::task::JoinSet;

use super::{Client, Run};

pub(super) async fn drive(run: &Rc<Run>) {
    let mut clients = JoinSet::new();
    for _ in 0..run.plan.concurrency {
        clients.spawn_local(ask_in_turn(Rc::clone(run)));
    }
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client neither panics nor is cancelled");
    }
}

async fn ask_in_turn(run: Rc<Run>) {
    let mut client = Client::of(&run.plan);
    while !run.is_over() {
        let Some(index) = run.gauge.begin(run.plan.requests_max) else { return };
        ask(&run, &mut client, index, Instant::now()).await;
    }
}

/// One request; its latency counts from `since`.
pub(super) async fn ask(run: &Run, client: &mut Client, index: u64, since: Instant) {
    let id = run.ids.id_at(index);
    match client.ask(id).await {
        Ok(replica) => run.tally.borrow_mut().answer(id, replica, since.elapsed()),
        Err(kind) => {
            run.tally.borrow_mut().fail(kind);
            // A refused connect returns at once: let the others run, so that a dead front can't starve this thread.
            tokio::task::yield_now().await;
        }
    }
    run.gauge.end();
}

#[cfg(test)]
mod tests;
