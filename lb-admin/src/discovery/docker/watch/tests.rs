//! Tests of [`super`].

use std::collections::HashMap;

use super::*;

fn container(condition: Condition) -> Inspected {
    let networks = [("a".to_owned(), Some([172, 30, 0, 2].into())), ("host".to_owned(), None)];
    let gateways = [("a".to_owned(), [172, 30, 0, 1].into()), ("b".to_owned(), [172, 31, 0, 1].into())];
    Inspected {
        id: "ab".into(),
        name: "web".into(),
        image: "web:1".into(),
        labels: HashMap::from([("lb.enable".to_owned(), "true".to_owned())]),
        condition,
        exit_code: None,
        oom_killed: false,
        started_at: String::new(),
        published: None,
        networks: networks.into(),
        gateways: gateways.into(),
        exposed_tcp: vec![80],
        on_loopback: [(80, 8080)].into(),
    }
}

#[test]
fn an_inspection_becomes_facts() {
    let facts = facts(container(Condition::Running), |gateway| gateway == IpAddr::from([172, 31, 0, 1]));
    assert_eq!((facts.name.as_str(), facts.runs, &facts.exposed_tcp[..]), ("web", true, &[80][..]));
    assert_eq!(facts.addresses, [("a".to_owned(), [172, 30, 0, 2].into())].into(), "host gives none");
    assert_eq!((facts.far, facts.on_loopback), (["b".to_owned()].into(), [(80, 8080)].into()));
}

#[test]
fn one_that_is_paused_or_has_ended_does_not_run() {
    for condition in [Condition::Created, Condition::Paused, Condition::Ended] {
        assert!(!facts(container(condition), |_| false).runs, "{condition:?}");
    }
}

#[test]
fn a_complaint_is_said_once_until_it_has_been_mended() {
    let mut said = Said::default();
    let complaints = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(said.new_ones(complaints(&["a"])), ["a"]);
    assert_eq!(said.new_ones(complaints(&["a", "b"])), ["b"]);
    assert_eq!(said.new_ones(complaints(&["b"])), [""; 0]);
    assert_eq!(said.new_ones(complaints(&["a", "b"])), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_not_there_tells_nothing_and_is_asked_again() {
    let (found, mut told) = mpsc::unbounded_channel();
    let engine = Engine::at("unix:///nowhere/docker.sock");
    let (look_now, discovery) = (Notify::new(), DockerDiscovery { network: "net1".into() });
    let patrolled = timeout(LOOK_INTERVAL * 10, patrol(&engine, &look_now, &discovery, &found)).await;
    assert!(patrolled.is_err(), "it goes on looking");
    assert!(told.try_recv().is_err(), "no set is not an empty set");
}
