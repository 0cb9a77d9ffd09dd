//! Asks the engine which labelled containers run, and tells the set: every few seconds, and at once when it says something.
//!
//! Events are hints; the list is the truth, and each that runs is inspected for its address and ports. An engine that
//! doesn't answer (not yet, or no longer) says nothing about containers: the set stays as it was told last. What is wrong is
//! said once, when it begins. What makes a container a backend is [`super`]'s to decide, what becomes of it the membership's.

use std::collections::HashSet;
use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use super::{ENABLE, Facts, backends};
use crate::config::DockerDiscovery;
use crate::discovery::Source;
use crate::membership::state::Input;
use crate::supervisor::container::{is_in_container, is_ours};
use crate::supervisor::docker::{Condition, Engine, EngineError, Inspected};

/// Between two looks while nothing is heard.
const LOOK_INTERVAL: Duration = Duration::from_secs(3);
/// Between two looks at the least, however much is heard: a container may start and die all day.
const LOOK_PAUSE: Duration = Duration::from_millis(100);
/// Containers inspected at a time.
const INSPECTIONS_MAX: usize = 8;
/// Between two attempts at an event stream, doubling up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Tells `found` the set of the containers that run, until the control plane ends.
pub(crate) async fn watch(discovery: DockerDiscovery, found: mpsc::UnboundedSender<Input>) {
    let (engine, look_now) = (Engine::from_environment(), Notify::new());
    tokio::select! {
        () = patrol(&engine, &look_now, &discovery, &found) => {}
        never = listen(&engine, &look_now) => match never {},
    }
}

/// Ends when nobody wants to hear any more.
async fn patrol(engine: &Engine, look_now: &Notify, discovery: &DockerDiscovery, found: &mpsc::UnboundedSender<Input>) {
    let mut said = Said::default();
    loop {
        let looked = look(engine).await.map(|containers| backends(&containers, &discovery.network));
        let (set, complaints) = match looked {
            Ok((backends, reasons)) => (Some(backends), reasons),
            Err(error) => (None, vec![format!("{error}; the backends stay as they were until it answers")]),
        };
        for complaint in said.new_ones(complaints) {
            tracing::warn!("{}: {complaint}", Source::Docker);
        }
        // Also where nothing has changed: a name that was taken may be free by now.
        if let Some(backends) = set
            && found.send(Input::Discovered { source: Source::Docker, backends }).is_err()
        {
            return;
        }
        sleep(LOOK_PAUSE).await;
        let _heard_or_time = timeout(LOOK_INTERVAL, look_now.notified()).await;
    }
}

/// All that are labelled, the oldest first: of two with one name it is the younger that is left out.
async fn look(engine: &Engine) -> Result<Vec<Facts>, EngineError> {
    let listed = engine.list(&format!("{ENABLE}=true")).await?;
    let running = listed.into_iter().rev().filter(|listed| listed.condition == Condition::Running);
    let inspections = running.map(|listed| async move { engine.inspect(&listed.id).await });
    let mut inspected = stream::iter(inspections).buffered(INSPECTIONS_MAX);
    let mut containers = Vec::new();
    while let Some(inspection) = inspected.next().await {
        match inspection {
            Ok(container) => containers.push(facts(container, is_out_of_reach)),
            // Gone since it was listed.
            Err(EngineError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(containers)
}

/// By the gateway of a network. From within a container a port of the host is no way at all.
fn is_out_of_reach(gateway: IpAddr) -> bool {
    !is_ours(gateway) && !is_in_container()
}

fn facts(container: Inspected, is_far: impl Fn(IpAddr) -> bool) -> Facts {
    let Inspected { name, labels, condition, networks, gateways, exposed_tcp, on_loopback, .. } = container;
    Facts {
        name,
        labels,
        runs: condition == Condition::Running,
        exposed_tcp,
        addresses: networks.into_iter().filter_map(|(name, address)| Some((name, address?))).collect(),
        far: gateways.into_iter().filter(|(_, gateway)| is_far(*gateway)).map(|(name, _)| name).collect(),
        on_loopback,
    }
}

/// Has the engine looked at when it says that something has happened, or that it is there again.
async fn listen(engine: &Engine, look_now: &Notify) -> Infallible {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Ok(mut events) = engine.events(&format!("{ENABLE}=true")).await {
            look_now.notify_one();
            while let Some(Ok(_)) = events.next().await {
                pause = FIRST_PAUSE;
                look_now.notify_one();
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// What has been complained of and still holds.
#[derive(Debug, Default)]
struct Said(HashSet<String>);

impl Said {
    /// Those of `complaints` that weren't there the last time.
    fn new_ones(&mut self, complaints: Vec<String>) -> Vec<String> {
        let before = std::mem::replace(&mut self.0, complaints.iter().cloned().collect());
        complaints.into_iter().filter(|complaint| !before.contains(complaint)).collect()
    }
}

#[cfg(test)]
mod tests;
