//! Sessions whose key moves with a change of the mapping: who is concerned, who is ended, and when.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::backend::BackendId;
use crate::config::{Affinity, OnMove};
use crate::ring::Owners;

/// Two backends, and sessions with keys 0 to 39 at their owners; each has got a piece of its response.
struct Moving {
    stage: Stage,
    /// (client, backend's end, whose it is)
    sessions: Vec<(SocketId, SocketId, BackendId)>,
}

const SESSIONS: usize = 40;

impl Moving {
    fn under(on_move: OnMove, rate: u32) -> Self {
        let mut settings = config();
        settings.on_move = on_move;
        settings.on_move_rate = rate;
        settings.drain_timeout = Duration::from_secs(10);
        Self::with(settings)
    }

    fn with(settings: WorkerConfig) -> Self {
        let mut stage = Stage::with(settings, SMALL);
        stage.backends(&[Host::Near, Host::Near]);
        let sessions = (0..SESSIONS).map(|key| Self::session(&mut stage, &key.to_string())).collect();
        Self { stage, sessions }
    }

    fn session(stage: &mut Stage, key: &str) -> (SocketId, SocketId, BackendId) {
        let client = stage.client();
        stage.say(client, format!("GET /r?id={key} HTTP/1.1\r\n\r\n").as_bytes());
        let (addr, backend) = stage.harness.kernel.net().arrived.pop_front().expect("it is given a backend");
        stage.hear(backend);
        stage.say(backend, b"piece");
        assert_eq!(stage.hear(client), (b"piece".to_vec(), None));
        let of = stage.harness.backends.iter().find(|of| of.addr == addr).expect("it is one of them");
        (client, backend, of.id)
    }

    /// A third backend comes; gives the numbers of the sessions whose keys it gets.
    fn third_comes(&mut self) -> Vec<usize> {
        let addr = SocketAddr::from(([127, 0, 0, 1], 8_100));
        self.stage.harness.kernel.net().hosts.insert(addr, Host::Near);
        let third = self.stage.harness.add_backend(addr, Terms::default());
        let all = self.stage.harness.backends.clone();
        self.stage.harness.publish(all);
        self.stage.settle();
        let table = self.stage.harness.table.clone().expect("it was published");
        let hasher = &self.stage.harness.worker.desk.config.hasher;
        let is_of_third = |key: &usize| {
            let owner = table.lookup(hasher.hash(key.to_string().as_bytes())).expect("somebody is ready");
            owner.id == third.id
        };
        let moved: Vec<usize> = (0..SESSIONS).filter(is_of_third).collect();
        assert!((5..25).contains(&moved.len()), "a third of the keys moves: {moved:?}");
        moved
    }

    /// The numbers of the sessions that were reset, on both sides.
    fn ended(&mut self) -> Vec<usize> {
        let mut ended = Vec::new();
        for number in 0..SESSIONS {
            let (client, backend, _) = self.sessions[number];
            let ends = [client, backend].map(|peer| self.stage.hear(peer).1);
            match ends {
                [None, None] => {}
                [Some(End::Reset), Some(End::Reset)] => ended.push(number),
                other => panic!("session {number} has ended so: {other:?}"),
            }
        }
        ended
    }

    /// (kept, closed, drained)
    fn counts(&self) -> (u64, u64, u64) {
        let stats = self.stage.harness.stats();
        (stats.moved_kept.read(), stats.moved_closed.read(), stats.moved_drained.read())
    }
}

#[test]
fn sessions_that_moved_stay_and_are_counted() {
    let mut moving = Moving::under(OnMove::Keep, 0);
    let moved = moving.third_comes();
    moving.stage.pass(60_000);
    assert_eq!(moving.ended(), [0; 0]);
    assert_eq!(moving.counts(), (moved.len() as u64, 0, 0));
}

#[test]
fn those_that_moved_are_closed_and_no_others() {
    let mut moving = Moving::under(OnMove::Close, 0);
    let moved = moving.third_comes();
    moving.stage.pass(1);
    assert_eq!(moving.ended(), moved);
    assert_eq!(moving.counts(), (0, moved.len() as u64, 0));
}

#[test]
fn they_are_closed_no_faster_than_the_rate() {
    let mut moving = Moving::under(OnMove::Close, 2);
    let moved = moving.third_comes();
    moving.stage.pass(1_000);
    let after_a_second = moving.counts().1;
    assert!((2..=3).contains(&after_a_second), "{after_a_second} were closed in a second");
    moving.stage.pass(500 * moved.len() as u64);
    assert_eq!(moving.ended(), moved);
}

#[test]
fn a_drained_session_may_go_on_for_its_time_and_not_longer() {
    let mut moving = Moving::under(OnMove::Drain, 0);
    let moved = moving.third_comes();
    let (client, backend, _) = moving.sessions[moved[0]];
    moving.stage.pass(9_998);
    moving.stage.say(backend, b"the rest");
    moving.stage.fin(backend);
    assert_eq!(moving.stage.hear(client), (b"the rest".to_vec(), Some(End::Fin)));
    moving.stage.fin(client);
    assert_eq!(moving.counts(), (0, 0, 0));
    moving.stage.pass(2);
    assert_eq!(moving.counts(), (0, moved.len() as u64 - 1, 1));
}

#[test]
fn what_moved_back_in_time_stays() {
    let mut moving = Moving::under(OnMove::Drain, 0);
    let before = moving.stage.harness.owners.clone();
    let moved = moving.third_comes();
    moving.stage.harness.owners_are(before.expect("a table was published"));
    moving.stage.settle();
    moving.stage.pass(20_000);
    assert_eq!(moving.ended(), [0; 0]);
    assert_eq!(moving.counts(), (moved.len() as u64, 0, 0));
}

/// What flaps must not cause storms: neither going down nor coming back is a new mapping.
#[test]
fn a_backend_that_goes_down_and_comes_back_moves_nobody() {
    let mut moving = Moving::under(OnMove::Close, 0);
    let all = moving.stage.harness.backends.clone();
    moving.stage.harness.publish([Arc::clone(&all[1])]);
    moving.stage.settle();
    // Of the backend that is down: it goes to the other.
    let down = moving.sessions.iter().position(|(_, _, id)| *id == all[0].id).expect("each has some");
    let (client, backend, at) = Moving::session(&mut moving.stage, &down.to_string());
    assert_eq!(at, all[1].id);
    moving.stage.harness.publish(all);
    moving.stage.settle();
    moving.stage.pass(60_000);
    assert_eq!(moving.ended(), [0; 0]);
    assert_eq!([client, backend].map(|peer| moving.stage.hear(peer)), [(vec![], None), (vec![], None)]);
    assert_eq!(moving.counts(), (0, 0, 0));
}

#[test]
fn random_keys_never_move() {
    let mut settings = config();
    settings.on_move = OnMove::Close;
    settings.keys = "random".parse().unwrap();
    let mut moving = Moving::with(settings);
    moving.third_comes();
    moving.stage.pass(1_000);
    assert_eq!(moving.ended(), [0; 0]);
}

#[test]
fn a_session_that_ends_with_its_response_is_left_to_it() {
    let mut settings = config();
    settings.on_move = OnMove::Close;
    settings.affinity = Affinity::Request;
    let mut moving = Moving::with(settings);
    let moved = moving.third_comes();
    moving.stage.pass(1_000);
    assert_eq!(moving.ended(), [0; 0]);
    assert_eq!(moving.counts(), (moved.len() as u64, 0, 0));
}

#[test]
fn what_would_move_is_counted_before_it_does() {
    let mut moving = Moving::under(OnMove::Close, 0);
    let drained = moving.stage.harness.backends[0].seat;
    let slots = moving.stage.harness.slots();
    let counted = moving.stage.harness.count_moved(Owners::new(&slots, |member| member.seat != drained));
    let at_drained = moving.sessions.iter().filter(|(_, _, id)| *id == BackendId(1)).count();
    assert!(at_drained > 0);
    assert_eq!(counted.recv(), Ok(at_drained as u64));
    moving.stage.pass(1_000);
    assert_eq!(moving.ended(), [0; 0], "a question changes nothing");
}

/// More sessions than one look takes, and a mapping that comes before it is through.
#[test]
fn a_look_through_in_slices_misses_nobody() {
    let mut settings = config();
    settings.connections_max = 1_000;
    settings.on_move = OnMove::Close;
    settings.on_move_rate = 0;
    let mut stage = Stage::with(settings, SMALL);
    stage.harness.kernel.net().descriptors_max = 10_000;
    stage.backends(&[Host::Near, Host::Near]);
    for key in 0..700 {
        Moving::session(&mut stage, &key.to_string());
    }
    let open =
        |stage: &Stage| stage.harness.backends.iter().map(|one| one.counters.open_sessions()).collect::<Vec<_>>();
    let before = open(&stage);
    let (first, second) = (stage.harness.backends[0].seat, stage.harness.backends[1].seat);
    let only = |stage: &Stage, seat| Arc::new(Owners::new(&stage.harness.slots(), |member| member.seat == seat));
    let of_first = only(&stage, first);
    stage.harness.owners_are(of_first);
    stage.harness.turn(1024);
    let of_second = only(&stage, second);
    stage.harness.owners_are(of_second);
    stage.pass(10_000);
    let stats = stage.harness.stats();
    let ended = stats.moved_closed.read();
    let left = open(&stage);
    assert_eq!(left[0], 0, "nobody stays with whom has nothing any more");
    assert!(left[1] > 0 && ended + left[1] == 700, "{before:?} {left:?} {ended}");
}
