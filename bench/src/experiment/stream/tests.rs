//! What clients that ask on and on see, and when they end.

use std::future::Future;

use tokio::time::{Duration, Instant, timeout};

use super::{IDS, KillSeen, Log, Stream};
use crate::load::test_server::{answer_of, on_one_thread, serve};

async fn until(fact: impl Fn() -> bool) {
    let looking = async {
        while !fact() {
            tokio::task::yield_now().await;
        }
    };
    within_10_s(looking).await;
}

async fn within_10_s<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(10), future).await.expect("it comes true in time")
}

#[test]
fn requests_in_flight_are_known_by_the_replica_that_answered_their_ids_before() {
    on_one_thread(async {
        let (front, seen) = serve(|id| answer_of(if id % 2 == 0 { "S1" } else { "S2" }), true).await;
        let stream = Stream::start(front, 8);
        assert_eq!((stream.in_flight("S1"), stream.first_answer_ms("S1")), (0, None));
        // A whole round of ids, so that each one's replica is known.
        until(|| seen.requests.get() > IDS + 100).await;
        assert_eq!(stream.in_flight("S1") + stream.in_flight("S2"), 8);
        let now_ms = stream.at_ms(Instant::now());
        assert!(stream.first_answer_ms("S1").is_some_and(|first_ms| first_ms <= now_ms));
        let log = within_10_s(stream.stop()).await;
        assert_eq!((log.tally.answered, log.failures.len()), (seen.requests.get(), 0));
    });
}

#[test]
fn a_kill_has_interrupted_what_was_under_way_and_ended_without_the_victims_answer() {
    let mut log = Log::new();
    let (victim, other) = (log.replica("S1", 0.0), log.replica("S2", 0.0));
    let before = Instant::now();
    let at = before + Duration::from_millis(1);
    log.kill = Some(KillSeen { victim, at: Some(at), interrupted: Vec::new() });
    log.ended(victim, before, None);
    log.ended(victim, before, Some("S2"));
    assert_eq!(log.kill.as_ref().unwrap().interrupted(), 2);
    log.ended(victim, before, Some("S1"));
    log.ended(victim, at + Duration::from_millis(1), None);
    log.ended(other, before, None);
    assert_eq!(log.kill.as_ref().unwrap().interrupted(), 2, "answered, asked later, or another's");
}

#[test]
fn failures_are_kept_with_their_time_and_a_dead_front_ends_nothing() {
    on_one_thread(async {
        let (front, seen) = serve(|_| "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n".to_owned(), true).await;
        let stream = Stream::start(front, 2);
        until(|| seen.requests.get() >= 6).await;
        let log = within_10_s(stream.stop()).await;
        assert_eq!((log.tally.answered, log.tally.failed() as usize), (0, log.failures.len()));
        assert!(log.failures.is_sorted_by_key(|failure| failure.at_ms) && log.failures.len() >= 6);
    });
}
