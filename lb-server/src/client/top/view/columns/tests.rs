//! Which columns there are, for every width.

use proptest::prelude::*;

use super::*;

fn names(room: usize, longest: usize) -> Vec<Column> {
    columns(room, longest).into_iter().map(|(column, _)| column).collect()
}

fn total(columns: &[(Column, usize)]) -> usize {
    CURSOR + columns.iter().map(|(_, width)| width).sum::<usize>() + GAP * columns.len().saturating_sub(1)
}

#[test]
fn eighty_columns_show_what_matters() {
    use Column::{Age, Errors, Latency, Name, Open, Rate, Share, Spark, State};
    let shown = names(80, 7);
    for column in [Name, State, Age, Share, Open, Rate, Spark, Latency] {
        assert!(shown.contains(&column), "{column:?}: {shown:?}");
    }
    assert!(names(90, 7).contains(&Errors));
    assert_eq!(names(120, 12).len(), 12, "all of them");
}

#[test]
fn a_long_name_is_worth_more_than_the_last_columns() {
    assert_eq!(columns(80, 20)[0], (Column::Name, 20));
    assert_eq!(columns(80, 60)[0], (Column::Name, 24));
    assert_eq!(columns(5, 20), [(Column::Name, 3)]);
}

proptest! {
    #[test]
    fn they_fit_and_more_room_takes_none_away(room in 0_usize..400, longest in 0_usize..70) {
        let chosen = columns(room, longest);
        prop_assert!(total(&chosen) <= room.max(CURSOR));
        prop_assert!(chosen.is_sorted());
        let more = names(room + 1, longest);
        prop_assert!(chosen.iter().all(|(column, _)| more.contains(column)));
    }
}
