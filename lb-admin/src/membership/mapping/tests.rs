//! What two mappings have in common, and how many are kept.

use lb_core::ring::{Member, Ring, RingConfig, Rule};

use super::*;

fn seated(name: &str, number: u32) -> Seated {
    let seat = Seat::numbered(number);
    let weight = Weight::ONE;
    Seated { name: name.into(), seat, weight, drained: false, max_connections: None, supervised: true, places: vec![] }
}

fn ring(slots: u32) -> Ring {
    Ring::new(RingConfig::new(Rule::Rendezvous, Some(slots), 0).unwrap())
}

fn mapping(members: &[Seated]) -> Mapping {
    let mut ring = ring(64);
    let before = Mapping::nothing(&ring.slot_map(), 3);
    for member in members {
        ring.add(Member { seat: member.seat, weight: member.weight }).unwrap();
    }
    let owners = Owners::new(&ring.slot_map(), |_| true);
    before.next(SystemTime::now(), "start".to_owned(), members.to_vec(), owners)
}

#[test]
fn neither_names_nor_order_make_another_mapping() {
    let before = mapping(&[seated("a", 1), seated("b", 2)]);
    assert!(before.is_of(&[seated("b", 2), seated("other", 1)]));
    assert!(!before.is_of(&[seated("a", 1)]));
    assert!(!before.is_of(&[seated("a", 1), seated("b", 3)]));
    let heavier = Seated { weight: Weight::MAX, ..seated("a", 1) };
    let drained = Seated { drained: true, ..seated("a", 1) };
    let limited = Seated { max_connections: Some(0), ..seated("a", 1) };
    for changed in [heavier, drained, limited] {
        assert!(!before.is_of(&[seated("b", 2), changed]));
    }
}

#[test]
fn what_came_what_changed_and_what_went_is_named() {
    let before = mapping(&[seated("a", 1), seated("b", 2), seated("c", 3)]);
    let changed = Seated { drained: true, ..seated("b", 2) };
    let after = mapping(&[seated("a2", 1), changed, seated("d", 4)]);
    let names = before.changed_names(&after);
    assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), ["b", "d", "c"]);
    assert_eq!((before.epoch, before.diff.moved), (4, 64));
}

#[test]
fn so_many_are_kept_and_fewer_where_they_are_large() {
    for (slots, kept) in [(64, EPOCHS_MAX), (1 << 20, 16)] {
        let map = ring(slots).slot_map();
        let mut history = History::new(Arc::new(Mapping::nothing(&map, 0)));
        for _ in 0..70 {
            let next = history.newest().next(SystemTime::now(), "x".to_owned(), vec![], Owners::new(&map, |_| true));
            history.push(next);
        }
        assert_eq!((history.iter().count(), history.newest().epoch), (kept, 70), "{slots}");
        assert!(history.get(70).is_some() && history.get(70 - kept as u64).is_none(), "{slots}");
    }
}
