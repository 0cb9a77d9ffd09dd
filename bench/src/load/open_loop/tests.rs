//! A fixed arrival rate: what is due is charged to the balancer, sent or not.

use std::time::Duration;

use super::super::tally::FailureKind;
use super::super::test_server::{answer_of, on_one_thread, serve};
use super::super::{Arrivals, Connections, Gauge, Plan, run};

#[test]
fn every_arrival_is_sent_once_and_not_before_it_is_due() {
    on_one_thread(async {
        let (front, seen) = serve(|_| answer_of("S1"), false).await;
        let plan = Plan {
            arrivals: Arrivals::PerSecond(2_000.0),
            connections: Connections::KeepAlive,
            ..Plan::each_once(front, 100)
        };
        let gauge = Gauge::default();
        let tally = run(&plan, &gauge).await;
        assert_eq!((tally.answered, tally.failed(), gauge.done(), seen.requests.get()), (100, 0, 100, 100));
        // The last of 100 is due after 99 intervals of 0.5 ms.
        assert!(tally.elapsed >= Duration::from_micros(49_500), "{:?}", tally.elapsed);
    });
}

#[test]
fn a_stall_is_charged_with_every_request_that_was_due_meanwhile() {
    on_one_thread(async {
        let (silent, _) = serve(|_| String::new(), false).await;
        let plan = Plan {
            arrivals: Arrivals::PerSecond(1_000.0),
            concurrency: 1,
            request_timeout: Duration::from_millis(50),
            ..Plan::each_once(silent, 20)
        };
        let plan = Plan { time_max: Duration::from_millis(40), ..plan };
        let tally = run(&plan, &Gauge::default()).await;
        // One client: the first request is the only one that could be sent.
        assert_eq!(tally.failed.get(&FailureKind::TimedOut), Some(&1));
        assert_eq!(tally.failed.get(&FailureKind::NotSent), Some(&19));
    });
}

#[test]
fn a_request_that_waited_for_a_connection_has_the_wait_in_its_latency() {
    on_one_thread(async {
        let (front, _) = serve(|_| answer_of("S1"), false).await;
        let rushed = Arrivals::PerSecond(1_000_000.0);
        let plan = Plan { arrivals: rushed, concurrency: 1, ..Plan::each_once(front, 200) };
        let tally = run(&plan, &Gauge::default()).await;
        // All are due at once, so the last one's latency is the whole run and the median half of it.
        let elapsed_ms = tally.elapsed.as_secs_f64() * 1000.0;
        assert!(tally.latency_ms(100.0) > 0.8 * elapsed_ms && tally.latency_ms(50.0) > 0.2 * elapsed_ms, "{tally}");
    });
}
