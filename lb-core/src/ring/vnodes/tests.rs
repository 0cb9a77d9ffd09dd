//! The circle of vnodes: pingora-ketama as the oracle for how even it is and how little it disrupts.

use std::net::{Ipv4Addr, SocketAddr};

use pingora_ketama::{Bucket, Continuum, DEFAULT_POINT_MULTIPLE};

use super::*;
use crate::ring::fixtures::{full, map, member, members, owner_numbers, weighted};
use crate::ring::*;

const RING: Rule = Rule::Ring { vnodes: VNODES_DEFAULT };

/// Who owns each of 65,536 keys on pingora's circle, by port; `weights[i]` is that of port i + 1.
fn ketama_owners(weights: &[u32]) -> Vec<u16> {
    let buckets: Vec<Bucket> = (1u16..)
        .zip(weights)
        .map(|(port, &weight)| Bucket::new(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), weight))
        .collect();
    let circle = Continuum::new(&buckets);
    (0u32..65_536).map(|key| circle.node(&key.to_le_bytes()).unwrap().port()).collect()
}

fn our_owners(weights: &[u32]) -> Vec<u16> {
    let members = (1..).zip(weights).map(|(number, &weight)| weighted(number, weight * 1000));
    owner_numbers(&map(full(RING), members)).into_iter().map(|number| number as u16).collect()
}

/// Each owner's share over what its weight is due; the order is that of the weights.
fn share_ratios(owners: &[u16], weights: &[u32]) -> Vec<f64> {
    let total: u32 = weights.iter().sum();
    let owned = |port: u16| owners.iter().filter(|&&owner| owner == port).count() as f64;
    let due = |weight: u32| owners.len() as f64 * f64::from(weight) / f64::from(total);
    (1u16..).zip(weights).map(|(port, &weight)| owned(port) / due(weight)).collect()
}

#[test]
fn the_default_number_of_vnodes_is_that_of_ketama() {
    assert_eq!(VNODES_DEFAULT, DEFAULT_POINT_MULTIPLE);
}

#[test]
fn shares_are_as_even_as_those_of_ketama() {
    for weights in [&[1; 2][..], &[1; 3], &[1; 6], &[1; 20], &[1, 2, 3], &[4, 1, 1, 10]] {
        for (whose, owners) in [("ours", our_owners(weights)), ("ketama's", ketama_owners(weights))] {
            for (ratio, &weight) in share_ratios(&owners, weights).into_iter().zip(weights) {
                // Four standard deviations: a share made of v arcs scatters by 1/√v.
                let bound = 4.0 / f64::from(weight * VNODES_DEFAULT).sqrt();
                assert!((ratio - 1.0).abs() < bound, "{whose} for {weights:?}: weight {weight} has {ratio} of its due");
            }
        }
    }
}

#[test]
fn a_new_member_disrupts_as_little_as_with_ketama() {
    for n in [2, 3, 6, 20] {
        let (before, after) = (vec![1; n], vec![1; n + 1]);
        for (whose, owners) in [("ours", our_owners as fn(&[u32]) -> _), ("ketama's", ketama_owners)] {
            let (before, after) = (owners(&before), owners(&after));
            let moved: Vec<u16> = before.iter().zip(&after).filter(|(b, a)| b != a).map(|(_, &a)| a).collect();
            assert!(moved.iter().all(|&to| usize::from(to) == n + 1), "{whose}, {n} members: moved between the others");
            let share = moved.len() as f64 * (n + 1) as f64 / before.len() as f64;
            assert!((share - 1.0).abs() < 0.32, "{whose}, {n} members: {share} of what the new one is due");
        }
    }
}

#[test]
fn a_slot_belongs_to_the_first_vnode_at_or_after_its_start() {
    // Few slots and vnodes, so that many slots hold no vnode or several; and an M that doesn't divide 2^64.
    for slots in [1, 2, 7, 100, 1024] {
        let config = RingConfig::new(Rule::Ring { vnodes: 5 }, Some(slots), 3).unwrap();
        let map = map(config, members(4));
        let circle = circle(3, 5, map.members());
        for slot in 0..slots {
            let starts_before = |at: u64| u128::from(at) * u128::from(slots) >= u128::from(slot) << 64;
            let first = circle.iter().find(|vnode| starts_before(vnode.at)).unwrap_or(&circle[0]);
            assert_eq!(map.ranked(slot)[0], first.member, "slot {slot} of {slots}");
        }
    }
}

#[test]
fn vnodes_are_in_proportion_to_the_weight_and_never_none() {
    for (thousandths, expected) in [(1000, 160), (1, 1), (3, 1), (10, 2), (1500, 240), (256_000, 40_960)] {
        assert_eq!(count(160, weighted(1, thousandths).weight), expected, "{thousandths}");
    }
}

#[test]
fn vnodes_at_the_same_place_are_ordered_by_identity() {
    let mut circle = [Vnode { at: 5, member: 2 }, Vnode { at: 5, member: 1 }, Vnode { at: 4, member: 3 }];
    circle.sort_unstable();
    assert_eq!(circle.map(|vnode| vnode.member), [3, 1, 2]);
}

#[test]
fn a_member_of_the_smallest_weight_can_be_reached() {
    let map = map(full(RING), [weighted(1, 1), member(2), member(3)]);
    assert!(map.shares().iter().all(|share| share.slots > 0), "{:?}", map.shares());
}
