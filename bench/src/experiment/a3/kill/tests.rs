//! Which events belong to a kill, and times between two clocks.

use std::time::Duration;

use tokio::time::Instant;

use super::{Clock, death_and_replacement, told_ms};
use crate::balancer::Backend;
use crate::balancer::admin::Event;

fn event(id: u64, kind: &str, name: &str, seat: u32) -> Event {
    Event { id, at_ms: id as f64 * 10.0, kind: kind.to_owned(), name: name.to_owned(), seat, detail: String::new() }
}

fn victim() -> Backend {
    let (name, state) = ("S1".to_owned(), "ready".to_owned());
    Backend { name, seat: 1, pid: None, state, sessions: 0, supervised: true, weight: 1.0 }
}

#[test]
fn the_replacement_is_who_is_ready_in_the_victims_seat_after_its_death() {
    let mut events = vec![
        event(1, "ready", "S1", 1),
        event(2, "died", "S1", 1),
        event(3, "ready", "S2", 2),
        event(4, "started", "S7", 1),
    ];
    assert!(death_and_replacement(&events, &victim(), 1).is_none(), "nobody is ready yet");
    events.push(event(5, "ready", "S7", 1));
    let (died, ready) = death_and_replacement(&events, &victim(), 1).unwrap();
    assert_eq!((died.id, ready.name.as_str()), (2, "S7"));
    assert!(death_and_replacement(&events, &victim(), 2).is_none(), "that death was an earlier one");
}

#[test]
fn a_time_from_our_clock_to_the_balancers_is_what_lies_between() {
    let at = Instant::now();
    let clock = Clock { now_ms: 1000.0, at, last_event: 0 };
    let died = Event { at_ms: 1012.5, ..event(1, "died", "S1", 1) };
    assert!((clock.since(at + Duration::from_millis(10), &died) - 2.5).abs() < 1e-6);
}

#[test]
fn the_balancers_own_time_is_that_of_this_blow_and_not_of_an_earlier_one() {
    let ejected = |id, name, detail: &str| Event { detail: detail.to_owned(), ..event(id, "ejected", name, 1) };
    let events = [
        ejected(1, "S1", "900.0 ms after it was paused"),
        ejected(3, "S2", "800.0 ms after it ended"),
        ejected(4, "S1", "16.9 ms after it ended"),
        ejected(5, "S1", "700.0 ms after a connect was refused"),
    ];
    assert_eq!(told_ms(&events, "S1", 2), Some(16.9));
    assert_eq!(told_ms(&events, "S1", 5), None);
    assert_eq!(told_ms(&[ejected(7, "S1", "soon")], "S1", 0), None);
}
