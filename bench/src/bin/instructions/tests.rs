//! When a count fails, and when it isn't compared at all. Nothing is counted here.

use super::*;

fn recording(cpu: &str, steps: &[(&str, u64)]) -> Recording {
    let instructions = steps.iter().map(|&(name, count)| (name.to_owned(), count)).collect();
    Recording { compiler: "rustc 1".to_owned(), libc: "glibc 2".to_owned(), cpu: cpu.to_owned(), instructions }
}

#[test]
fn three_percent_more_is_allowed_and_not_a_bit_more() {
    assert_eq!(judge(Some(1000), Some(1030)), Judged::Within);
    assert_eq!(judge(Some(1000), Some(1031)), Judged::More);
    assert_eq!(judge(Some(1000), Some(10)), Judged::Within);
}

#[test]
fn a_step_that_comes_or_goes_has_to_be_recorded() {
    let (lines, fails) = compare(&recording("a", &[("old", 1)]), &recording("a", &[("new", 1)]));
    assert!(fails && lines.iter().any(|line| line.ends_with("not recorded")), "{lines:?}");
    assert!(lines.iter().any(|line| line.ends_with("not counted")), "{lines:?}");
}

#[test]
fn another_cpu_is_other_ground() {
    let (a, b) = (recording("a", &[]), recording("b", &[]));
    assert_eq!(same_ground(&a, &a), None);
    assert_eq!(same_ground(&a, &b), Some(vec![("CPU", "a", "b")]));
}

#[test]
fn counts_are_summed_over_threads() {
    let part = |count: u64| format!(r#"{{"metrics":{{"Ir":{{"values":{{"new":{count}}}}}}}}}"#);
    let parts = format!("{},{}", part(40), part(2));
    let line = format!(r#"{{"function_name":"f","id":"x","profiles":[{{"data":{{"parts":[{parts}]}}}}]}}"#);
    assert_eq!(counts(&line).unwrap(), BTreeMap::from([("f x".to_owned(), 42)]));
    assert!(counts("").is_err());
}
