//! A worker that was kept from its CPU past a deadline, while what would have met the deadline came in time: it lies in the
//! kernel, behind more events than one turn fetches.

use super::*;

/// The worker gets its CPU back so much later.
fn oversleep(stage: &mut Stage, ms: u64) {
    stage.harness.kernel.net().deliver_all();
    stage.harness.now_ms += ms;
    // One event a turn, as 64 of thousands.
    while stage.harness.turn(1) {}
    stage.settle();
}

/// Clients whose requests have come this far: their backends are being connected to.
fn connecting(stage: &mut Stage, count: usize) -> Vec<SocketId> {
    let request = stage.request_for(0);
    let clients: Vec<_> = (0..count).map(|_| stage.client()).collect();
    for &client in &clients {
        stage.harness.kernel.net().socket(client).peer_send(&request);
    }
    stage.harness.kernel.net().deliver_all();
    stage.harness.settle();
    assert_eq!(stage.arrival(), None, "no connect is complete");
    clients
}

/// Backends that had answered the connect in time were given up, reported to health, and the client told 504.
#[test]
fn a_connect_that_was_answered_in_time_is_not_given_up_because_the_worker_was_late() {
    let mut stage = Stage::new();
    stage.backends(&[Host::Far]);
    let clients = connecting(&mut stage, 10);
    oversleep(&mut stage, 1_500);
    assert_eq!(stage.harness.stats().connects_timed_out.read(), 0);
    for _ in &clients {
        let backend = stage.arrived();
        assert_eq!(stage.hear(backend).0, stage.request_for(0));
    }
}

#[test]
fn a_response_that_came_in_time_is_handed_on_although_the_worker_was_late() {
    let mut stage = Stage::before_a_backend();
    let sessions: Vec<_> = (0..10).map(|_| stage.joined()).collect();
    for &(_, backend) in &sessions {
        stage.harness.kernel.net().socket(backend).peer_send(b"answer");
    }
    oversleep(&mut stage, 30_500);
    for (client, _) in sessions {
        assert_eq!(stage.hear(client), (b"answer".to_vec(), None));
    }
}

/// The kernel had nothing to tell when it was asked, and has the answer by the time that the worker looks at the clock.
#[test]
fn an_answer_that_came_behind_the_question_is_asked_for_before_the_deadline_is_judged() {
    let mut stage = Stage::new();
    stage.backends(&[Host::Far]);
    let _client = connecting(&mut stage, 1);
    stage.harness.now_ms += 1_500;
    assert!(stage.harness.turn(1024), "nothing is told, and the deadline is past");
    stage.harness.kernel.net().deliver_all();
    stage.settle();
    assert_eq!(stage.harness.stats().connects_timed_out.read(), 0);
    stage.arrived();
}

/// A stop in the middle of a turn: the connect that was begun behind it has all its time still.
#[test]
fn what_is_begun_late_in_a_turn_has_its_time_from_there() {
    let mut stage = Stage::new();
    stage.backends(&[Host::Far]);
    let _clients = connecting(&mut stage, 10);
    stage.harness.worker.note_turn(std::time::Duration::from_millis(1_200));
    stage.harness.pass(1_200 + 999);
    assert_eq!(stage.harness.stats().connects_timed_out.read(), 0);
    stage.harness.pass(1);
    assert_eq!(stage.harness.stats().connects_timed_out.read(), 10);
}

/// The other way round: events that never cease don't put deadlines off for ever.
#[test]
fn a_black_hole_is_left_although_every_turn_fetches_all_it_may() {
    let mut stage = Stage::new();
    stage.backends(&[Host::Near, Host::BlackHole]);
    let talkers: Vec<_> = (0..4).map(|_| stage.joined()).collect();
    let lost = stage.client();
    stage.say(lost, &stage.request_for(1));
    stage.harness.now_ms += 1_001;
    for round in 0.. {
        assert!(round < 100, "the deadline of the connect is looked at");
        // Whoever was heard speaks again before the next turn: there is always one more event.
        for &(client, _) in &talkers {
            stage.harness.kernel.net().socket(client).peer_send(b"more");
        }
        stage.harness.kernel.net().deliver_all();
        assert!(stage.harness.turn(1));
        if stage.harness.stats().connects_timed_out.read() > 0 {
            break;
        }
    }
}
