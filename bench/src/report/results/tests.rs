//! A directory of results after one run and after two, and one that can't be written.

use serde_json::Value;

use super::*;
use crate::report::chart::{Kind, Mark, Series};

fn report() -> Report {
    let series = vec![Series { name: "S1".to_owned(), values: vec![1.0, 2.0] }];
    let kind = Kind::Stack { x: vec![0.0, 1.0], series, marks: vec![Mark { x: 0.5, label: "kill" }] };
    let chart = |stem| {
        let (x_label, y_label) = ("time, s".to_owned(), "requests".to_owned());
        Chart { stem, title: "Two <requests> & more".to_owned(), x_label, y_label, kind: kind.clone() }
    };
    Report {
        title: "kill: once".to_owned(),
        lines: vec!["a < b".to_owned()],
        data: json!({ "kills": 1 }),
        violations: vec!["too slow".to_owned()],
        charts: vec![chart("timeline")],
    }
}

fn run(name: &str, outcome: Result<Report, String>) -> Run {
    Run { name: name.to_owned(), command: format!("lb-bench {name}"), took: Duration::from_secs(2), outcome }
}

#[test]
fn everything_is_there_after_each_run() {
    let dir = std::env::temp_dir().join(format!("lb-bench-results-{}", std::process::id()));
    let mut results = Results::create(&dir).unwrap();
    results.add(run("kill", Ok(report()))).unwrap();
    for name in ["kill.json", "timeline.csv", "timeline-marks.csv", "timeline.svg", "timeline.png", "report.md"] {
        assert!(dir.join(name).metadata().unwrap().len() > 0, "{name}");
    }
    let raw: Value = serde_json::from_str(&fs::read_to_string(dir.join("kill.json")).unwrap()).unwrap();
    assert_eq!(raw["report"]["verdict"]["passed"], false);
    results.add(run("scale", Err("no lb here".to_owned()))).unwrap();
    let html = fs::read_to_string(dir.join("report.html")).unwrap();
    for wanted in ["kill: once", "a &lt; b", "<svg", "too slow", "no lb here", "lb-bench scale"] {
        assert!(html.contains(wanted), "{wanted}");
    }
    for unwanted in ["http-equiv", "src=", "<link", "@import", "url("] {
        assert!(!html.contains(unwanted), "self-contained, yet {unwanted}");
    }
    let markdown = fs::read_to_string(dir.join("report.md")).unwrap();
    assert!(markdown.contains("(timeline.png)"));
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_directory_that_cannot_be_written_is_said_before_anything_runs() {
    let error = Results::create(Path::new("/proc/lb-bench-results")).unwrap_err();
    assert!(format!("{error:#}").contains("/proc/lb-bench-results can't be written"), "{error:#}");
}
