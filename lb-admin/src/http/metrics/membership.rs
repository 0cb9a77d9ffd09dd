//! What the control plane is at: replicas, the table, the state folder, the autoscaler.

use crate::autoscale::Readings;
use crate::membership::command::Membership;
use crate::membership::mapping::Mapping;
use crate::membership::snapshot::{Scaled, Snapshot};

use super::histograms::{healed, waited};
use super::page::Page;

/// Writes all of it.
pub(super) fn write(page: &mut Page, snapshot: &Snapshot, membership: &Membership) {
    page.gauge("replicas_target", "Replicas that the supervisor keeps alive", snapshot.target);
    let ready = snapshot.backends.iter().filter(|view| view.supervised && view.is_ready()).count();
    page.gauge("replicas_ready", "Replicas that get sessions now", ready);
    page.counter("replicas_replaced", "Replicas replaced since start", snapshot.replaced);
    let help = "From the first sign that a backend is lost (a refused connect, a lost request, its end) to the moment from \
                which no worker routes to it";
    page.histograms("ejection_seconds", help, [([], waited(membership.healing().ejection()))]);
    let help = "From the loss of a backend that was ready to the moment when its seat is ready again";
    page.histograms("recovery_seconds", help, [([], healed(membership.healing().recovery()))]);
    let fails_open = "1 while so many members hang that their checks are suspected and they are routed to";
    page.gauge("failing_open", fails_open, u8::from(snapshot.fails_open));
    page.counter("fail_open", "Times that the checks came to be suspected (--max-ejected)", snapshot.fail_opens);
    ring(page, snapshot.history.newest());
    page.gauge("table_version", "Version of the published ring table", snapshot.version);
    let saving = membership.saving();
    let failing = "1 while the membership can't be written to the state directory: /add and /rm are refused";
    page.gauge("state_write_failing", failing, u8::from(saving.is_failing()));
    page.counter("state_write_failures", "Failed writes of the membership", saving.failures());
    page.gauge("draining", "1 while the process is stopping", u8::from(snapshot.draining));
}

/// Of the mapping that is wanted now; who is down keeps its slots.
fn ring(page: &mut Page, mapping: &Mapping) {
    let (owners, diff) = (&mapping.owners, &mapping.diff);
    page.gauge("ring_slots", "Slots of the table", owners.config().slots());
    page.gauge("ring_epoch", "Number of the mapping from slots to seats", mapping.epoch);
    // As many bits as a Prometheus value keeps.
    let digest = "52 bits of a digest of who owns which slot: equal on balancers that agree";
    page.gauge("ring_digest", digest, owners.digest() >> 12);
    let ratio = owners.max_over_mean().map(|ratio| ([], ratio));
    page.gauges("ring_max_over_mean", "Largest share of the slots, against what its weight asks for", ratio);
    page.gauge("ring_moved_slots", "Slots that the last change of the mapping has moved", diff.moved);
    page.gauge("ring_ideal_moved_slots", "The least that it had to move", diff.ideal);
    let unnecessary = "Slots that it has moved between backends of which neither gained against the other";
    page.gauge("ring_unnecessary_moved_slots", unnecessary, diff.unnecessary);
}

/// Only where there is one.
pub(super) fn write_autoscaler(page: &mut Page, readings: &Readings, scaled: Scaled) {
    page.gauge("autoscale_desired", "Replicas that the load asks for now, within the bounds", readings.desired());
    let steps = [("up", scaled.up), ("down", scaled.down)].map(|(way, steps)| ([("direction", way.to_owned())], steps));
    page.counters("autoscale_steps", "Steps of the autoscaler", steps);
}
