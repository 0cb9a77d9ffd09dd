//! The file limit against the connections that fit into it.

use super::*;

const ONE_CPU: Needs = Needs { workers: 1, fronts: 1, backends: 3, pipes: PIPES };
const PIPES: Pipes = Pipes { bytes: 262_144, large_bytes: 1_048_576, asked: None, by_pages: 128 };

#[test]
fn a_small_limit_still_serves_some() {
    let connections = room(64, Needs { workers: 2, ..ONE_CPU }).expect("64 are enough").connections;
    assert!((8..32).contains(&connections), "{connections}");
}

#[test]
fn two_descriptors_a_session_never_exceed_the_limit() {
    for nofile in [64, 256, 1024, 65_536, 1_048_576, u64::MAX] {
        let connections = room(nofile, ONE_CPU).expect("enough").connections as u64;
        assert!(connections <= nofile / 2, "{connections} connections under {nofile}");
    }
}

#[test]
fn a_large_limit_is_nearly_all_for_sessions() {
    let connections = room(1_048_576, ONE_CPU).expect("enough").connections;
    assert!(connections > 520_000, "{connections}");
}

#[test]
fn nine_thousand_clients_fit_into_twenty_thousand_files() {
    let two = Needs { workers: 2, ..ONE_CPU };
    let Room { connections, pipes, admin_connections } = room(20_000, two).expect("enough");
    assert!(connections >= 9_000, "{connections}");
    let all = 2 * (connections + pipes) as u64 + u64::from(admin_connections);
    assert!(all + u64::from(REPLICAS_MAX) * FDS_PER_REPLICA < 20_000, "{all}: and as many replicas as there may be");
}

#[test]
fn too_few_descriptors_name_the_number_that_would_do() {
    let TooFewFiles { limit, least } = room(20, ONE_CPU).expect_err("20 are too few");
    assert_eq!(limit, 20);
    assert!(room(least, ONE_CPU).is_ok(), "the advice must hold: {least}");
}

#[test]
fn more_workers_and_backends_leave_less() {
    let few = room(1024, ONE_CPU).expect("enough").connections;
    let more = Needs { workers: 32, fronts: 2, backends: 64, ..ONE_CPU };
    assert!(room(1024, more).expect("enough").connections < few);
}

#[test]
fn pipes_leave_most_descriptors_to_sessions_and_half_of_the_pages_to_others() {
    assert_eq!(room(1024, ONE_CPU).expect("enough").pipes, 32);
    assert_eq!(room(1_048_576, ONE_CPU).expect("enough").pipes, 128);
    let asked = |pipes| Needs { pipes: Pipes { asked: Some(pipes), ..PIPES }, ..ONE_CPU };
    assert_eq!(room(1024, asked(0)).expect("enough").pipes, 0);
    assert_eq!(room(1024, asked(50)).expect("enough").pipes, 50);
    assert_eq!(room(1024, asked(8192)).expect("enough").pipes, 128, "a quarter of the descriptors at most");
    let with = |pipes| room(1024, asked(pipes)).expect("enough").connections;
    assert_eq!(with(0) - with(50), 50, "a pipe costs what a session costs");
}

#[test]
fn more_pipes_than_the_file_limit_allows_are_refused_and_not_quietly_fewer() {
    let started = |asked| {
        let pipes = Pipes { asked: Some(asked), ..PIPES };
        room(1024, Needs { pipes, ..ONE_CPU }).expect("enough").holding(pipes, 1024)
    };
    assert_eq!(started(128).expect("a quarter").pipes, 128);
    let said = started(129).expect_err("one more").to_string();
    assert!(said.starts_with("--pipes 129: 1024 file descriptors allow 128: lower it"), "{said}");
    assert!(room(1024, ONE_CPU).expect("enough").holding(PIPES, 1024).is_ok(), "nobody asked");
}

#[test]
fn the_advice_holds_with_as_many_pipes_as_there_can_be() {
    let greedy = Needs { pipes: Pipes { asked: Some(8192), ..PIPES }, ..ONE_CPU };
    let TooFewFiles { least, .. } = room(20, greedy).expect_err("20 are too few");
    assert!(room(least, greedy).is_ok(), "{least}");
}

#[test]
fn the_admin_api_has_a_share_of_its_own() {
    let admin = |nofile| room(nofile, ONE_CPU).expect("enough").admin_connections;
    assert_eq!([64, 1024, 4096, 65_536].map(admin), [4, 64, 256, 1024]);
    for nofile in [64, 1024, 65_536] {
        let Room { connections, pipes, admin_connections } = room(nofile, ONE_CPU).expect("enough");
        let all = 2 * connections as u64 + 2 * pipes as u64 + u64::from(admin_connections);
        assert!(all + FDS_PROCESS < nofile, "{all} of {nofile}");
    }
}

#[test]
fn connections_may_be_lowered_but_not_beyond_what_fits() {
    let room = Room { connections: 500, pipes: 7, admin_connections: 2 };
    assert_eq!(room.lowered(None, 1024), Ok(room));
    assert_eq!(room.lowered(Some(10), 1024), Ok(Room { connections: 10, ..room }));
    let error = room.lowered(Some(501), 1024).expect_err("too many").to_string();
    assert!(["--connections 501", "1024", "500"].iter().all(|word| error.contains(word)), "{error}");
}
