//! Every kind of chart, with few and with very many values: its words stay on the sheet and off each other.

use super::sheet::{self, Align, Shape};
use super::*;
use crate::report::chart::{Ideal, Mark};

/// Half the height that a text may take, as a part of its size.
const HALF_HEIGHT: f64 = 0.42;

fn series(name: &str, values: Vec<f64>) -> Series {
    Series { name: name.to_owned(), values }
}

fn chart(stem: &'static str, title: &str, kind: Kind) -> Chart {
    let (x_label, y_label) = ("replicas of the balancer".to_owned(), "requests per second".to_owned());
    Chart { stem, title: title.to_owned(), x_label, y_label, kind }
}

fn bars(groups: usize, per_group: usize) -> Kind {
    let values = |index: usize| (0..groups).map(|group| 3333.0 + (group * 17 + index * 31) as f64).collect();
    Kind::Bars {
        groups: (1..=groups).map(|n| format!("replica number {n}")).collect(),
        series: (0..per_group).map(|index| series(&format!("series {index}"), values(index))).collect(),
        ideal: Some(Ideal { label: "ideal, 1/N of the requests".to_owned(), value: 3333.0, noise: 92.0 }),
    }
}

fn lines(points: usize, count: usize) -> Kind {
    let x: Vec<f64> = (0..points).map(|n| n as f64 + 2.0).collect();
    // Lines that end close together, so that their names have to be pushed apart.
    let values = |index: usize| x.iter().map(|x| 10_000.0 / x + index as f64).collect();
    let all = (0..count).map(|index| series(&format!("assignment (quadratic) {index}"), values(index))).collect();
    let spread = x.iter().map(|x| (9_000.0 / x, 11_000.0 / x)).collect();
    Kind::Lines { x: x.clone(), series: all, spread: Some(spread) }
}

fn stack(replicas: usize, kills: usize) -> Kind {
    let x: Vec<f64> = (0..200).map(|n| f64::from(n) * 0.1).collect();
    let lives = |replica: usize, at: usize| at * replicas / 200 == replica || replicas <= 3;
    let values = |replica| (0..200).map(|at| if lives(replica, at) { 4000.0 } else { 0.0 }).collect();
    let marks = (0..kills).flat_map(|kill| {
        let at = kill as f64 * 20.0 / kills as f64;
        [Mark { x: at, label: "kill -9" }, Mark { x: at + 0.05, label: "replacement ready" }]
    });
    Kind::Stack {
        series: (0..replicas).map(|replica| series(&format!("S{replica}"), values(replica))).collect(),
        x,
        marks: marks.collect(),
    }
}

fn histogram(buckets: usize) -> Kind {
    let bounds: Vec<f64> = (0..buckets).map(|n| 1.6f64.powi(n as i32)).collect();
    Kind::Histogram { counts: (0..buckets).map(|n| (n * (buckets - n)) as u64).collect(), bounds }
}

fn samples() -> Vec<Chart> {
    let long = "Ten thousand requests on three replicas: the busiest has 2.4 % more than the mean, which is inside the \
                noise of a fair choice, and the table's shares explain the rest of what is to be seen here";
    vec![
        chart("bars", "Each of 3 replicas has a third of 10,000 requests", bars(3, 1)),
        chart("bars-many", long, bars(64, 2)),
        chart("bars-pairs", "Measured and expected, side by side", bars(5, 3)),
        chart("lines", "The load of a replica falls as 1/N", lines(5, 1)),
        chart("lines-many", long, lines(5, 9)),
        chart("lines-crowded", long, lines(300, 20)),
        chart("stack", "Three kills in 20 s", stack(3, 3)),
        chart("stack-many", long, stack(100, 100)),
        chart("histogram", "Half of the replacements took less than 40 ms", histogram(12)),
        chart("histogram-many", long, histogram(60)),
        chart("nothing", "Nothing was measured", Kind::Lines { x: Vec::new(), series: Vec::new(), spread: None }),
        chart("no-groups", "Nothing was measured", bars(0, 1)),
    ]
}

/// (left, top, right, bottom) and the words of every text.
fn texts(chart: &Chart) -> Vec<([f64; 4], String)> {
    let boxed = |shape: Shape| match shape {
        Shape::Text { at: (x, y), text, size, align, .. } => {
            let width = sheet::width(&text, size);
            let left = match align {
                Align::Left => x,
                Align::Centre => x - width / 2.0,
                Align::Right => x - width,
            };
            Some(([left, y - size * HALF_HEIGHT, left + width, y + size * HALF_HEIGHT], text))
        }
        _ => None,
    };
    lay_out(chart).shapes.into_iter().filter_map(boxed).collect()
}

#[test]
fn no_text_overlaps_another() {
    for chart in samples() {
        let texts = texts(&chart);
        for (index, ([left, top, right, bottom], text)) in texts.iter().enumerate() {
            for ([other_left, other_top, other_right, other_bottom], other) in &texts[index + 1..] {
                let apart = right <= other_left || other_right <= left || bottom <= other_top || other_bottom <= top;
                assert!(apart, "{}: '{text}' and '{other}'", chart.stem);
            }
        }
    }
}

#[test]
fn every_text_is_on_the_sheet() {
    for chart in samples() {
        for ([left, top, right, bottom], text) in texts(&chart) {
            let inside = left >= 0.0 && top >= 0.0 && right <= WIDTH && bottom <= HEIGHT;
            assert!(inside, "{}: '{text}' is at {left:.0},{top:.0} to {right:.0},{bottom:.0}", chart.stem);
        }
    }
}

#[test]
fn both_formats_are_written_for_every_kind() {
    let dir = std::env::temp_dir().join(format!("lb-bench-draw-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let keep = std::env::var_os("LB_BENCH_KEEP_CHARTS").is_some();
    // All of them only for a look: an unoptimised build takes seconds for each.
    for chart in samples().into_iter().filter(|chart| keep || !chart.stem.contains('-')) {
        let path = dir.join(chart.stem).with_extension("png");
        png(&chart, &path).unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(b"\x89PNG"));
        let svg = svg(&chart);
        assert!(svg.contains(r#"width="900" height="500""#) && svg.contains("</svg>"), "{}", chart.stem);
    }
    // LB_BENCH_KEEP_CHARTS=1 leaves them there, for a look.
    if !keep {
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn ticks_are_round_and_reach_over_the_highest() {
    assert_eq!(ticks::labels(&ticks::from_zero(3425.0, 5)), ["0", "1,000", "2,000", "3,000", "4,000"]);
    assert_eq!(ticks::labels(&ticks::from_zero(1.07, 5)), ["0.0", "0.5", "1.0", "1.5"]);
    assert_eq!(ticks::labels(&ticks::inside(0.3, 2.1, 4)), ["0.5", "1.0", "1.5", "2.0"]);
    assert_eq!(ticks::from_zero(f64::NAN, 5).first(), Some(&0.0));
}

#[test]
fn values_are_short() {
    let texts = [0.0, 1234567.0, 1.02345, 45.67, 0.1234, -1200.4].map(ticks::value);
    assert_eq!(texts, ["0", "1,234,567", "1.023", "45.7", "0.1234", "-1,200"]);
}
