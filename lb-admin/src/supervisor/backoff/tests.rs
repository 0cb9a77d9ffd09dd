//! Tests of [`super`].

use super::*;

fn rng() -> fastrand::Rng {
    fastrand::Rng::with_seed(1)
}

#[test]
fn the_first_loss_is_made_good_at_once() {
    assert_eq!(Backoff::default().after_failure(None, &mut rng()), Duration::ZERO);
    assert_eq!(Backoff::default().after_failure(Some(Duration::ZERO), &mut rng()), Duration::ZERO);
}

#[test]
fn starts_that_never_become_ready_back_off_to_the_cap() {
    let mut backoff = Backoff::default();
    let mut rng = rng();
    let delays: Vec<_> = (0..40).map(|_| backoff.after_failure(None, &mut rng)).collect();
    for (delay, exact) in delays[1..].iter().zip([100, 200, 400, 800, 1600, 3200, 6400]) {
        let (low, high) = (Duration::from_millis(exact * 8 / 10), Duration::from_millis(exact * 12 / 10));
        assert!((low..=high).contains(delay), "{delay:?} for {exact} ms");
    }
    assert!(delays.iter().all(|delay| *delay <= INTERVAL_MAX));
    assert!(delays[20..].iter().all(|delay| *delay >= INTERVAL_MAX.mul_f64(1.0 - JITTER)));
}

#[test]
fn a_replica_that_had_been_ready_is_replaced_within_half_a_second() {
    let mut backoff = Backoff::default();
    let mut rng = rng();
    for _ in 0..100 {
        assert!(backoff.after_failure(Some(Duration::ZERO), &mut rng) <= LOST_INTERVAL_MAX);
    }
    assert_eq!(backoff.after_failure(Some(Duration::from_secs(1)), &mut rng), Duration::ZERO);
}

#[test]
fn ten_healthy_seconds_forget_the_failures() {
    let mut backoff = Backoff::default();
    let mut rng = rng();
    for _ in 0..10 {
        backoff.after_failure(None, &mut rng);
    }
    assert_eq!(backoff.after_failure(Some(HEALTHY_AFTER), &mut rng), Duration::ZERO);
    assert_eq!(backoff.failures(), 1);
}
