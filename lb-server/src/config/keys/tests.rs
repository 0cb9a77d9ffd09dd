//! The keys and what is meant by one that isn't there.

use super::*;

#[test]
fn every_flag_but_config_is_a_key() {
    assert!(is_key("front") && is_key("keep-replicas") && !is_key("config") && !is_key("keep_replicas"));
}

#[test]
fn every_key_that_a_reload_changes_is_one() {
    for key in RELOADABLE {
        assert!(is_key(key), "{key}");
    }
}

#[test]
fn the_most_alike_is_meant_where_one_is_alike() {
    assert!(unknown("check-intervall", false).ends_with("did you mean 'check-interval'?"));
    assert!(unknown("zzz", false).contains("lb serve --help"));
    assert!(unknown("zzz", true).contains("no section 'zzz'"));
}
