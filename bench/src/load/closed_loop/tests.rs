//! Which ids a run asks for, and when it ends.

use std::time::Duration;

use super::super::test_server::{answer_of, on_one_thread, serve};
use super::super::{Connections, Gauge, Plan, run};

#[test]
fn every_id_is_asked_for_once_and_its_replica_remembered() {
    on_one_thread(async {
        let (front, seen) = serve(|id| answer_of(if id % 4 == 0 { "S1" } else { "S2" }), true).await;
        let gauge = Gauge::default();
        let tally = run(&Plan::each_once(front, 400), &gauge).await;
        assert_eq!((tally.answered, tally.failed(), gauge.done(), seen.requests.get()), (400, 0, 400, 400));
        assert_eq!(tally.per_replica().into_iter().collect::<Vec<_>>(), [("S1", 100), ("S2", 300)]);
        assert_eq!((tally.replica_of(8), tally.replica_of(9)), (Some("S1"), Some("S2")));
    });
}

#[test]
fn the_ids_are_repeated_until_the_bound() {
    on_one_thread(async {
        let (front, _) = serve(|id| answer_of(&id.to_string()), false).await;
        let plan = Plan {
            ids: 7..=8,
            requests_max: 5,
            concurrency: 1,
            connections: Connections::KeepAlive,
            ..Plan::each_once(front, 1)
        };
        let tally = run(&plan, &Gauge::default()).await;
        assert_eq!(tally.per_replica().into_iter().collect::<Vec<_>>(), [("7", 3), ("8", 2)]);
    });
}

#[test]
fn a_run_ends_when_its_time_is_up_or_its_gauge_is_stopped() {
    on_one_thread(async {
        let (front, _) = serve(|_| answer_of("S1"), false).await;
        let endless = Plan { requests_max: u64::MAX, concurrency: 2, ..Plan::each_once(front, 10) };
        let stopped = Gauge::default();
        stopped.stop();
        assert_eq!(run(&endless, &stopped).await.answered, 0);
        let timed = Plan { time_max: Duration::from_millis(20), ..endless };
        assert_eq!(run(&timed, &Gauge::default()).await.failed(), 0);
    });
}
