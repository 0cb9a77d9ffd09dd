//! The histograms of `/metrics` after a known number of requests.

use crate::support::{Lb, eventually};

const REQUESTS: u64 = 50;

#[test]
fn after_n_requests_each_histogram_has_counted_n() {
    let lb = Lb::with_replicas(2, &[]);
    let series = ["connect", "first_byte", "session"].map(|what| format!("lb_{what}_seconds"));
    for id in 0..REQUESTS {
        assert_eq!(lb.get(&format!("/request?request_id={id}")).status, 200);
    }
    let page = eventually("every session has ended", || {
        let page = lb.ask_admin("GET", "/metrics", "");
        (page.metric("lb_connections_closed_total") == REQUESTS as f64).then_some(page)
    });
    for name in series {
        assert_eq!(page.metric(&format!("{name}_count")), REQUESTS as f64, "{name}");
        let all = format!("{name}_bucket{{le=\"+Inf\"}} {REQUESTS}");
        assert!(page.text().lines().any(|line| line == all), "{all} is missing");
        assert!(page.metric(&format!("{name}_sum")) < 60.0 * REQUESTS as f64, "{name} is in seconds");
    }
    assert!(page.metric("lb_turn_seconds_count") > 0.0);
}
