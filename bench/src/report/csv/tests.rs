//! Charts of each kind as tables, and the cells that need quotes.

use super::*;
use crate::report::chart::Ideal;

fn chart(kind: Kind) -> Chart {
    let x_label = "time, s".to_owned();
    Chart { stem: "sample", title: "A sample".to_owned(), x_label, y_label: "requests".to_owned(), kind }
}

#[test]
fn every_series_is_a_column_and_what_was_not_measured_is_empty() {
    let series = [("S1, \"first\"", vec![1.0, f64::NAN]), ("S2", vec![2.5])];
    let series = series.map(|(name, values)| Series { name: name.to_owned(), values }).to_vec();
    let table =
        Table::of(&chart(Kind::Lines { x: vec![0.5, 1.0], series, spread: Some(vec![(0.0, 3.0), (1.0, 4.0)]) }));
    let wanted = "\"time, s\",\"S1, \"\"first\"\"\",S2,lowest,highest\r\n0.5,1,2.5,0,3\r\n1,,,1,4\r\n";
    assert_eq!(table.to_csv(), wanted);
}

#[test]
fn an_ideal_is_a_column_beside_the_bars() {
    let series = vec![Series { name: "measured".to_owned(), values: vec![3.0, 4.0] }];
    let ideal = Some(Ideal { label: "1/N".to_owned(), value: 3.5, noise: 0.5 });
    let kind = Kind::Bars { groups: vec!["a".to_owned(), "b".to_owned()], series, ideal };
    assert_eq!(Table::of(&chart(kind)).to_csv(), "group,measured,1/N,noise\r\na,3,3.5,0.5\r\nb,4,3.5,0.5\r\n");
}

#[test]
fn marks_are_a_table_of_their_own() {
    let stack = |marks| chart(Kind::Stack { x: vec![0.0], series: Vec::new(), marks });
    let marks = Table::of_marks(&stack(vec![Mark { x: 1.5, label: "kill" }])).unwrap();
    assert_eq!(marks.to_csv(), "\"time, s\",mark\r\n1.5,kill\r\n");
    assert!(Table::of_marks(&stack(Vec::new())).is_none());
}
