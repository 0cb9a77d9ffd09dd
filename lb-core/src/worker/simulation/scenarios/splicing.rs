//! Directions that go through pipes: slots, refusals, ends and breaks while bytes are in one.

use super::*;
use crate::config::Splice;
use crate::session::deadline;
use crate::worker::simulation::pipe::SLOT_BYTES;

/// Slots of the pipes here, few enough to run out soon.
const SLOTS: usize = 4;

fn spliced() -> WorkerConfig {
    WorkerConfig { splice: Splice::Always, pipe_bytes: SLOTS * SLOT_BYTES, ..config() }
}

fn stage(config: WorkerConfig, room: Room) -> Stage {
    let mut stage = Stage::with(config, room);
    stage.backends(&[Host::Near]);
    stage
}

/// Both ends of a session whose response is larger than all buffers and whose client doesn't read; a pipe holds a part.
fn stalled_in_a_pipe(stage: &mut Stage) -> (SocketId, SocketId) {
    let (client, backend) = stage.joined();
    let taken = stage.harness.kernel.net().socket(backend).peer_send(&counted(100_000));
    assert_eq!(taken, 100_000);
    stage.settle();
    let key = *stage.harness.worker.sessions.keys().last().unwrap();
    let loan = stage.harness.worker.sessions.get(key).unwrap().pipe_to_client.as_ref();
    assert!(loan.is_some_and(|loan| loan.held > 0), "bytes stand in a pipe");
    (client, backend)
}

/// A peer sends bytes one segment each.
fn say_in_segments(stage: &mut Stage, peer: SocketId, bytes: &[u8]) {
    let mut net = stage.harness.kernel.net();
    for byte in bytes {
        net.socket(peer).peer_send(&[*byte]);
        net.deliver(peer, true, 1);
    }
}

/// All that a peer is sent, while it reads now and then.
fn hear_all(stage: &mut Stage, peer: SocketId) -> (Vec<u8>, Option<End>) {
    let mut all = Vec::new();
    loop {
        let (got, end) = stage.hear(peer);
        all.extend(&got);
        if got.is_empty() {
            return (all, end);
        }
    }
}

/// Fact 1, D2, sozu #1323: a pipe that is out of slots looks like an empty socket, and is none.
#[test]
fn segments_of_one_byte_come_through_a_pipe_that_is_out_of_slots_both_ways() {
    let mut stage = stage(spliced(), SMALL);
    let (client, backend) = stage.joined();
    stage.say(backend, b"begun");
    assert_eq!(stage.hear(client).0, b"begun");
    let bytes = counted(6_000);
    say_in_segments(&mut stage, backend, &bytes);
    assert!(hear_all(&mut stage, client).0 == bytes);
    say_in_segments(&mut stage, client, &bytes);
    assert!(hear_all(&mut stage, backend).0 == bytes);
    assert!(stage.harness.stats().spliced_bytes.read() > 6_000);
}

/// D10, flux #67: a splice that moves next to nothing costs its turn as much as one that moves a page, or a peer that
/// sends single bytes as fast as they are taken would never let go of the worker.
#[test]
fn a_firehose_of_single_bytes_has_its_budget_too() {
    let room = Room { receive: PLENTY, send: PLENTY, inbox: PLENTY };
    let mut stage = stage(WorkerConfig { pipe_bytes: SLOT_BYTES, ..spliced() }, room);
    let (client, backend) = stage.joined();
    let bytes = counted(20_000);
    say_in_segments(&mut stage, backend, &bytes);
    let began_at = stage.harness.kernel.net().syscalls;
    assert!(stage.harness.turn(1024));
    let calls = stage.harness.kernel.net().syscalls - began_at;
    assert!(calls < 1_000, "{calls} calls for one session in one turn");
    assert!(hear_all(&mut stage, client).0 == bytes);
}

/// D12, D7: a pipe with bytes in it never returns to the pool; the next session gets no stranger's.
#[test]
fn a_pipe_whose_client_resets_is_closed_with_what_is_in_it() {
    let mut stage = stage(spliced(), SMALL);
    let (client, backend) = stalled_in_a_pipe(&mut stage);
    let before = stage.harness.kernel.net().descriptors();
    stage.reset(client);
    assert_eq!(stage.hear(backend).1, Some(End::Reset));
    assert_eq!(stage.harness.worker.desk.pipes.pooled().len(), 0);
    assert_eq!(stage.harness.kernel.net().descriptors(), before - 4, "two sockets and the pipe's two ends");
    let (client, backend) = stage.joined();
    stage.say(backend, b"its own");
    assert_eq!(stage.hear(client).0, b"its own");
    assert_eq!(stage.harness.worker.desk.pipes.pooled().len(), 1, "an empty one comes back");
}

/// D6 through a pipe: what was read goes to the client, then a reset.
#[test]
fn what_stands_in_a_pipe_when_the_backend_resets_reaches_the_client_before_the_reset() {
    let mut stage = stage(spliced(), SMALL);
    let (client, backend) = stalled_in_a_pipe(&mut stage);
    stage.reset(backend);
    let (got, end) = hear_all(&mut stage, client);
    assert!(got.len() >= 3 * SMALL.send && counted(100_000).starts_with(&got), "{} bytes", got.len());
    assert_eq!(end, None);
    stage.pass(deadline::RESET_LOOK_MS);
    assert_eq!((stage.hear(client).1, stage.open_sessions()), (Some(End::Reset), 0));
}

/// D3 and D4 through pipes.
#[test]
fn ends_come_behind_what_stands_in_pipes() {
    let mut stage = stage(spliced(), SMALL);
    let (client, backend) = stalled_in_a_pipe(&mut stage);
    stage.fin(backend);
    assert!(hear_all(&mut stage, client) == (counted(100_000), Some(End::Fin)));
    stage.say(client, b"and more");
    stage.fin(client);
    assert_eq!(stage.hear(backend), (b"and more".to_vec(), Some(End::Fin)));
    assert_eq!(stage.open_sessions(), 0);
}

/// O10: the pipe budget is spent, or the kernel gives none: all is copied, and nobody notices.
#[test]
fn without_a_pipe_all_is_copied() {
    for splice in [Splice::Always, Splice::Bulk] {
        for (pipes_max, refused) in [(0, false), (64, true)] {
            let mut stage = stage(WorkerConfig { splice, pipes_max, ..spliced() }, SMALL);
            stage.harness.kernel.net().pipes_refused = refused;
            let (client, backend) = stage.joined();
            // A whole read, so that it counts as bulk.
            stage.harness.kernel.net().room = Room { receive: PLENTY, ..SMALL };
            for _ in 0..4 {
                stage.say(backend, &counted(50_000));
                assert!(hear_all(&mut stage, client).0 == counted(50_000), "{splice:?}");
            }
            assert_eq!(stage.harness.stats().spliced_bytes.read(), 0);
            let fallbacks = stage.harness.stats().splice_fallbacks.read();
            assert_eq!(fallbacks > 0, splice == Splice::Always, "small reads are no bulk");
        }
    }
}

/// O9: splice fails in mid-stream as not offered; what stands in the pipe is taken out, and nothing is lost or turned.
#[test]
fn a_kernel_that_will_not_splice_any_more_costs_no_byte() {
    let mut stage = stage(spliced(), SMALL);
    let (client, backend) = stalled_in_a_pipe(&mut stage);
    let spliced_before = stage.harness.stats().spliced_bytes.read();
    stage.harness.kernel.net().splices_refused = u16::MAX;
    stage.fin(backend);
    assert!(hear_all(&mut stage, client) == (counted(100_000), Some(End::Fin)));
    assert_eq!(stage.harness.stats().spliced_bytes.read(), spliced_before, "copied for good");
    assert_eq!(stage.harness.stats().splice_fallbacks.read(), 1, "and asked once");
}

/// A pipe holds four times what the scratch does; so much, taken out, is handed on from memory like anything that is held.
#[test]
fn a_whole_pipe_that_has_to_be_taken_out_is_handed_on() {
    let room = Room { receive: PLENTY, ..SMALL };
    let mut stage = stage(WorkerConfig { pipe_bytes: config().pipe_bytes, ..spliced() }, room);
    let (client, backend) = stalled_in_a_pipe(&mut stage);
    stage.harness.kernel.net().splices_refused = u16::MAX;
    assert!(hear_all(&mut stage, client).0 == counted(100_000));
    stage.fin(backend);
    assert_eq!(stage.hear(client).1, Some(End::Fin));
}

/// Fact 5 with a pipe: the write that finds the reset leaves the pipe with bytes that nobody wants. It is closed.
#[test]
fn a_backend_that_a_splice_finds_dead_takes_the_pipe_with_it() {
    let mut stage = stage(spliced(), SMALL);
    let (client, backend) = stage.joined();
    stage.say(backend, b"half of an ans");
    {
        let mut net = stage.harness.kernel.net();
        for _ in 0..2 * SLOTS {
            net.socket(client).peer_send(b"m");
            net.deliver(client, true, 1);
        }
        net.peer_reset(backend);
        // Between the splice into the pipe and the one out of it.
        net.behind_next_call = Some(backend);
    }
    stage.settle();
    assert_eq!(stage.hear(client), (b"half of an ans".to_vec(), Some(End::Reset)));
    assert_eq!((stage.open_sessions(), stage.harness.worker.desk.pipes.lent()), (0, 0));
}

/// A byte of a response is noted whether it is copied or not: its id, its time, and that nothing is sent twice any more.
#[test]
fn a_response_that_is_spliced_is_noted_like_one_that_is_copied() {
    noted(Splice::Never);
    noted(Splice::Always);
}

fn noted(splice: Splice) {
    let mut stage = stage(WorkerConfig { record_answered: true, splice, ..spliced() }, SMALL);
    let (client, backend) = stage.joined();
    stage.say(backend, b"answer");
    assert_eq!(stage.hear(client).0, b"answer");
    assert_eq!(stage.harness.control.answered().count(), 1);
    let key = stage.harness.worker.sessions.keys()[0];
    assert!(stage.harness.worker.sessions.get(key).unwrap().sent.is_none(), "no copy is kept any longer");
    stage.say(client, &stage.request_for(0));
    assert_eq!(stage.harness.stats().requests_pinned.read(), 1, "the next request is seen");
    assert_eq!(stage.hear(backend).0, stage.request_for(0));
}
