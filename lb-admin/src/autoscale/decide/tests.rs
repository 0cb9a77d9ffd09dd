//! The autoscaler's decisions against a world of replicas that start slowly: bounds, convergence, rest.

use proptest::prelude::*;

use super::*;

const COOLDOWN: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_secs(1);

fn config(min: u32, max: u32) -> AutoscaleConfig {
    AutoscaleConfig { min, max, target_inflight: 20, target_cpu: None, cooldown: COOLDOWN }
}

/// Replicas that do what they are told, each ready some looks after it was asked for.
struct World {
    decider: Decider,
    now: Instant,
    target: u32,
    /// Looks until each of these is ready.
    starting: Vec<u32>,
    start_looks: u32,
    down: u32,
    changes: u64,
    /// The target after each step.
    steps: Vec<u32>,
}

impl World {
    fn new(config: AutoscaleConfig, target: u32) -> Self {
        let now = Instant::now();
        let decider = Decider::new(config, now);
        Self { decider, now, target, starting: Vec::new(), start_looks: 2, down: 0, changes: 0, steps: Vec::new() }
    }

    fn look(&mut self, in_flight: u64, cpu_percent: Option<f64>) -> Decision {
        self.now += LOOK;
        self.starting = self.starting.iter().filter(|looks| **looks > 1).map(|looks| looks - 1).collect();
        let coming = self.starting.len() as u32;
        let ready = self.target - coming - self.down;
        let seen = Observed { in_flight, cpu_percent, ready, coming, target: self.target, changes: self.changes };
        let decision = self.decider.decide(&seen, self.now);
        if let Some(Step { to, .. }) = &decision.step {
            self.starting.extend((self.target..*to).map(|_| self.start_looks));
            self.starting.truncate(*to as usize);
            self.target = *to;
            self.steps.push(*to);
        }
        decision
    }

    fn looks(&mut self, times: u32, in_flight: u64) {
        (0..times).for_each(|_| drop(self.look(in_flight, None)));
    }

    /// By hand.
    fn change(&mut self, target: u32) {
        self.target = target;
        self.starting.clear();
        self.changes += 1;
    }
}

#[test]
fn a_load_that_lasts_is_met_in_a_few_steps_up_and_left_one_at_a_time() {
    let mut world = World::new(config(2, 8), 2);
    world.looks(6, 140);
    assert_eq!(world.target, 7, "{:?}", world.steps);
    assert!(world.steps.len() <= 3, "several at once: {:?}", world.steps);
    world.steps.clear();
    world.looks(70, 0);
    assert_eq!(world.steps, [6, 5, 4, 3, 2]);
}

#[test]
fn a_burst_that_is_over_in_a_second_starts_nothing() {
    let mut world = World::new(config(1, 8), 1);
    world.looks(5, 0);
    world.looks(1, 100);
    world.looks(20, 0);
    assert_eq!(world.steps, [0; 0]);
}

#[test]
fn nothing_is_removed_before_a_cooldown_without_need() {
    let mut world = World::new(config(1, 8), 4);
    for _ in 0..20 {
        world.looks(8, 0);
        // Often enough that the average wants four once in every cooldown.
        world.looks(1, 160);
    }
    assert_eq!(world.target, 4, "{:?}", world.steps);
}

#[test]
fn a_load_near_the_target_is_left_alone() {
    let mut world = World::new(config(1, 8), 3);
    world.looks(100, 65);
    assert_eq!(world.steps, [0; 0], "65 is within a tenth of 3 × 20");
    world.looks(4, 67);
    assert_eq!(world.steps, [4]);
}

#[test]
fn the_reason_is_said_in_words() {
    let mut world = World::new(config(2, 5), 3);
    let step = (0..6).find_map(|_| world.look(75, None).step).expect("a step");
    assert_eq!((step.to, step.why.as_str()), (4, "75 in flight, target 20 each"));
    let step = (0..9).find_map(|_| world.look(400, None).step).expect("a step");
    assert!(step.to == 5 && step.why.ends_with("in flight, target 20 each, at most 5"), "{step:?}");
    let step = (0..99).find_map(|_| world.look(0, None).step).expect("a step");
    assert_eq!((step.to, step.why.as_str()), (4, "0 in flight, target 20 each, no need for 10 s"));
    world.change(1);
    let step = (0..99).find_map(|_| world.look(0, None).step).expect("a step");
    assert_eq!((step.to, step.why.as_str()), (2, "at least 2 are asked for"));
}

#[test]
fn of_sessions_and_cpu_the_larger_wish_counts() {
    let config = AutoscaleConfig { target_cpu: Some(50), ..config(1, 8) };
    let mut world = World::new(config, 1);
    (0..6).for_each(|_| drop(world.look(10, Some(190.0))));
    assert_eq!(world.target, 4);
    let mut world = World::new(config, 1);
    (0..6).for_each(|_| drop(world.look(100, Some(30.0))));
    assert_eq!(world.target, 5);
    let mut world = World::new(config, 1);
    (0..6).for_each(|_| drop(world.look(30, None)));
    assert_eq!(world.target, 2, "what isn't known wishes nothing");
}

#[test]
fn replicas_that_are_down_are_no_capacity() {
    let mut world = World::new(config(1, 8), 3);
    world.down = 1;
    world.looks(6, 60);
    assert_eq!(world.target, 4, "three are needed, and one of three is down");
}

#[test]
fn replicas_that_are_starting_are_not_asked_for_again() {
    let mut world = World::new(config(1, 8), 1);
    world.start_looks = 30;
    world.looks(25, 80);
    assert_eq!(world.target, 4, "{:?}", world.steps);
}

#[test]
fn too_few_by_hand_are_made_up_for_after_a_cooldown() {
    let mut world = World::new(config(3, 8), 3);
    world.looks(5, 0);
    world.change(1);
    world.looks(COOLDOWN.as_secs() as u32, 0);
    assert_eq!(world.target, 1, "not before");
    world.looks(2, 0);
    assert_eq!(world.target, 3);
}

proptest! {
    #[test]
    fn it_never_steps_out_of_its_bounds(
        min in 1_u32..6,
        more in 0_u32..6,
        loads in proptest::collection::vec((0_u64..2000, 0.0_f64..900.0), 1..300),
    ) {
        let config = AutoscaleConfig { target_cpu: Some(60), ..config(min, min + more) };
        let mut world = World::new(config, min);
        for (in_flight, cpu) in loads {
            let decision = world.look(in_flight, Some(cpu));
            prop_assert!((min..=min + more).contains(&decision.desired));
            prop_assert!((min..=min + more).contains(&world.target));
        }
    }

    #[test]
    fn a_constant_load_is_met_and_then_left_alone(
        begin in 1_u32..9,
        in_flight in 0_u64..400,
        start_looks in 1_u32..6,
    ) {
        let mut world = World::new(config(1, 8), begin);
        world.start_looks = start_looks;
        world.looks(120, in_flight);
        let met = world.target;
        let (least, most) = (in_flight as f64 / 22.0, (in_flight as f64 / 18.0).ceil().max(1.0));
        prop_assert!(met == 8 || f64::from(met) >= least, "{met} for {in_flight}");
        prop_assert!(f64::from(met) <= most, "{met} for {in_flight}");
        let is_monotone = world.steps.is_sorted() || world.steps.is_sorted_by(|one, other| one >= other);
        prop_assert!(is_monotone, "it flapped: {:?}", world.steps);
        world.steps.clear();
        world.looks(200, in_flight);
        prop_assert_eq!(world.steps, Vec::<u32>::new());
    }

    #[test]
    fn a_load_that_trembles_by_a_twentieth_does_not_make_it_flap(
        begin in 1_u32..9,
        in_flight in 0_u64..400,
        noise in proptest::collection::vec(0.95_f64..1.05, 400),
    ) {
        let mut world = World::new(config(1, 8), begin);
        for factor in noise {
            world.looks(1, (in_flight as f64 * factor) as u64);
        }
        let turns = world.steps.windows(3).filter(|steps| (steps[0] < steps[1]) != (steps[1] < steps[2])).count();
        prop_assert!(turns <= 1, "{:?}", world.steps);
    }

    #[test]
    fn more_load_never_wants_fewer(capacity in 0_u32..20, load in 0.0_f64..1000.0, more in 0.0_f64..1000.0) {
        let measure = |load| Measure { load, target: 20.0, is_cpu: false };
        prop_assert!(measure(load).wish(capacity) <= measure(load + more).wish(capacity));
    }

    #[test]
    fn it_keeps_its_hands_off_for_a_cooldown_after_a_change_by_hand(
        before in proptest::collection::vec(0_u64..400, 0..60),
        target in 0_u32..9,
        after in proptest::collection::vec(0_u64..400, 10),
    ) {
        let mut world = World::new(config(1, 8), 3);
        before.into_iter().for_each(|load| world.looks(1, load));
        world.change(target);
        world.steps.clear();
        after.into_iter().for_each(|load| world.looks(1, load));
        prop_assert_eq!(world.steps, Vec::<u32>::new());
    }
}
