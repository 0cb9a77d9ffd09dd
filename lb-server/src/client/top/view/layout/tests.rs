//! Lines for every height.

use proptest::prelude::*;

use super::*;

fn sum(layout: Layout) -> usize {
    let Layout { facts, verdict, table, flow, pane, foot } = layout;
    facts + verdict + table + flow + pane + foot
}

#[test]
fn twenty_four_lines_show_verdict_backends_and_events() {
    let few = layout(24, Wanted { verdict: 2, table: 4, pane: 40 });
    assert_eq!((few.facts, few.verdict, few.table, few.foot), (1, 2, 4, 1));
    assert!(few.pane >= PANE_MIN, "{few:?}");
    let many = layout(24, Wanted { verdict: 3, table: 51, pane: 40 });
    assert!(many.table >= TABLE_MIN && many.pane >= PANE_MIN, "{many:?}");
}

#[test]
fn the_verdict_is_what_stays_last() {
    let tiny = layout(2, Wanted { verdict: 1, table: 4, pane: 40 });
    assert_eq!((tiny.verdict, tiny.facts, sum(tiny)), (1, 1, 2));
}

proptest! {
    #[test]
    fn no_line_is_given_twice_and_none_is_left(height in 0_usize..200, verdict in 1_usize..5, table in 1_usize..300, pane in 1_usize..1200) {
        let layout = layout(height, Wanted { verdict, table, pane });
        prop_assert_eq!(sum(layout), height);
        prop_assert!(layout.table <= table);
    }
}
