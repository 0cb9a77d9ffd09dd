//! Tests of [`super`].

use proptest::prelude::*;

use super::*;

fn set(texts: &[&str]) -> Vec<StaticBackend> {
    texts.iter().map(|text| text.parse().expect("a backend")).collect()
}

#[test]
fn a_backend_is_known_by_its_name_whatever_else_changes() {
    let (before, after) = (set(&["a=h:1", "b=h:2", "c=h:3"]), set(&["d=h:4", "c=h:3", "b=h:2,weight=2", "A=h:1"]));
    let diff = diff(&before, &after);
    assert_eq!(diff.gone, ["a"]);
    assert_eq!(diff.changed, [&after[2]]);
    assert_eq!(diff.new, [&after[0], &after[3]]);
}

fn sets() -> impl Strategy<Value = Vec<StaticBackend>> {
    proptest::collection::btree_map("[a-e]", 1..4_u16, 0..5).prop_map(|ports| {
        ports.into_iter().map(|(name, port)| StaticBackend::new(&name, &format!("h:{port}"))).collect()
    })
}

proptest! {
    #[test]
    fn what_is_gone_changed_and_new_leads_from_one_set_to_the_other(before in sets(), after in sets()) {
        let Diff { gone, changed, new } = diff(&before, &after);
        let mut applied: Vec<&StaticBackend> = before
            .iter()
            .filter(|backend| !gone.contains(&&*backend.name))
            .map(|backend| changed.iter().copied().find(|now| now.name == backend.name).unwrap_or(backend))
            .chain(new.iter().copied())
            .collect();
        applied.sort_by_key(|backend| &backend.name);
        prop_assert_eq!(applied, after.iter().collect::<Vec<_>>());
        prop_assert!(changed.iter().all(|now| !before.contains(now)));
    }
}
