//! Shares add up, and ranges are the slots that the one that was asked for owns.

use serde_json::{Value, json};

use super::super::super::routes;
use super::super::super::testing::{agreeing, ask, members};
use super::*;

async fn asked(query: &str) -> Value {
    let got =
        ask(&routes::admin(agreeing(&["S1", "S2", "S3"]).api, true), "GET", &format!("/v1/ring{query}"), "").await;
    serde_json::from_str(&got.body).unwrap()
}

#[tokio::test]
async fn every_slot_is_in_somebody_s_share() {
    let ring = asked("").await;
    let shares = ring["shares"].as_array().unwrap();
    let slots: u64 = shares.iter().map(|share| share["slots"].as_u64().unwrap()).sum();
    assert_eq!((slots, &ring["slots"], &ring["epoch"]), (65_536, &json!(65_536), &json!(12)));
    let names: Vec<&Value> = shares.iter().map(|share| &share["name"]).collect();
    assert_eq!(names, ["S1", "S2", "S3"]);
    assert!((1.0..1.1).contains(&ring["max_over_mean"].as_f64().unwrap()), "{ring}");
    assert_eq!(ring["digest"].as_str().unwrap().len(), 16);
    assert!(ring.get("ranges").is_none(), "they were not asked for");
}

#[tokio::test]
async fn ranges_are_the_slots_of_the_one_that_was_asked_for() {
    let snapshot = members(&["S1", "S2", "S3"]);
    let mapping = snapshot.history.newest();
    for member in &mapping.members {
        let ranges = ranges(&mapping.owners, &member.seat);
        let listed: Vec<u32> = ranges.iter().flat_map(|[first, last]| *first..=*last).collect();
        let owned: Vec<u32> = (0..65_536).filter(|slot| mapping.owners.owner(*slot) == Some(member.seat)).collect();
        assert_eq!(listed, owned);
        let ring = asked(&format!("?name={}", member.name)).await;
        assert_eq!(ring["ranges_total"], ranges.len());
        assert_eq!(ring["ranges"], json!(ranges[..1000]), "the first thousand of {}", ranges.len());
    }
}

#[tokio::test]
async fn whoever_is_not_in_the_ring_is_a_404() {
    for name in ["S4", "s1", "%ff"] {
        let detail = asked(&format!("?name={name}")).await["detail"].clone();
        assert_eq!(detail, "there is nobody of this name in the ring: GET /v1/ring lists them", "{name}");
    }
}
