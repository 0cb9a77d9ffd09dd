//! What is read from a scrape, and what isn't there.

use super::{Metrics, Turns};

const PAGE: &str = "# HELP lb_workers Data-plane threads started.\n\
    # TYPE lb_workers gauge\n\
    lb_workers 2\n\
    lb_worker_turn_max_seconds 0.0035\n\
    lb_answers_total{status=\"502\"} 3\n\
    lb_answers_total{status=\"504\"} 4\n\
    lb_sessions_replayed_total 7\n\
    lb_turn_seconds_bucket{le=\"0.002\",worker=\"0\"} 90\n\
    lb_turn_seconds_bucket{le=\"0.002\",worker=\"1\"} 95\n\
    lb_turn_seconds_bucket{le=\"0.01\",worker=\"0\"} 100\n\
    lb_turn_seconds_bucket{le=\"0.01\",worker=\"1\"} 99\n\
    lb_turn_seconds_count{worker=\"0\"} 100\n\
    lb_turn_seconds_count{worker=\"1\"} 100\n\
    # EOF\n";

#[test]
fn samples_are_summed_over_their_labels() {
    let metrics = Metrics::parse(PAGE);
    assert_eq!(metrics.sum("lb_workers"), Some(2.0));
    assert_eq!(metrics.sum("lb_answers_total"), Some(7.0));
    assert_eq!(metrics.replays(), Some(7.0));
    assert_eq!(metrics.longest_turn_ms(), Some(3.5));
}

#[test]
fn turns_over_a_bound_are_those_that_its_bucket_does_not_hold() {
    let metrics = Metrics::parse(PAGE);
    assert_eq!((metrics.turns_over(0.002), metrics.turns_over(0.01)), (Some(15.0), Some(1.0)));
    let mut turns = Turns::of(&metrics);
    turns.add(Turns { longest_ms: Some(2.0), over: [Some(1.0), None] });
    let words = "longest worker turn: 3.50 ms (must <= 10 ms: met, aim <= 2 ms: missed); 16 turns over 2 ms, 1 turns over \
                 10 ms";
    assert_eq!(turns.in_words(), words);
}

#[test]
fn what_is_not_there_is_nothing_and_not_zero() {
    let metrics = Metrics::parse("haproxy_process_uptime_seconds 3\n");
    assert_eq!((metrics.replays(), metrics.turns_over(0.01), metrics.longest_turn_ms()), (None, None, None));
    assert!(Turns::of(&metrics).in_words().contains("not counted by this version"));
}
