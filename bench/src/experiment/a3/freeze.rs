//! SIGSTOP and `docker pause` in A-3: a replica that says nothing more, but whose kernel still accepts connections for it.
//!
//! It is frozen while it holds requests, as a victim of [`super::kill`]; health takes it down; it stays frozen for longer
//! than a request waits for a first byte, so that every request sent to it has met its fate; then it goes on, and sits in
//! its seat again. Where it is replaced meanwhile, the replacement is who sits there. [`Frozen`] lets nobody stay frozen.

use anyhow::{Context, bail};
use tokio::time::{Duration, Instant, sleep};

use super::blow::{Frozen, Victim};
use super::kill::{Kill, LOOK_EVERY, REPLACED_WITHIN, find_victim, is_out};
use crate::balancer::Balancer;
use crate::balancer::admin::Event;
use crate::experiment::stream::Stream;

/// After health has taken it down: the first-byte deadline of what was sent last before that, and a second of requests
/// that find another replica from the start. Less than the ten seconds after which lb replaces it.
const FROZEN_AFTER_DOWN: Duration = Duration::from_secs(6);

/// Freezes a replica that holds enough requests, and waits until its seat serves again.
pub(super) async fn one(balancer: &Balancer, stream: &Stream, wanted: usize) -> anyhow::Result<Kill> {
    let (clock, victim, in_flight) = find_victim(balancer, stream, wanted).await?;
    let prey = Victim::of(balancer, &victim).await?;
    let begun = Instant::now();
    stream.kill(&victim.name);
    let (frozen, stopped) = Frozen::new(prey).await?;
    stream.gone(stopped);
    let until = stopped + REPLACED_WITHIN;
    let down = event(balancer, until, |event| is_out(event, &victim.name) && event.id > clock.last_event).await?;
    // A paused container is replaced while it is; a process is not, and sits in its seat again afterwards.
    let thawed = async {
        sleep(FROZEN_AFTER_DOWN).await;
        frozen.thaw().await;
        anyhow::Ok(Instant::now())
    };
    let replaced = async {
        let in_seat = |event: &Event| event.id > down.id && event.kind == "ready" && event.seat == victim.seat;
        let ready = event(balancer, until, in_seat).await?;
        let back = until_back(balancer, &ready.name, wanted, until).await?;
        Ok((ready, back.duration_since(stopped).as_secs_f64() * 1000.0))
    };
    let (continued, (ready, back_ms)) = tokio::try_join!(thawed, replaced)?;
    let at_ms = stream.at_ms(stopped);
    Ok(Kill {
        seat: victim.seat,
        in_flight,
        at_ms,
        command_ms: stopped.duration_since(begun).as_secs_f64() * 1000.0,
        ejected_ms: clock.since(stopped, &down),
        sign_to_out_ms: None,
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
