//! Kills of A-3: one replica after the other, each while it holds requests, and how long until another sits in its seat.
//!
//! A victim must hold at least [`IN_FLIGHT_MIN`] requests by the clients' count *and* by the balancer's; where nobody does,
//! nobody is killed and the look is repeated. Answers may be on their way by then, so the kill only counts where as many
//! requests then ended without the victim's answer; otherwise it is repeated (not where the victim may finish them). Times
//! on the balancer's side come from `/v1/events`, whose clock is set against ours just before the kill: by the moment its
//! answer had arrived, so that no time comes out too short.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use tokio::time::{Duration, Instant, sleep};

use super::{Blow, Options, blow::Victim, freeze};
use crate::balancer::admin::Event;
use crate::balancer::{Backend, Balancer, Metrics, Turns};
use crate::experiment::stream::{Log, Stream};
use crate::report::progress::Progress;

/// Requests that a victim must hold.
pub(super) const IN_FLIGHT_MIN: u64 = 50;
/// Between two looks at `/rep`: the resolution of what is measured there.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(2);
/// A victim is found within this, or the load is too low for one.
const VICTIM_WITHIN: Duration = Duration::from_secs(10);
/// One replacement takes no longer, or the experiment has failed.
pub(super) const REPLACED_WITHIN: Duration = Duration::from_secs(60);
/// Attempts for each kill that is asked for; then the load is too low for the experiment.
const ATTEMPTS_PER_KILL: u32 = 5;
/// Before the first kill and after each: the load settles, and pictures can be told apart.
const SETTLE: Duration = Duration::from_millis(400);

/// One kill. Times are milliseconds since the kill, but for [`Self::at_ms`].
#[derive(Clone, Debug)]
pub(super) struct Kill {
    /// Who was killed.
    pub(super) victim: String,
    /// Where it sat.
    pub(super) seat: u32,
    /// Who sits there now.
    pub(super) replacement: String,
    /// Requests it held: open sessions just before, but no more than then ended without its answer.
    pub(super) in_flight: u64,
    /// When it was gone, or frozen, by the stream's clock.
    pub(super) at_ms: f64,
    /// From the command to that moment; a process is killed at once.
    pub(super) command_ms: f64,
    /// The balancer knew, and sent no more.
    pub(super) ejected_ms: f64,
    /// By the balancer's own words: from the first sign of the loss until no worker routed to it any more.
    pub(super) sign_to_out_ms: Option<f64>,
    /// The replacement's first good check.
    pub(super) ready_ms: f64,
    /// `/rep` lists as many as before, without the victim.
    pub(super) back_ms: f64,
    /// A client had an answer from the replacement.
    pub(super) answered_ms: f64,
}

impl Kill {
    /// Whether it interrupted enough.
    pub(super) fn counts(&self) -> bool {
        self.in_flight >= IN_FLIGHT_MIN
    }
}

/// All kills, and the load around them.
#[derive(Debug)]
pub(super) struct Campaign {
    /// What was done to the victims.
    pub(super) blow: Blow,
    /// In their order, also those that don't count; never empty.
    pub(super) kills: Vec<Kill>,
    /// What the clients saw.
    pub(super) log: Log,
    /// The seat of every name there was.
    pub(super) seat_of: BTreeMap<String, u32>,
    /// Names that were given twice.
    pub(super) reused: BTreeSet<String>,
    /// Requests that lb sent to another replica after theirs was gone; none where this version doesn't count them.
    pub(super) replays: Option<u64>,
    /// Of lb's workers.
    pub(super) turns: Turns,
}

/// Strikes as often and under the load that `options` say.
pub(super) async fn campaign(balancer: &Balancer, blow: Blow, options: &Options) -> anyhow::Result<Campaign> {
    let kills = options.kills;
    let stream = Stream::start(balancer.front, usize::from(options.concurrency));
    let what = format!("A-3: {}s under load", blow.in_words());
    let progress = Progress::steps(&what, kills.into());
    let wanted = balancer.admin.replicas().await?.len();
    let (_, backends) = moment(balancer).await?;
    let mut seat_of: BTreeMap<String, u32> =
        backends.iter().map(|backend| (backend.name.clone(), backend.seat)).collect();
    let (mut done, mut reused) = (Vec::<Kill>::new(), BTreeSet::new());
    sleep(SETTLE).await;
    while done.iter().filter(|kill| kill.counts()).count() < usize::from(kills) {
        if done.len() >= (u32::from(kills) * ATTEMPTS_PER_KILL) as usize {
            bail!(
                "of {} kills too few interrupted {IN_FLIGHT_MIN} requests: raise --concurrency, or slow the replicas \
                 down (lb replica --delay 20ms)",
                done.len()
            );
        }
        let before = moment(balancer).await?.0.last_event;
        let mut kill = match blow.freezes() {
            false => kill_one(balancer, &stream, wanted, blow).await?,
            true => freeze::one(balancer, &stream, wanted).await?,
        };
        let is_new = kill.replacement != kill.victim;
        if seat_of.insert(kill.replacement.clone(), kill.seat).is_some() && is_new {
            reused.insert(kill.replacement.clone());
        }
        sleep(SETTLE).await;
        kill.sign_to_out_ms = own_words(balancer, &kill.victim, before).await?;
        if !blow.is_gentle() {
            kill.in_flight = kill.in_flight.min(stream.interrupted());
        }
        if kill.counts() {
            progress.step();
        }
        done.push(kill);
    }
    let log = stream.stop().await;
    let metrics = balancer.admin.metrics().await?;
    let replays = metrics.as_ref().and_then(Metrics::replays).map(|count| count as u64);
    let turns = metrics.as_ref().map(Turns::of).unwrap_or_default();
    Ok(Campaign { blow, kills: done, log, seat_of, reused, replays, turns })
}

/// The balancer's clock against ours, and the last event by then.
pub(super) struct Clock {
    now_ms: f64,
    at: Instant,
    /// By then.
    pub(super) last_event: u64,
}

impl Clock {
    /// From `then` to an event, in milliseconds.
    pub(super) fn since(&self, then: Instant, event: &Event) -> f64 {
        event.at_ms - self.now_ms - then.saturating_duration_since(self.at).as_secs_f64() * 1000.0
    }
}

async fn moment(balancer: &Balancer) -> anyhow::Result<(Clock, Vec<Backend>)> {
    let events = balancer.admin.events().await?.context("GET /v1/events: no events")?;
    let last_event = events.events.last().map_or(0, |event| event.id);
    let clock = Clock { now_ms: events.now_ms, at: Instant::now(), last_event };
    Ok((clock, balancer.admin.backends().await?.context("GET /v1/backends: no backends")?))
}

async fn kill_one(balancer: &Balancer, stream: &Stream, wanted: usize, blow: Blow) -> anyhow::Result<Kill> {
    let (clock, victim, in_flight) = find_victim(balancer, stream, wanted).await?;
    let prey = Victim::of(balancer, &victim).await?;
    let begun = Instant::now();
    stream.kill(&victim.name);
    let ended = async {
        let killed = prey.end(blow).await?;
        stream.gone(killed);
        Ok(killed)
    };
    let (killed, back) = tokio::try_join!(ended, until_back(balancer, &victim.name, wanted))?;
    let back_ms = back.saturating_duration_since(killed).as_secs_f64() * 1000.0;
    let late = || killed.elapsed() > REPLACED_WITHIN;
    let (died, ready) = loop {
        let events = balancer.admin.events().await?.context("GET /v1/events: no events")?.events;
        if let Some(pair) = death_and_replacement(&events, &victim, clock.last_event) {
            break pair;
        }
        if late() {
            bail!("{} was killed {REPLACED_WITHIN:?} ago, and nobody is ready in its seat", victim.name);
        }
        sleep(LOOK_EVERY).await;
    };
    let at_ms = stream.at_ms(killed);
    let answered_ms = loop {
        match stream.first_answer_ms(&ready.name) {
            Some(first_ms) => break first_ms - at_ms,
            None if late() => bail!("{} took the place of {} and answers nobody", ready.name, victim.name),
            None => sleep(LOOK_EVERY).await,
        }
    };
    Ok(Kill {
        seat: victim.seat,
        in_flight,
        at_ms,
        command_ms: killed.duration_since(begun).as_secs_f64() * 1000.0,
        ejected_ms: clock.since(killed, &died),
        sign_to_out_ms: None,
        ready_ms: clock.since(killed, &ready),
        back_ms,
        answered_ms,
        victim: victim.name,
        replacement: ready.name,
    })
}

/// A ready replica that holds enough, when all are ready.
pub(super) async fn find_victim(
    balancer: &Balancer,
    stream: &Stream,
    wanted: usize,
) -> anyhow::Result<(Clock, Backend, u64)> {
    let begun = Instant::now();
    let mut most = 0;
    while begun.elapsed() < VICTIM_WITHIN {
        let (clock, backends) = moment(balancer).await?;
        let all_ready = backends.iter().filter(|backend| backend.is_ready()).count() == wanted;
        let held = |backend: &Backend| backend.sessions.min(stream.in_flight(&backend.name));
        most = backends.iter().map(held).max().unwrap_or(0).max(most);
        let can_be_struck = |backend: &Backend| backend.pid.is_some() || balancer.pool().is_some();
        let candidates: Vec<(Backend, u64)> = backends
            .into_iter()
            .filter(|backend| all_ready && backend.is_ready() && held(backend) >= IN_FLIGHT_MIN)
            .filter(can_be_struck)
            .map(|backend| (held(&backend), backend))
            .map(|(in_flight, backend)| (backend, in_flight))
            .collect();
        if let Some((backend, in_flight)) = fastrand::choice(candidates) {
            return Ok((clock, backend, in_flight));
        }
        sleep(LOOK_EVERY).await;
    }
    bail!(
        "no ready replica of ours held {IN_FLIGHT_MIN} requests within {VICTIM_WITHIN:?} (most: {most}): \
         raise --concurrency, slow the replicas down (lb replica --delay 20ms)"
    );
}

async fn until_back(balancer: &Balancer, victim: &String, wanted: usize) -> anyhow::Result<Instant> {
    let begun = Instant::now();
    loop {
        let replicas = balancer.admin.replicas().await?;
        if !replicas.contains(victim) && replicas.len() == wanted {
            return Ok(Instant::now());
        }
        if begun.elapsed() > REPLACED_WITHIN {
            bail!("{victim} was killed {REPLACED_WITHIN:?} ago; /rep lists {replicas:?}, {wanted} are wanted");
        }
        sleep(LOOK_EVERY).await;
    }
}

/// What lb says of how long the ejection of `name` took since the event `before`; nothing where this version doesn't tell, or
/// saw no sign.
async fn own_words(balancer: &Balancer, name: &str, before: u64) -> anyhow::Result<Option<f64>> {
    let events = balancer.admin.events().await?.context("GET /v1/events: no events")?.events;
    Ok(told_ms(&events, name, before))
}

/// Its detail begins with the time: `16.9 ms after it ended`. The first, for that is the answer to the blow.
fn told_ms(events: &[Event], name: &str, before: u64) -> Option<f64> {
    let told = events.iter().find(|event| event.id > before && event.kind == "ejected" && event.name == name)?;
    told.detail.split_once(" ms")?.0.parse().ok()
}

/// Whether from this event on `name` gets no more sessions.
pub(super) fn is_out(event: &Event, name: &str) -> bool {
    event.name == name && matches!(event.kind.as_str(), "down" | "died" | "paused")
}

/// When the victim was taken out, by the events after `last`, and the next one of its seat that is ready.
fn death_and_replacement(events: &[Event], victim: &Backend, last: u64) -> Option<(Event, Event)> {
    let new = || events.iter().filter(|event| event.id > last);
    let out = new().find(|event| is_out(event, &victim.name))?;
    let ready = new().find(|event| event.kind == "ready" && event.seat == victim.seat && event.id > out.id)?;
    Some((out.clone(), ready.clone()))
}

#[cfg(test)]
mod tests;
