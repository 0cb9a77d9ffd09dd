//! What stands in `docs/` and `packaging/` about the metrics, held to what the page really has: the table of all series
//! (written by `just docs`), the dashboard, the alert rules, and a section of the runbook for each of those. What promtool
//! says of the text and of the rules is asked where it is installed (Debian: `prometheus`).

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::Request;
use lb_core::backend::places::PlaceLimits;
use lb_core::control::Control;

use super::super::routes;
use super::super::testing::{Scripted, agreeing, members, send};
use super::tests::mapped;
use crate::autoscale::Readings;
use crate::health::rise_fall::Outcome;
use crate::membership::snapshot::CheckRecord;

/// A balancer of which every series is there.
fn complete() -> Scripted {
    let mut scripted = agreeing(&[]);
    let mut snapshot = members(&["S1"]);
    let checks = CheckRecord::default();
    checks.note(&Outcome::Good, Duration::from_millis(1), SystemTime::UNIX_EPOCH);
    snapshot.backends[0].checks = Some(Arc::new(checks));
    let backend = snapshot.backends[0].backend.as_ref().unwrap();
    Control::without_workers().limit_places(backend, PlaceLimits { places: 2, waiting: 2 });
    scripted.snapshot.send_replace(mapped(snapshot).into());
    let readings = Readings::default();
    readings.note_desired(1);
    scripted.api.autoscale = Some(Arc::new(readings));
    scripted
}

async fn page(accept: &'static str) -> String {
    let request = Request::builder().uri("/metrics").header("Accept", accept).body(Body::empty()).unwrap();
    send(&routes::admin(complete().api, true), request).await.body
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(in_repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names that samples have.
async fn sample_names() -> BTreeSet<String> {
    let page = page("text/plain").await;
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    samples.filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect()
}

/// Every word of a text that looks like the name of a metric of ours.
fn names_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("lb_")).collect()
}

/// A line of the table for each metric: name, type, labels, help.
async fn table() -> String {
    let page = page("text/plain").await;
    let mut table = String::from("| metric | type | labels | what it is |\n|---|---|---|---|\n");
    let lines: Vec<&str> = page.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|described| described.split_once(' ')) else {
            continue;
        };
        let kind = lines[index + 1].rsplit(' ').next().unwrap();
        let labels = lines[index + 2].split_once('{').map_or("", |(_, rest)| rest.rsplit_once('}').unwrap().0);
        let labels = labels.split(',').filter_map(|label| label.split('=').next());
        let labels: Vec<&str> = labels.filter(|label| !label.is_empty() && *label != "le").collect();
        table.push_str(&format!("| `{name}` | {kind} | {} | {help} |\n", labels.join(", ")));
    }
    table
}

#[tokio::test]
async fn docs_the_table_of_metrics_is_what_the_page_has() {
    const BEGIN: &str = "<!-- written by `just docs` -->\n";
    const END: &str = "<!-- until here -->\n";
    let present = read("docs/metrics.md");
    let (before, rest) = present.split_once(BEGIN).expect("the page has its first mark");
    let (_, after) = rest.split_once(END).expect("the page has its second mark");
    let table = table().await;
    for only_where_asked_for in ["lb_autoscale_desired", "lb_backend_places_max", "lb_checks_total"] {
        assert!(
            table.contains(&format!("| `{only_where_asked_for}` |")),
            "{only_where_asked_for}: is `complete` complete?"
        );
    }
    let wanted = format!("{before}{BEGIN}\n{table}\n{END}{after}");
    if std::env::var_os("LB_WRITE_DOCS").is_some() {
        std::fs::write(in_repository("docs/metrics.md"), wanted).expect("written");
    } else {
        assert!(present == wanted, "docs/metrics.md is not what the code says: `just docs` writes it anew");
    }
}

#[tokio::test]
async fn the_dashboard_asks_for_metrics_that_are_there_and_has_its_five_rows() {
    let text = read("packaging/grafana.json");
    let dashboard: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let rows: Vec<&str> =
        panels.iter().filter(|panel| panel["type"] == "row").filter_map(|row| row["title"].as_str()).collect();
    assert_eq!(rows, ["Traffic", "Backends", "Healing", "Ring", "The balancer itself"]);
    let known = sample_names().await;
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let targets = panel["targets"].as_array().expect("targets");
        assert!(!targets.is_empty(), "{panel}");
        for target in targets {
            let names = names_in(target["expr"].as_str().expect("an expression"));
            let unknown: Vec<_> = names.iter().filter(|name| !known.contains(**name)).collect();
            assert!(!names.is_empty() && unknown.is_empty(), "{}: {unknown:?} of {target}", panel["title"]);
        }
    }
    let mut ids: Vec<u64> = panels.iter().filter_map(|panel| panel["id"].as_u64()).collect();
    ids.dedup();
    assert!(ids.len() == panels.len() && ids.is_sorted(), "every panel has an id of its own: {ids:?}");
}

/// (name, expression, the runbook's address) of each alert: a field a line, as the file is written.
fn alerts(rules: &str) -> Vec<(&str, &str, &str)> {
    let mut found = Vec::new();
    for block in rules.split("- alert: ").skip(1) {
        let value = |key: &str| {
            let line = block.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "));
            line.unwrap_or_else(|| panic!("no {key} in\n{block}"))
        };
        found.push((block.lines().next().unwrap().trim(), value("expr"), value("runbook")));
    }
    found
}

#[tokio::test]
async fn every_alert_asks_for_metrics_that_are_there_and_has_its_section_in_the_runbook() {
    let (rules, runbook) = (read("packaging/alerts.yml"), read("docs/runbook.md"));
    let known = sample_names().await;
    let alerts = alerts(&rules);
    assert!(alerts.len() >= 10, "{alerts:?}");
    for (name, expression, address) in &alerts {
        let names = names_in(expression);
        let unknown: Vec<_> = names.iter().filter(|name| !known.contains(**name)).collect();
        assert!(!names.is_empty() && unknown.is_empty(), "{name}: {unknown:?} of {expression}");
        assert_eq!(*address, format!("docs/runbook.md#{}", name.to_lowercase()), "{name}");
    }
    let sections: Vec<&str> = runbook.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(sections, alerts.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), "one section an alert, in order");
    for section in runbook.split("\n## ").skip(1) {
        let has = |what: &str| section.contains(what);
        assert!(has("**Means**") && has("**Look**") && has("**Mend**"), "{section}");
        // A histogram is called by its own name.
        let is_known = |name: &str| known.contains(name) || known.contains(&format!("{name}_bucket"));
        let unknown: Vec<_> = names_in(section).into_iter().filter(|name| !is_known(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?} in {section}");
    }
}

/// `None`, and a line that says so, where it isn't installed.
fn promtool(words: &[&str], input: &str) -> Option<Output> {
    let mut command = Command::new("promtool");
    command.args(words).current_dir(in_repository("packaging"));
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else {
        eprintln!("NOT RUN: promtool is missing (Debian: apt-get install prometheus)");
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Some(child.wait_with_output().unwrap())
}

fn assert_content(words: &[&str], input: &str) {
    let Some(output) = promtool(words, input) else { return };
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{words:?}: {said}");
}

#[tokio::test]
async fn promtool_has_nothing_to_say_against_the_text() {
    assert_content(&["check", "metrics"], &page("text/plain").await);
}

#[test]
fn promtool_takes_the_rules_and_they_fire_when_they_should() {
    assert_content(&["check", "rules", "alerts.yml"], "");
    assert_content(&["test", "rules", "alerts.test.yml"], "");
}
