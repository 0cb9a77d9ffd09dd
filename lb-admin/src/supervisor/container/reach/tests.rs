//! Tests of `reach`: finding ourselves among the containers, and what follows from where we are.

use std::collections::HashMap;

use super::super::super::docker::Condition;
use super::*;

fn us(networks: &[&str]) -> Inspected {
    Inspected {
        id: "ab".into(),
        name: "balancer".into(),
        image: "lb:latest".into(),
        labels: HashMap::new(),
        condition: Condition::Running,
        exit_code: None,
        oom_killed: false,
        started_at: String::new(),
        published: None,
        gateways: HashMap::new(),
        exposed_tcp: Vec::new(),
        on_loopback: [].into(),
        networks: networks.iter().map(|name| ((*name).to_owned(), None)).collect(),
    }
}

#[test]
fn in_a_container_the_mount_of_its_hostname_says_which() {
    let id = "0123456789abcdef".repeat(4);
    let inside = format!(
        "700 699 0:50 / / ro - overlay overlay rw\n\
         710 700 8:1 /var/lib/docker/containers/{id}/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw\n\
         711 700 8:1 /var/lib/docker/containers/{id}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"
    );
    assert_eq!(id_in_mounts(&inside), Some(id.clone()));
    let host = format!(
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
         90 22 0:51 / /var/lib/docker/containers/{id}/mounts/shm rw - tmpfs shm rw\n"
    );
    assert_eq!(id_in_mounts(&host), None, "a host has mounts of its containers too");
}

#[test]
fn on_the_replicas_network_they_are_reached_by_address_and_elsewhere_the_remedy_is_named() {
    assert!(matches!(reach_from(&us(&["bridge", "net1"]), "net1"), Ok(Reach::Network)));
    assert!(matches!(reach_from(&us(&["host"]), "net1"), Ok(Reach::Port)));
    let error = reach_from(&us(&["bridge"]), "net1").expect_err("not reachable").to_string();
    assert!(error.contains("docker network connect net1 balancer"), "{error}");
}

#[test]
fn on_the_host_addresses_are_used_where_the_bridge_is_this_machines() {
    let ours = "127.0.0.1".parse().expect("an address");
    // Of the block for documentation: nobody's.
    let elsewhere = "192.0.2.1".parse().expect("an address");
    assert_eq!(from_host(&[elsewhere, ours]), Reach::Network);
    assert_eq!(from_host(&[elsewhere]), Reach::Port);
    assert_eq!(from_host(&[]), Reach::Port);
}
