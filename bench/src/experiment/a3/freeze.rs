//! SIGSTOP in A-3: a replica that says nothing more, but whose kernel still accepts connections for it.
//!
//! It is frozen while it holds requests, as a victim of [`super::kill`]; health takes it down; it stays frozen for longer
//! than a request waits for a first byte, so that every request sent to it has met its fate; then it goes on, and sits in
//! its seat again. Where it is replaced meanwhile, the replacement is who sits there. [`Frozen`] lets nobody stay frozen.

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Duration, Instant, sleep};

use super::kill::{Kill, LOOK_EVERY, REPLACED_WITHIN, find_victim};
use super::stream::Stream;
use crate::balancer::admin::Event;
use crate::balancer::{Backend, Balancer};

/// After health has taken it down: the first-byte deadline of what was sent last before that, and a second of requests
/// that find another replica from the start. Less than the ten seconds after which lb replaces it.
const FROZEN_AFTER_DOWN: Duration = Duration::from_secs(6);

/// A stopped process; dropped, it goes on.
struct Frozen(Pid);

impl Frozen {
    fn new(pid: Pid) -> anyhow::Result<Self> {
        kill_process(pid, Signal::STOP).with_context(|| format!("pid {} can't be stopped", pid.as_raw_pid()))?;
        Ok(Self(pid))
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // ESRCH: the balancer has ended it.
        let _gone = kill_process(self.0, Signal::CONT);
    }
}

/// Freezes a replica that holds enough requests, and waits until its seat serves again.
pub(super) async fn one(balancer: &Balancer, stream: &Stream, wanted: usize) -> anyhow::Result<Kill> {
    let (clock, victim, pid, in_flight) = find_victim(balancer, stream, wanted).await?;
    let stopped = Instant::now();
    stream.kill(&victim.name, stopped);
    let frozen = Frozen::new(pid)?;
    let until = stopped + REPLACED_WITHIN;
    let down = event(balancer, until, |event| is_down(event, &victim) && event.id > clock.last_event).await?;
    sleep(FROZEN_AFTER_DOWN).await;
    drop(frozen);
    let continued = Instant::now();
    let ready =
        event(balancer, until, |event| event.id > down.id && event.kind == "ready" && event.seat == victim.seat)
            .await?;
    let back_ms =
        until_back(balancer, &ready.name, wanted, until).await?.duration_since(stopped).as_secs_f64() * 1000.0;
    let at_ms = stream.at_ms(stopped);
    Ok(Kill {
        seat: victim.seat,
        in_flight,
        at_ms,
        ejected_ms: clock.since(stopped, &down),
        ready_ms: clock.since(stopped, &ready),
        back_ms,
        // Of a replica that is the same as before nobody can tell its first answer; ready is when it may have one.
        answered_ms: stream
            .first_answer_ms(&ready.name)
            .map_or(0.0, |first_ms| first_ms - at_ms)
            .max(continued.duration_since(stopped).as_secs_f64() * 1000.0),
        victim: victim.name,
        replacement: ready.name,
    })
}

fn is_down(event: &Event, victim: &Backend) -> bool {
    event.name == victim.name && matches!(event.kind.as_str(), "down" | "died")
}

/// The first event that is `wanted`, before `until`.
async fn event(balancer: &Balancer, until: Instant, wanted: impl Fn(&Event) -> bool) -> anyhow::Result<Event> {
    loop {
        let events = balancer.admin.events().await?.context("GET /v1/events: no events")?.events;
        if let Some(found) = events.into_iter().find(&wanted) {
            return Ok(found);
        }
        if Instant::now() > until {
            bail!("a frozen replica was not taken down, or did not come back, within {REPLACED_WITHIN:?}");
        }
        sleep(LOOK_EVERY).await;
    }
}

/// When `/rep` lists as many as before, with who sits in the seat.
async fn until_back(balancer: &Balancer, name: &String, wanted: usize, until: Instant) -> anyhow::Result<Instant> {
    loop {
        let replicas = balancer.admin.replicas().await?;
        if replicas.contains(name) && replicas.len() == wanted {
            return Ok(Instant::now());
        }
        if Instant::now() > until {
            bail!("/rep lists {replicas:?}, {wanted} with {name} are wanted");
        }
        sleep(LOOK_EVERY).await;
    }
}
