//! The file limit against the connections that fit into it.

use super::*;

const ONE_CPU: Needs = Needs { workers: 1, fronts: 1, backends: 3 };

#[test]
fn a_small_limit_still_serves_some() {
    let connections = connections_max(64, Needs { workers: 2, ..ONE_CPU }).expect("64 are enough");
    assert!((8..32).contains(&connections), "{connections}");
}

#[test]
fn two_descriptors_a_session_never_exceed_the_limit() {
    for nofile in [64, 256, 1024, 65_536, 1_048_576, u64::MAX] {
        let connections = connections_max(nofile, ONE_CPU).expect("enough") as u64;
        assert!(connections <= nofile / 2, "{connections} connections under {nofile}");
    }
}

#[test]
fn a_large_limit_is_nearly_all_for_sessions() {
    let connections = connections_max(1_048_576, ONE_CPU).expect("enough");
    assert!(connections > 520_000, "{connections}");
}

#[test]
fn too_few_descriptors_name_the_number_that_would_do() {
    let TooFewFiles { limit, least } = connections_max(20, ONE_CPU).expect_err("20 are too few");
    assert_eq!(limit, 20);
    assert!(connections_max(least, ONE_CPU).is_ok(), "the advice must hold: {least}");
}

#[test]
fn more_workers_and_backends_leave_less() {
    let few = connections_max(1024, ONE_CPU).expect("enough");
    let more = Needs { workers: 32, fronts: 2, backends: 64 };
    assert!(connections_max(1024, more).expect("enough") < few);
}

#[test]
fn connections_may_be_lowered_but_not_beyond_what_fits() {
    assert_eq!(lowered(500, None, 1024), Ok(500));
    assert_eq!(lowered(500, Some(10), 1024), Ok(10));
    let error = lowered(500, Some(501), 1024).expect_err("too many").to_string();
    assert!(["--connections 501", "1024", "500"].iter().all(|word| error.contains(word)), "{error}");
}
