//! Tests of `spec`: what is created for an order, to the last limit.

use std::time::Duration;

use super::*;
use crate::config::DockerReach;

fn config() -> DockerConfig {
    DockerConfig {
        image: "img:1".into(),
        command: Some(vec!["serve".into(), "--port={port}".into(), "{name}".into()]),
        network: "net".into(),
        port: 5000,
        container_name: "{pool}-{name}".into(),
        pool: "blue".into(),
        memory_bytes: Some(1 << 28),
        nano_cpus: Some(500_000_000),
        pids_max: Some(64),
        writable_root: false,
        reach: DockerReach::Auto,
        keep_dead: Duration::ZERO,
    }
}

fn spec(config: DockerConfig) -> Spec {
    Spec { config, server_id: "[{name}] {n}".into(), instance: "0a".into(), run: "0b".into() }
}

fn order(name: &str) -> Order {
    Order { id: BackendId(12), name: name.into(), seat: 7 }
}

#[test]
fn a_container_is_named_labelled_told_and_limited_as_configured() {
    let made = spec(config()).blueprint(&order("S1"), Some(20_001));
    assert_eq!((made.name.as_str(), made.hostname.as_str(), made.alias.as_str()), ("blue-S1", "S1", "S1"));
    assert_eq!(made.command, Some(["serve", "--port=5000", "S1"].map(String::from).to_vec()));
    assert_eq!(made.env, ["SERVER_ID=[S1] 7", "PORT=5000"]);
    let mut labels: Vec<_> = made.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    labels.sort();
    let expected =
        ["lb.instance=0a", "lb.managed=true", "lb.name=S1", "lb.pool=blue", "lb.replica=12", "lb.run=0b", "lb.seat=7"];
    assert_eq!(labels, expected);
    assert_eq!((made.memory_bytes, made.nano_cpus, made.pids_max), (Some(1 << 28), Some(500_000_000), Some(64)));
    assert!(made.read_only_root);
    assert_eq!(made.publish, Some((20_001, 5000)));
    assert_eq!(replica_of(&made.labels), Some(BackendId(12)));
}

#[test]
fn the_images_own_command_and_no_limits_are_possible() {
    let bare = DockerConfig {
        command: None,
        memory_bytes: None,
        nano_cpus: None,
        pids_max: None,
        writable_root: true,
        ..config()
    };
    let made = spec(bare).blueprint(&order("S1"), None);
    assert_eq!((made.command, made.memory_bytes, made.nano_cpus, made.pids_max), (None, None, None, None));
    assert!(!made.read_only_root && made.publish.is_none());
}

#[test]
fn a_name_of_one_character_gets_the_pool_in_front_because_docker_refuses_it_bare() {
    let bare = spec(DockerConfig { container_name: "{name}".into(), ..config() });
    assert_eq!(bare.container_name(&order("S1")), "S1");
    assert_eq!(bare.container_name(&order("3")), "blue-3");
    let by_seat = spec(DockerConfig { container_name: "web_{n}".into(), ..config() });
    assert_eq!(by_seat.container_name(&order("S1")), "web_7");
    assert_eq!(name_when_leaving("web_7", BackendId(3)), "web_7-leaving-3");
}
