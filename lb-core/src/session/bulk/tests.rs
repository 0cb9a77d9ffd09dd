//! When a direction is taken for bulk, and when not any more.

use super::*;

#[test]
fn a_direction_is_bulk_from_its_first_full_read_on() {
    let mut bulk = Bulk::new(Splice::Bulk);
    assert!(!bulk.wants_pipe(), "most messages are small");
    bulk.filled_whole_read();
    assert!(bulk.wants_pipe());
}

#[test]
fn it_stays_bulk_while_much_comes_between_two_empty_moments() {
    let mut bulk = Bulk::new(Splice::Bulk);
    bulk.filled_whole_read();
    for _ in 0..3 {
        bulk.moved(BULK_BYTES_MIN as usize / 2);
        bulk.moved(BULK_BYTES_MIN as usize / 2);
        bulk.emptied();
        assert!(bulk.wants_pipe());
    }
    bulk.moved(BULK_BYTES_MIN as usize - 1);
    bulk.emptied();
    assert!(!bulk.wants_pipe(), "small messages are copied for less");
    bulk.filled_whole_read();
    assert!(bulk.wants_pipe());
}

#[test]
fn without_a_pipe_it_copies_asks_at_every_full_read_and_says_so_once() {
    let mut bulk = Bulk::new(Splice::Bulk);
    bulk.filled_whole_read();
    assert!(bulk.denied());
    assert!(!bulk.wants_pipe());
    bulk.filled_whole_read();
    assert!(bulk.wants_pipe());
    assert!(!bulk.denied(), "the same want is counted once");
    bulk.filled_whole_read();
    bulk.moved(1);
    assert!(bulk.denied(), "it had one meanwhile");
}

#[test]
fn never_and_always_are_meant() {
    let mut never = Bulk::new(Splice::Never);
    never.filled_whole_read();
    assert!(!never.wants_pipe());
    let mut always = Bulk::new(Splice::Always);
    assert!(always.wants_pipe());
    always.moved(1);
    always.emptied();
    assert!(always.wants_pipe());
}
