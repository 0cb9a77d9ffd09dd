//! The metrics page: its names, its labels, and which series end.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::Request;
use lb_core::backend::BackendState;
use lb_core::backend::places::PlaceLimits;
use lb_core::control::Control;
use lb_core::ring::{Member, Owners, Ring};

use super::super::routes;
use super::super::testing::{Scripted, agreeing, ask, members, ready, send};
use crate::health::rise_fall::Outcome;
use crate::membership::mapping::{History, Mapping};
use crate::membership::snapshot::{BackendView, CheckRecord, Snapshot};

pub(super) async fn page(scripted: &Scripted) -> String {
    let got = ask(&routes::admin(scripted.api.clone(), true), "GET", "/metrics", "").await;
    assert_eq!(got.content_type(), "text/plain; version=0.0.4; charset=utf-8");
    got.body
}

/// Every metric has its HELP and TYPE before its samples, a prefix, a base unit and the suffixes of its type.
fn check_samples(page: &str, counter_is_named_with_total: bool) {
    let mut typed = String::new();
    for line in page.lines().filter(|line| *line != "# EOF") {
        if let Some(name) = line.strip_prefix("# HELP ") {
            assert!(name.starts_with("lb_"), "{line}");
        } else if let Some(descriptor) = line.strip_prefix("# TYPE ") {
            descriptor.clone_into(&mut typed);
        } else {
            let (name, kind) = typed.split_once(' ').unwrap();
            let suffixes: &[&str] = match kind {
                "counter" if counter_is_named_with_total => &[""],
                "counter" => &["_total"],
                "histogram" => &["_sum", "_count", "_bucket"],
                _ => &[""],
            };
            let sample = line.split(['{', ' ']).next().unwrap();
            let suffix = sample.strip_prefix(name).unwrap();
            assert!(suffixes.contains(&suffix), "{line}");
            assert!(kind != "counter" || sample.ends_with("_total"), "{line}");
            assert!(kind != "histogram" || name.ends_with("_seconds"), "{line}");
            assert!(!sample.contains("_us") && !sample.contains("_ms"), "{line}");
            let labels = line.split_once('{').map_or("", |(_, rest)| rest.rsplit_once('}').unwrap().0);
            let may_have = |label: &str| LABELS.contains(&label) || (name, label) == ("lb_build_info", "version");
            for label in labels.split(',').filter_map(|label| label.split('=').next()).filter(|name| !name.is_empty()) {
                assert!(may_have(label), "{line}");
            }
        }
    }
}

/// All that there are: their values are few. `le` is the format's own.
const LABELS: [&str; 6] = ["backend", "state", "reason", "result", "direction", "le"];

#[tokio::test]
async fn every_metric_has_help_type_prefix_a_base_unit_and_no_label_of_many_values() {
    let scripted = agreeing(&["S1"]);
    check_samples(&page(&scripted).await, true);
}

#[tokio::test]
async fn openmetrics_is_written_for_those_who_ask_for_it() {
    let scripted = agreeing(&["S1"]);
    // As Prometheus 2.42 asks.
    let accept = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                  text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    let request = Request::builder().uri("/metrics").header("Accept", accept).body(Body::empty()).unwrap();
    let got = send(&routes::admin(scripted.api.clone(), true), request).await;
    assert_eq!(got.content_type(), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    check_samples(&got.body, false);
    assert!(got.body.ends_with("# EOF\n"), "{}", got.body);
}

#[tokio::test]
async fn backends_count_under_their_name() {
    let members = members(&["S1", "S2"]);
    let backend = members.backends[0].backend.as_ref().unwrap();
    Control::without_workers().limit_places(backend, PlaceLimits { places: 2, waiting: 2 });
    let places = backend.places().unwrap();
    assert!(places.take() && places.take() && places.wait(1).is_ok());
    let scripted = agreeing(&[]);
    scripted.snapshot.send_replace(members.into());
    let snapshot = scripted.api.membership.snapshot();
    let cell = snapshot.backends[1].backend.as_ref().unwrap().counters.cell(0);
    cell.sessions.add(9);
    cell.ended.add(8);
    cell.bytes_to_client.add(1_000);
    let page = page(&scripted).await;
    for line in [
        r#"lb_backend_sessions_total{backend="S2"} 9"#,
        r#"lb_backend_sessions_open{backend="S2"} 1"#,
        r#"lb_backend_sent_bytes_total{backend="S2"} 1000"#,
        r#"lb_backend_state{backend="S1",state="ready"} 1"#,
        r#"lb_backends{state="ready"} 2"#,
        r#"lb_backends{state="down"} 0"#,
        r#"lb_sessions_unkeyed_total{reason="random"} 0"#,
        r#"lb_answers_total{reason="503"} 0"#,
        r#"lb_backend_places_open{backend="S1"} 2"#,
        r#"lb_backend_places_max{backend="S1"} 2"#,
        r#"lb_backend_sessions_waiting{backend="S1"} 1"#,
        "lb_sessions_queued_total 0",
        "lb_queue_timeouts_total 0",
        "lb_queue_full_total 0",
        "lb_sessions_spilled_total 0",
        "lb_sessions_evicted_total 0",
        r#"lb_connections_refused_total{reason="source_limit"} 0"#,
        "lb_requests_pinned_total 0",
        r#"lb_replays_total{reason="reset"} 0"#,
        r#"lb_replays_total{reason="closed"} 0"#,
        r#"lb_replays_total{reason="deadline"} 0"#,
        "lb_replays_refused_total 0",
        "lb_heads_held_total 0",
        "lb_spliced_bytes_total 0",
        "lb_splice_fallbacks_total 0",
        "lb_pipes_lent 0",
        "lb_replicas_target 2",
        "lb_replicas_replaced_total 2",
        "lb_draining 0",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is missing in\n{page}");
    }
}

#[tokio::test]
async fn the_autoscaler_shows_what_it_wants_where_there_is_one() {
    let mut scripted = agreeing(&["S1"]);
    assert!(!page(&scripted).await.contains("autoscale"));
    let readings = Arc::new(crate::autoscale::Readings::default());
    readings.note_desired(5);
    scripted.api.autoscale = Some(readings);
    let page = page(&scripted).await;
    for line in [
        "lb_autoscale_desired 5",
        r#"lb_autoscale_steps_total{direction="up"} 3"#,
        r#"lb_autoscale_steps_total{direction="down"} 1"#,
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is missing in\n{page}");
    }
}

#[tokio::test]
async fn the_series_of_a_removed_backend_end() {
    let scripted = agreeing(&["S1", "S2"]);
    assert!(page(&scripted).await.contains(r#"backend="S2""#));
    scripted.snapshot.send_replace(members(&["S1"]).into());
    assert!(!page(&scripted).await.contains(r#"backend="S2""#));
}

#[tokio::test]
async fn a_name_given_to_another_while_its_last_holder_drains_has_the_series_of_the_new_one() {
    let scripted = agreeing(&[]);
    let mut snapshot = members(&["S1"]);
    snapshot.backends.push(BackendView { state: BackendState::Draining, ..ready("S1", 2) });
    let sessions = |place: usize| &snapshot.backends[place].backend.as_ref().unwrap().counters.cell(0).sessions;
    sessions(0).add(3);
    sessions(1).add(100);
    scripted.snapshot.send_replace(snapshot.clone().into());
    let page = page(&scripted).await;
    assert!(page.contains("\nlb_backend_sessions_total{backend=\"S1\"} 3\n"), "{page}");
    let mut samples: Vec<&str> =
        page.lines().filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series).collect();
    let all = samples.len();
    samples.sort_unstable();
    samples.dedup();
    assert_eq!(samples.len(), all, "no series is there twice");
}

#[tokio::test]
async fn a_backend_is_up_or_not_has_a_weight_and_says_how_its_checks_went() {
    let scripted = agreeing(&[]);
    let mut snapshot = members(&["S1", "S2"]);
    let checks = Arc::new(CheckRecord::default());
    checks.note(&Outcome::Good, Duration::from_millis(4), SystemTime::UNIX_EPOCH);
    checks.note(&Outcome::Refused, Duration::from_millis(250), SystemTime::UNIX_EPOCH);
    let down = BackendView { state: BackendState::Down, restarts: 2, checks: Some(checks), ..ready("S2", 2) };
    let first_byte = &down.backend.as_ref().unwrap().counters.cell(1).first_byte;
    first_byte.record(1000);
    first_byte.record(5000);
    snapshot.backends[1] = down;
    scripted.snapshot.send_replace(snapshot.into());
    let page = page(&scripted).await;
    for line in [
        r#"lb_backend_up{backend="S1"} 1"#,
        r#"lb_backend_up{backend="S2"} 0"#,
        r#"lb_backend_weight{backend="S2"} 1"#,
        r#"lb_backend_restarts_total{backend="S2"} 2"#,
        r#"lb_checks_total{backend="S2",result="good"} 1"#,
        r#"lb_checks_total{backend="S2",result="refused"} 1"#,
        r#"lb_checks_total{backend="S2",result="bad"} 0"#,
        r#"lb_check_last_seconds{backend="S2"} 0.25"#,
        r#"lb_backend_first_byte_seconds_bucket{backend="S2",le="0.000256"} 0"#,
        r#"lb_backend_first_byte_seconds_bucket{backend="S2",le="0.001024"} 1"#,
        r#"lb_backend_first_byte_seconds_bucket{backend="S2",le="0.016384"} 2"#,
        r#"lb_backend_first_byte_seconds_sum{backend="S2"} 0.006"#,
        r#"lb_backend_first_byte_seconds_count{backend="S1"} 0"#,
        "lb_replicas_ready 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is missing in\n{page}");
    }
}

#[tokio::test]
async fn a_suspicion_of_the_checks_is_a_gauge_and_how_often_it_began_a_counter() {
    let scripted = agreeing(&[]);
    let suspecting = Snapshot { fails_open: true, fail_opens: 3, ..members(&["S1"]) };
    scripted.snapshot.send_replace(suspecting.into());
    let page = page(&scripted).await;
    assert!(page.contains("\nlb_failing_open 1\n") && page.contains("\nlb_fail_open_total 3\n"), "{page}");
}

/// The same with its backends in the mapping, which is the one after that of nobody.
pub(super) fn mapped(mut snapshot: Snapshot) -> Snapshot {
    let mut ring = Ring::new(*snapshot.slots.config());
    for view in &snapshot.backends {
        ring.add(Member { seat: view.backend.as_ref().unwrap().seat, weight: view.weight }).unwrap();
    }
    let owners = Owners::new(&ring.slot_map(), |_| true);
    let nothing = Mapping::nothing(&snapshot.slots, 12);
    let mapping = nothing.next(SystemTime::UNIX_EPOCH, "start".into(), Vec::new(), owners);
    snapshot.history = Arc::new(History::new(Arc::new(mapping)));
    snapshot
}

#[tokio::test]
async fn the_ring_tells_its_epoch_its_digest_and_what_its_last_change_has_moved() {
    let scripted = agreeing(&[]);
    scripted.snapshot.send_replace(mapped(members(&["S1", "S2"])).into());
    let page = page(&scripted).await;
    for line in [
        "lb_ring_slots 65536",
        "lb_ring_epoch 13",
        "lb_ring_moved_slots 65536",
        "lb_ring_ideal_moved_slots 65536",
        "lb_ring_unnecessary_moved_slots 0",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is missing in\n{page}");
    }
    let value = |name: &str| -> f64 {
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is missing")).parse().unwrap()
    };
    assert!((1.0..1.05).contains(&value("lb_ring_max_over_mean")));
    let digest = scripted.api.membership.snapshot().history.newest().owners.digest();
    assert_eq!(value("lb_ring_digest") as u64, digest >> 12, "no bit is lost");
}
