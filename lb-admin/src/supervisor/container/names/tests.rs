//! Tests of `names`: a container of ours gives way, a stranger's is named and left alone.

use std::collections::HashMap;

use super::super::super::docker::Condition;
use super::*;

fn holder(labels: &[(&str, &str)]) -> Inspected {
    Inspected {
        id: "ab".into(),
        name: "S1".into(),
        image: "redis:7".into(),
        labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        condition: Condition::Running,
        exit_code: None,
        oom_killed: false,
        started_at: String::new(),
        published: None,
        gateways: HashMap::new(),
        exposed_tcp: Vec::new(),
        on_loopback: [].into(),
        networks: HashMap::new(),
    }
}

#[test]
fn a_container_of_ours_that_still_has_the_name_is_renamed() {
    let ours = holder(&[("lb.instance", "me"), ("lb.replica", "4")]);
    assert_eq!(judge(&ours, "me"), Conflict::Rename("S1-leaving-4".into()));
}

#[test]
fn a_stranger_and_another_lb_are_left_alone_and_named() {
    for labels in [&[][..], &[("lb.instance", "other"), ("lb.replica", "4")], &[("lb.instance", "me")]] {
        let Conflict::Foreign(words) = judge(&holder(labels), "me") else { panic!("{labels:?}") };
        assert!(["'S1'", "redis:7", "docker rm -f S1", "--container-name"].iter().all(|word| words.contains(word)));
    }
}
