//! The laws of the ring, each a property test over random members, weights and histories.
//!
//! Small tables (M = 509 or 512) where a law doesn't depend on M, and more members than there are ranks, so that the
//! fallbacks' edge is met too. What holds for one rule only is tested with that rule.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::fixtures::{
    RULES, RULES_OF_SETS, difference, map, member, owner_numbers, ranked_numbers, ring, small, table, weighted,
};
use super::*;
use crate::backend::{Seat, Weight};

const LINEAR: Rule = Rule::Assignment { probing: Probing::Linear };
/// Those under which nothing moves between members that stay.
const STEADY: [Rule; 2] = [RULES_OF_SETS[0], RULES_OF_SETS[1]];

/// Weights as people give them: mostly 1, some others, seldom an extreme.
fn weight() -> impl Strategy<Value = u32> {
    prop_oneof![4 => Just(1000), 3 => 100u32..5000, 1 => select(vec![1, 256_000])]
}

/// 1 to 24 members with distinct numbers.
fn some_members() -> impl Strategy<Value = Vec<Member>> {
    btree_map(0u32..1000, weight(), 1..25)
        .prop_map(|members| members.into_iter().map(|(number, weight)| weighted(number, weight)).collect())
}

/// 1 to 20 members of weight 1: as many as `assignment` surely has room for.
fn some_seats() -> impl Strategy<Value = Vec<Member>> {
    proptest::collection::btree_set(0u32..1000, 1..21).prop_map(|numbers| numbers.into_iter().map(member).collect())
}

/// A step in a ring's history, on one of a few seats so that adding, reweighting and removing meet.
#[derive(Clone, Debug)]
enum Step {
    Add(u32, u32),
    Remove(u32),
    Reweight(u32, u32),
    Build,
}

fn history() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0u32..24, weight()).prop_map(|(number, weight)| Step::Add(number, weight)),
        2 => (0u32..24).prop_map(Step::Remove),
        1 => (0u32..24, weight()).prop_map(|(number, weight)| Step::Reweight(number, weight)),
        3 => Just(Step::Build),
    ];
    vec(step, 0..100)
}

fn live_through(ring: &mut Ring, history: &[Step]) {
    for step in history {
        // Refusals (a seat that is there already, or isn't) are part of the history.
        let _refused_or_not = match *step {
            Step::Add(number, weight) => ring.add(weighted(number, weight)),
            Step::Remove(number) => ring.remove(&Seat::numbered(number)),
            Step::Reweight(number, thousandths) => {
                ring.set_weight(&Seat::numbered(number), Weight::from_thousandths(thousandths).unwrap())
            }
            Step::Build => {
                ring.slot_map();
                Ok(())
            }
        };
    }
}

/// The owners before and after of every slot that moved.
fn moved(before: &SlotMap, after: &SlotMap) -> Vec<(u32, u32)> {
    let pairs = owner_numbers(before).into_iter().zip(owner_numbers(after));
    pairs.filter(|(before, after)| before != after).collect()
}

/// An order by chance.
fn mixed(member: &Member, seed: u64) -> u64 {
    member.seat.identity().0.wrapping_mul(seed | 1).rotate_left(17)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_restored_ring_equals_the_original_slot_for_slot(
        seats in some_seats(),
        leavers in vec(any::<proptest::sample::Index>(), 0..8),
        rule in select(&RULES[..4]),
        seed in any::<u64>(),
    ) {
        let mut original = ring(small(rule), seats.clone());
        for leaver in leavers {
            let _gone_already = original.remove(&leaver.get(&seats).seat);
        }
        let mut restored = Ring::new(small(rule));
        // In any order: what is saved holds all that the history has left behind.
        let mut members = original.members().to_vec();
        members.sort_by_key(|member| mixed(member, seed));
        for member in members {
            restored.restore(member, &original.places(&member.seat)).unwrap();
        }
        prop_assert_eq!(ranked_numbers(&restored.slot_map()), ranked_numbers(&original.slot_map()));
        let next = member(1001);
        prop_assert_eq!(restored.add(next), original.add(next));
        prop_assert_eq!(ranked_numbers(&restored.slot_map()), ranked_numbers(&original.slot_map()));
    }

    #[test]
    fn every_slot_has_an_owner_iff_there_is_a_backend(members in some_seats(), rule in select(&RULES[..4])) {
        let mut ring = ring(small(rule), members.clone());
        let map = ring.slot_map();
        prop_assert!((0..map.config().slots()).all(|slot| map.owner(slot).is_some()));
        prop_assert_eq!(map.shares().iter().map(|share| share.slots).sum::<u32>(), map.config().slots());
        for member in &members {
            ring.remove(&member.seat).unwrap();
        }
        let map = ring.slot_map();
        prop_assert!((0..map.config().slots()).all(|slot| map.owner(slot).is_none()));
    }

    #[test]
    fn a_slot_ranks_as_many_members_as_it_can_and_none_twice(members in some_seats(), rule in select(&RULES[..4])) {
        for ranked in ranked_numbers(&map(small(rule), members.clone())) {
            prop_assert_eq!(ranked.len(), members.len().min(RANKS_MAX));
            prop_assert!((1..ranked.len()).all(|rank| !ranked[..rank].contains(&ranked[rank])), "{:?}", ranked);
        }
    }

    #[test]
    fn adding_moves_exactly_what_the_new_one_gains_and_removing_what_it_loses(
        members in some_members(), new in 1000u32..2000, new_weight in weight(), rule in select(&STEADY[..]),
    ) {
        let mut ring = ring(small(rule), members);
        let without = ring.slot_map();
        ring.add(weighted(new, new_weight)).unwrap();
        let with = ring.slot_map();
        let share = owner_numbers(&with).iter().filter(|&&owner| owner == new).count();
        let gained = moved(&without, &with);
        prop_assert!(gained.iter().all(|&(_, after)| after == new));
        prop_assert_eq!(gained.len(), share);
        prop_assert_eq!(difference(&without, &with).unnecessary, 0);

        ring.remove(&Seat::numbered(new)).unwrap();
        let lost = moved(&with, &ring.slot_map());
        prop_assert!(lost.iter().all(|&(before, _)| before == new));
        prop_assert_eq!(lost.len(), share);
        prop_assert_eq!(difference(&with, &ring.slot_map()).unnecessary, 0);
    }

    #[test]
    fn under_assignment_a_change_moves_only_to_the_new_and_only_from_the_removed(
        members in some_seats(), new in 1000u32..2000, gone in any::<prop::sample::Index>(),
    ) {
        let gone = gone.get(&members).seat;
        let mut ring = ring(small(LINEAR), members);
        let before = ring.slot_map();
        ring.add(member(new)).unwrap();
        let with = ring.slot_map();
        prop_assert!(moved(&before, &with).iter().all(|&(_, after)| after == new));
        ring.remove(&gone).unwrap();
        prop_assert!(moved(&with, &ring.slot_map()).iter().all(|&(before, _)| before == gone.number()));
    }

    #[test]
    fn equal_sets_give_equal_tables_whatever_the_order(
        (sorted, shuffled) in some_members().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        rule in select(&RULES_OF_SETS[..]),
    ) {
        let (sorted, shuffled) = (map(small(rule), sorted), map(small(rule), shuffled));
        prop_assert_eq!(ranked_numbers(&sorted), ranked_numbers(&shuffled));
    }

    #[test]
    fn equal_sets_give_equal_tables_whatever_the_history(history in history(), rule in select(&RULES_OF_SETS[..])) {
        let mut ring = Ring::new(small(rule));
        live_through(&mut ring, &history);
        let from_scratch = map(small(rule), ring.members().to_vec());
        prop_assert_eq!(ranked_numbers(&ring.slot_map()), ranked_numbers(&from_scratch));
    }

    #[test]
    fn a_weight_change_moves_only_towards_or_away_from_that_one(
        members in some_members(), chosen in any::<prop::sample::Index>(), new_weight in weight(),
        rule in select(&STEADY[..]),
    ) {
        let chosen = *chosen.get(&members);
        let mut ring = ring(small(rule), members);
        let before = ring.slot_map();
        ring.set_weight(&chosen.seat, Weight::from_thousandths(new_weight).unwrap()).unwrap();
        let after = ring.slot_map();
        let number = chosen.seat.number();
        let heavier = new_weight > chosen.weight.thousandths();
        let receiver_or_giver = |(from, to)| if heavier { to } else { from };
        prop_assert!(moved(&before, &after).into_iter().all(|pair| receiver_or_giver(pair) == number));
        prop_assert_eq!(difference(&before, &after).unnecessary, 0);
    }

    #[test]
    fn candidates_visit_every_ready_backend_exactly_once_and_end(
        members in some_seats(), ready in vec(any::<bool>(), 20), slot in 0u32..509, rule in select(&RULES[..4]),
    ) {
        let ready: Vec<u32> =
            members.iter().zip(ready).filter(|(_, ready)| *ready).map(|(member, _)| member.seat.number()).collect();
        let table = table(map(small(rule), members), ready.clone());
        let mut candidates = Candidates::new(slot);
        let visited = std::iter::from_fn(|| candidates.next(&table));
        let mut visited: Vec<u32> = visited.map(|index| table.backend(index).unwrap().seat.number()).collect();
        visited.sort_unstable();
        prop_assert_eq!(visited, ready);
    }
}
