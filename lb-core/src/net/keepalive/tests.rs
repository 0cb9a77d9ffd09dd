//! How crowds of sockets are spread, against a model of the kernel that loses their probes.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};

use proptest::prelude::*;

use super::*;

/// `net.core.netdev_max_backlog` as every distribution leaves it.
const BACKLOG: usize = 1_000;
/// What timers of 32 s and more are rounded up to, 250 ticks a second.
const TICK_250_MS: u64 = 2_048;
/// The same with 1,000.
const TICK_1000_MS: u64 = 4_096;

/// Plays the keepalive of sockets that fell silent at the same moment. In each tick of the idle timer the first
/// [`BACKLOG`] probes are answered, the others ask again after their interval. Gives the sockets that lost all probes,
/// and the most that asked at once.
fn play(timings: impl Iterator<Item = Timing>, tick_ms: u64) -> (usize, usize) {
    let mut due = BTreeMap::<u64, Vec<(Timing, u32)>>::new();
    for timing in timings {
        let at_ms = (timing.idle.as_millis() as u64).next_multiple_of(tick_ms);
        due.entry(at_ms).or_default().push((timing, 1));
    }
    let (mut dead, mut most) = (0, 0);
    while let Some((at_ms, asking)) = due.pop_first() {
        most = most.max(asking.len());
        for (timing, probes) in asking.into_iter().skip(BACKLOG) {
            if probes == PROBES {
                dead += 1;
            } else {
                let again_ms = at_ms + timing.interval.as_millis() as u64;
                due.entry(again_ms).or_default().push((timing, probes + 1));
            }
        }
    }
    (dead, most)
}

#[test]
fn nine_thousand_silent_sessions_overflow_no_backlog() {
    for first in [0, 12_345, u32::MAX - 10_000] {
        // Of a client and a backend each.
        let crowd = (0..18_000).map(|number| Timing::of(first.wrapping_add(number)));
        let (dead, most) = play(crowd, TICK_250_MS);
        assert!(dead == 0 && most <= BACKLOG, "{dead} dead, {most} at once");
    }
}

#[test]
fn a_crowd_that_does_overflow_it_parts_before_all_probes_are_lost() {
    for tick_ms in [TICK_250_MS, TICK_1000_MS] {
        let (dead, most) = play((0..200_000).map(Timing::of), tick_ms);
        assert!(most > BACKLOG, "{most} at once");
        assert_eq!(dead, 0);
    }
}

/// What this file was changed for: as many sockets as `lb-bench hold` opens, all with one timing.
#[test]
fn a_crowd_in_step_loses_whom_the_backlog_has_no_room_for() {
    let in_step = Timing { idle: Duration::from_secs(60), interval: Duration::from_secs(10) };
    let (dead, most) = play(std::iter::repeat_n(in_step, 8_600), TICK_250_MS);
    assert_eq!((dead, most), (8_600 - 6 * BACKLOG, 8_600));
}

proptest! {
    #[test]
    fn numbers_that_follow_one_another_are_spread_evenly(first in any::<u32>(), count in 1_u32..30_000) {
        let (mut idle, mut both) = (BTreeMap::<u64, u32>::new(), BTreeMap::<(u64, u64), u32>::new());
        for number in 0..count {
            let timing = Timing::of(first.wrapping_add(number));
            *idle.entry(timing.idle.as_secs()).or_default() += 1;
            *both.entry((timing.idle.as_secs(), timing.interval.as_secs())).or_default() += 1;
        }
        // Within a handful of the even share: the discrepancy of such a sequence grows with the logarithm of its length.
        prop_assert!(idle.keys().all(|idle_s| (60..120).contains(idle_s)));
        prop_assert!(idle.values().all(|&sockets| sockets <= count / IDLE_TIMES + 6), "{idle:?}");
        prop_assert!(both.keys().all(|(_, interval_s)| (8..13).contains(interval_s)));
        prop_assert!(both.values().all(|&sockets| sockets <= count / IDLE_TIMES / INTERVALS + 6), "{both:?}");
    }
}

#[test]
fn a_socket_has_what_its_timing_says() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let timing = Timing { idle: Duration::from_secs(77), interval: Duration::from_secs(9) };
    let socket = SockRef::from(&stream);
    set(&socket, timing).unwrap();
    assert!(socket.keepalive().unwrap());
    let said = (socket.tcp_keepalive_time().unwrap(), socket.tcp_keepalive_interval().unwrap());
    assert_eq!((said, socket.tcp_keepalive_retries().unwrap()), ((timing.idle, timing.interval), PROBES));
}
