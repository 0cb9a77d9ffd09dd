//! The line that says who is ready.

use std::sync::Arc;
use std::time::SystemTime;

use lb_admin::membership::mapping::{History, Mapping};
use lb_admin::membership::snapshot::{BackendView, Origin, Scaled};
use lb_core::backend::Weight;
use lb_core::ring::{Ring, RingConfig, RingTable, Rule};

use super::*;

fn snapshot(states: &[(&str, BackendState)]) -> Snapshot {
    let view = |&(name, state): &(&str, BackendState)| BackendView {
        name: name.into(),
        seat: 1,
        weight: Weight::ONE,
        drained: false,
        state,
        since: SystemTime::UNIX_EPOCH,
        supervised: true,
        origin: Origin::Replica,
        container: None,
        pid: None,
        listed: true,
        failures: 0,
        restarts: 0,
        checks: None,
        backend: None,
    };
    let config = RingConfig::new(Rule::Rendezvous, Some(1), 0).expect("one slot");
    let slots = Ring::new(config).slot_map();
    let backends = states.iter().map(view).collect();
    Snapshot {
        version: 1,
        backends,
        target: 0,
        history: Arc::new(History::new(Arc::new(Mapping::nothing(&slots, 1)))),
        table: Arc::new(RingTable::new(1, Arc::clone(&slots), [])),
        slots,
        draining: false,
        replaced: 0,
        changes: 0,
        scaled: Scaled::default(),
        fails_open: false,
        fail_opens: 0,
    }
}

#[test]
fn whoever_is_ready_is_named() {
    let all = snapshot(&[("S1", BackendState::Ready), ("S2", BackendState::Ready)]);
    assert_eq!(ready_line(&all, Duration::from_millis(40)), "ready: 2 of 2 backends after 0.04 s: S1 S2");
    let one = snapshot(&[("S1", BackendState::Starting), ("S2", BackendState::Ready)]);
    let line = ready_line(&one, Duration::from_secs(8));
    assert_eq!(line, "ready: 1 of 2 backends after 8.00 s: S2; the others are still being tried");
}

#[test]
fn nobody_at_all_is_fine_too() {
    assert_eq!(ready_line(&snapshot(&[]), Duration::ZERO), "ready: 0 of 0 backends after 0.00 s");
}
