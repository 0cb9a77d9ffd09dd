//! What must reach the disk before it is acted on, and that the text comes back as it was.

use super::*;

fn saved() -> Saved {
    let member = SavedMember {
        name: "S1".into(),
        seat: 1,
        places: vec![3, 1],
        weight: 1000,
        supervised: true,
        listed: false,
        named: false,
        reweighed: false,
        drained: false,
        max_connections: None,
        id: Some(4),
        trace: None,
    };
    let seats = SavedSeats { next: 3, free: [2].into() };
    let used_names = Arc::new(["S1".into(), "S2".into()].into());
    Saved { epoch: 1000, mapping: 3, last_id: 4, target: Some(1), seats, used_names, members: vec![member] }
}

#[test]
fn what_is_written_is_read_again() {
    let mut saved = saved();
    saved.members[0].trace = Some(Trace::Process { pid: 7, start_ticks: 8, port: 20_000 });
    let text = serde_json::to_string(&saved).expect("plain values");
    assert_eq!(serde_json::from_str::<Saved>(&text).expect("its own text"), saved);
}

#[test]
fn only_what_cannot_be_found_out_again_is_urgent() {
    let older = saved();
    let mut newer = older.clone();
    newer.members[0].trace = Some(Trace::Process { pid: 7, start_ticks: 8, port: 20_000 });
    assert!(newer != older && !newer.is_urgent(&older));
    newer.members[0].listed = true;
    assert!(newer.is_urgent(&older));
    let mut renamed = older.clone();
    renamed.members[0].name = "S2".into();
    assert!(renamed.is_urgent(&older));
}
