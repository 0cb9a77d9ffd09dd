//! `/v1/explain` against what the front really does: for 200 ids it names the backend that answers.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::Value;

use crate::support::{Lb, Outsider, eventually, http};

const IDS: std::ops::RangeInclusive<u64> = 1..=200;

fn explained(lb: &Lb, id: u64) -> Value {
    lb.ask_admin("GET", &format!("/v1/explain?key={id}"), "").json()
}

/// Every id goes where it is said to go, and the candidates say why not to another.
fn assert_that_it_agrees(lb: &Lb, drained: Option<&str>) {
    for id in IDS {
        let said = explained(lb, id);
        assert_eq!(said["routed_to"], lb.replica_of(id), "id {id}: {said}");
        for candidate in said["candidates"].as_array().unwrap() {
            assert_eq!(candidate["name"] == said["routed_to"], candidate["chosen"] == true, "{said}");
            let passed_over = candidate["state"] != "ready" || Some(candidate["name"].as_str().unwrap()) == drained;
            assert_eq!(candidate["skipped"].is_string(), passed_over, "{said}");
        }
    }
}

#[test]
fn for_every_id_it_names_the_replica_that_answers() {
    for hash in ["rendezvous", "ring", "maglev", "assignment"] {
        assert_that_it_agrees(&Lb::start(&["--hash", hash]), None);
    }
}

#[test]
fn with_a_backend_gone_it_names_who_answers_instead_and_says_why() {
    let names = ["b1", "b2", "b3"];
    let mut outsiders: Vec<Outsider> = names.iter().map(|name| Outsider::start(name)).collect();
    let named: Vec<String> = outsiders.iter().zip(names).map(|(outsider, name)| outsider.as_backend(name)).collect();
    let lb = Lb::launch(&["--backend", &named[0], "--backend", &named[1], "--backend", &named[2]]);
    lb.wait_until_ready(3);
    assert_that_it_agrees(&lb, None);
    let id = IDS.into_iter().find(|id| lb.replica_of(*id) == "b2").expect("b2 has its share");

    drop(outsiders.remove(1));
    eventually("b2 is passed over", || (explained(&lb, id)["routed_to"] != "b2").then_some(()));
    assert_that_it_agrees(&lb, None);
    let said = explained(&lb, id);
    assert_eq!(said["owner"], "b2", "a backend that is down keeps its slots");
    let skipped = said["candidates"][0]["skipped"].as_str().unwrap();
    assert!(skipped.starts_with("down since 20") && skipped.contains("refused"), "{skipped}");
}

#[test]
fn with_a_replica_drained_its_ids_are_others_and_it_is_said_since_which_mapping() {
    let lb = Lb::start(&[]);
    let id = IDS.into_iter().find(|id| lb.replica_of(*id) == "S2").expect("S2 has its share");
    let epoch = explained(&lb, id)["epoch"].as_u64().unwrap();
    let answer = lb.ask_admin("PATCH", "/v1/backends/S2", r#"{"drained":true}"#);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_that_it_agrees(&lb, Some("S2"));
    let said = explained(&lb, id);
    assert_ne!(said["owner"], "S2", "whoever is drained owns nothing");
    let skipped = said["candidates"][0]["skipped"].as_str().unwrap();
    assert!(skipped.starts_with("drained"), "{skipped}");
    let owners: Vec<_> =
        said["history"].as_array().unwrap().iter().map(|then| (&then["epoch"], &then["owner"])).collect();
    assert_eq!(owners[..2], [(&(epoch + 1).into(), &said["owner"]), (&epoch.into(), &"S2".into())]);
}

/// One hot key, session upon session, each of which stays: where the next one goes is said before it comes, also after a
/// reload has set another bound.
#[test]
fn under_load_it_names_who_gets_the_next_session_and_why_not_the_owner() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.toml");
    let configure = |factor: &str| std::fs::write(&file, format!("replicas = 3\nbalance-factor = {factor}\n")).unwrap();
    configure("2");
    let lb = Lb::launch(&["--config", file.to_str().unwrap()]);
    lb.wait_until_ready(3);
    let mut held = Vec::new();
    let mut served = |sessions: usize| {
        let mut by = BTreeSet::new();
        for _ in 0..sessions {
            let said = explained(&lb, 7);
            let mut client = http::connect(lb.front);
            client.write_all(b"GET /request?request_id=7 HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            let replica = http::read_response(&mut client).unwrap().replica();
            assert_eq!(said["routed_to"], replica, "{said}");
            for candidate in said["candidates"].as_array().unwrap() {
                let is_before = candidate["chosen"] == false && candidate["rank"].as_u64() < rank_of(&said, &replica);
                let why = candidate["skipped"].as_str().unwrap_or_default();
                assert!(!is_before || why.contains("--balance-factor"), "{said}");
            }
            held.push(client);
            by.insert(replica);
        }
        by
    };
    let two = served(20);
    assert_eq!(two.len(), 2, "with twice its share the owner and the next have all of it");
    configure("1.1");
    assert_eq!(lb.ask_admin("POST", "/v1/reload", "").status, 200);
    assert!(!served(20).is_subset(&two), "with hardly more than its share the third is needed too");
}

fn rank_of(said: &Value, name: &str) -> Option<u64> {
    let candidates = said["candidates"].as_array().unwrap();
    candidates.iter().find(|candidate| candidate["name"] == name)?["rank"].as_u64()
}
