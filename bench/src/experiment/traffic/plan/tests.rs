//! Plans repeat, cover what they shall cover, and are found again by their first bytes.

use super::{End, PIECE_MAX, Plan, Preface, READ_MAX, Wire};

#[test]
fn a_seed_and_a_number_give_the_same_plan_again() {
    let both = [Plan::new(1, 2), Plan::new(1, 2)].map(|plan| format!("{plan:?}"));
    assert_eq!(both[0], both[1]);
    assert_ne!(both[0], format!("{:?}", Plan::new(2, 2)));
    assert_ne!(Plan::new(1, 2).sent_by(End::Client).0.first_wrong(0, &[0; 64]), None);
}

#[test]
fn a_quarter_is_aborted_by_either_end_and_every_size_and_order_comes() {
    let plans: Vec<Plan> = (0..20_000).map(|id| Plan::new(5, id)).collect();
    let share = |fact: fn(&Plan) -> bool| plans.iter().filter(|plan| fact(plan)).count() as f64 / plans.len() as f64;
    assert!((share(|plan| plan.abort.is_some()) - 0.25).abs() < 0.02);
    assert!((share(|plan| plan.abort_of(End::Client).is_some()) - 0.125).abs() < 0.02);
    assert!(share(|plan| plan.sent_by(End::Backend).1 > 1_000_000) > 0.005, "long enough to be spliced");
    assert!(share(|plan| plan.sent_by(End::Client).1 < 100) > 0.02);
    assert!(share(|plan| plan.waits(End::Client)) > 0.1 && share(|plan| plan.waits(End::Backend)) > 0.1);
    assert!(share(|plan| plan.wire == Wire::Raw) > 0.2);
    assert!(plans.iter().all(|plan| plan.piece_max <= PIECE_MAX && plan.read_max <= READ_MAX));
    assert!(plans.iter().all(|plan| plan.abort.is_none_or(|(who, after)| after < plan.sent_by(who).1)));
}

#[test]
fn the_backend_finds_the_number_in_the_first_bytes_however_few_came_at_first() {
    for id in 0..100 {
        let preface = Plan::new(3, id).preface();
        for cut in 0..preface.len() {
            assert_eq!(Preface::of(&preface[..cut]), Preface::Incomplete, "{cut} bytes of {id}");
        }
        let with_more = [&preface[..], b"more"].concat();
        assert_eq!(Preface::of(&with_more), Preface::Of { id, length: preface.len() });
    }
    assert_eq!(Preface::of(b"GET / HTTP/1.1\r\n\r\n"), Preface::Probe);
    assert_eq!(Preface::of(b"hello"), Preface::Foreign);
}
