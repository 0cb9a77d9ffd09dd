//! The D-rows of FAULTS.md: both directions, their ends, their breaks, and how much may wait in between.

use super::*;
use crate::config::Splice;
use crate::session::deadline;
use crate::worker::buffers::SCRATCH_BYTES;
use crate::worker::dispatch::{SESSION_BYTES_MAX, SPLICED_PER_COPIED, TURN_BYTES_MAX};

/// D3, envoy #2067: a half-close must not tear the other half down.
#[test]
fn a_client_that_has_said_fin_gets_its_whole_response() {
    let mut stage = Stage::with(config(), SMALL);
    stage.backends(&[Host::Near]);
    let (client, backend) = stage.joined();
    stage.fin(client);
    assert_eq!(stage.hear(backend), (vec![], Some(End::Fin)));
    let response = counted(200_000);
    let mut got = Vec::new();
    for part in response.chunks(10_000) {
        stage.say(backend, part);
        got.extend(stage.hear(client).0);
    }
    stage.fin(backend);
    assert!(got == response, "{} of {} bytes", got.len(), response.len());
    assert_eq!(stage.hear(client).1, Some(End::Fin));
    assert_eq!(stage.open_sessions(), 0);
}

/// D4: the upload goes on after the response has ended.
#[test]
fn a_backend_that_has_said_fin_gets_the_whole_upload() {
    let mut stage = Stage::with(config(), SMALL);
    stage.backends(&[Host::Near]);
    let (client, backend) = stage.joined();
    stage.say(backend, b"enough");
    stage.fin(backend);
    assert_eq!(stage.hear(client), (b"enough".to_vec(), Some(End::Fin)));
    let upload = counted(200_000);
    let mut got = Vec::new();
    for part in upload.chunks(10_000) {
        stage.say(client, part);
        got.extend(stage.hear(backend).0);
    }
    stage.fin(client);
    assert!(got == upload, "{} of {} bytes", got.len(), upload.len());
    assert_eq!(stage.hear(backend).1, Some(End::Fin));
    assert_eq!(stage.open_sessions(), 0);
}

/// D5: FIN at once.
#[test]
fn a_client_that_ends_without_a_byte_leaves_nothing_behind() {
    let mut stage = Stage::before_a_backend();
    let client = stage.client();
    stage.fin(client);
    assert_eq!(stage.hear(client), (vec![], Some(End::Fin)));
    assert_eq!((stage.open_sessions(), stage.arrival()), (0, None));
}

/// D5: FIN while the backend is being connected to.
#[test]
fn a_client_that_ends_during_the_connect_is_still_served() {
    let mut stage = Stage::new();
    stage.backends(&[Host::Far]);
    let client = stage.harness.kernel.net().client_connects(0).unwrap();
    {
        let request = stage.request_for(0);
        let mut net = stage.harness.kernel.net();
        net.socket(client).peer_send(&request);
        net.deliver(client, true, usize::MAX);
    }
    stage.harness.settle();
    stage.harness.kernel.net().socket(client).peer_fin();
    stage.harness.kernel.net().deliver(client, true, 1);
    stage.harness.settle();
    assert_eq!(stage.arrival(), None, "the handshake is still under way");
    stage.settle();
    let backend = stage.arrived();
    assert_eq!(stage.hear(backend), (stage.request_for(0), Some(End::Fin)));
    stage.say(backend, b"late");
    stage.fin(backend);
    assert_eq!(stage.hear(client), (b"late".to_vec(), Some(End::Fin)));
    assert_eq!(stage.open_sessions(), 0);
}

/// D6, envoy #2703: what was read goes to the client, then a reset, never a clean end.
#[test]
fn a_response_that_breaks_off_reaches_the_client_as_far_as_it_came_and_then_a_reset() {
    let mut stage = Stage::with(config(), SMALL);
    stage.backends(&[Host::Near]);
    let (client, backend) = stage.joined();
    stage.say(backend, &counted(12_000));
    stage.reset(backend);
    let (got, end) = stage.hear(client);
    assert_eq!((got, end), (counted(12_000), None));
    stage.pass(deadline::RESET_LOOK_MS);
    assert_eq!(stage.hear(client).1, Some(End::Reset));
    assert_eq!(stage.open_sessions(), 0);
}

/// D6 for a client that doesn't read: it is waited for, but not for ever.
#[test]
fn a_client_that_reads_nothing_of_a_broken_response_is_reset_after_a_while() {
    let mut stage = Stage::with(config(), SMALL);
    stage.backends(&[Host::Near]);
    let (client, backend) = stage.joined();
    stage.say(backend, &counted(12_000));
    stage.reset(backend);
    stage.pass(deadline::RESET_AFTER.as_millis() as u64 - 1);
    assert_eq!(stage.open_sessions(), 1);
    stage.pass(deadline::RESET_LOOK_MS + 1);
    assert_eq!((stage.open_sessions(), stage.hear(client).1), (0, Some(End::Reset)));
}

/// D6 behind a FIN: reading is over by then, so only the event tells.
#[test]
fn a_backend_that_resets_after_its_fin_ends_the_session_at_once() {
    let mut stage = Stage::before_a_backend();
    let (client, backend) = stage.joined();
    stage.say(backend, b"that was all");
    stage.fin(backend);
    assert_eq!(stage.hear(client), (b"that was all".to_vec(), Some(End::Fin)));
    assert_eq!(stage.open_sessions(), 1, "the upload may go on");
    stage.reset(backend);
    assert_eq!((stage.open_sessions(), stage.harness.stats().resets.read()), (0, 1));
}

/// D7, envoy #2703 the other way round: the backend must not take a reset client's bytes for a whole request.
#[test]
fn a_client_that_resets_is_a_reset_to_the_backend() {
    let mut stage = Stage::before_a_backend();
    let (client, backend) = stage.joined();
    stage.say(client, b"half of a bo");
    stage.reset(client);
    assert_eq!(stage.hear(backend).1, Some(End::Reset));
    assert_eq!((stage.open_sessions(), stage.harness.stats().resets.read()), (0, 1));
}

/// D9: what readers don't take stays in the senders' windows, but for one read each.
#[test]
fn stalled_readers_cost_one_scratch_each_and_no_turns() {
    let mut stage = Stage::with(config(), Room { receive: 300_000, send: 8_192, inbox: 8_192 });
    stage.backends(&[Host::Near]);
    for _ in 0..20 {
        let (_client, backend) = stage.joined();
        stage.harness.kernel.net().socket(backend).peer_send(&counted(200_000));
        stage.settle();
    }
    for key in stage.harness.worker.sessions.keys() {
        let held = stage.harness.worker.sessions.get(key).unwrap().to_client.len();
        assert!(held > 0 && held <= SCRATCH_BYTES, "{held} bytes are held");
    }
    assert!(!stage.harness.turn(1024), "nobody is looked at again before he reads");
}

/// So that a pipe is full by bytes and slots at once.
const WHOLE_PAGES: usize = 50 * 4096;

/// D10, flux #67: a firehose has its budget, and whoever comes behind it in the batch has his turn.
#[test]
fn a_firehose_moves_its_budget_and_small_clients_are_served_in_the_same_turn() {
    firehose_in_company(Splice::Never, SESSION_BYTES_MAX);
    // Spliced bytes take a quarter of the time; the first read, which finds that there is much, is copied.
    firehose_in_company(Splice::Bulk, SPLICED_PER_COPIED * (SESSION_BYTES_MAX - SCRATCH_BYTES) + SCRATCH_BYTES);
}

fn firehose_in_company(splice: Splice, moved_in_one_drive: usize) {
    let mut stage =
        Stage::with(WorkerConfig { splice, ..config() }, Room { receive: PLENTY, send: PLENTY, inbox: PLENTY });
    stage.backends(&[Host::Near]);
    let (big_client, firehose) = stage.joined();
    let (small_client, small) = stage.joined();
    {
        let mut net = stage.harness.kernel.net();
        for _ in 0..16 {
            net.socket(firehose).peer_send(&counted(WHOLE_PAGES));
            net.deliver(firehose, true, usize::MAX);
        }
        net.socket(small).peer_send(b"small");
        net.deliver(small, true, usize::MAX);
    }
    assert!(stage.harness.turn(1024));
    assert_eq!(stage.harness.stats().turns_cut_short.read(), 1);
    let unread = stage.harness.kernel.net().socket(firehose).unread();
    assert_eq!(16 * WHOLE_PAGES - unread, moved_in_one_drive, "{splice:?}");
    stage.harness.kernel.net().deliver(small_client, false, usize::MAX);
    let mut got = Vec::new();
    stage.harness.kernel.net().socket(small_client).peer_read(usize::MAX, &mut got);
    assert_eq!(got, b"small", "served while the firehose has much left");
    assert_eq!(stage.hear(big_client).0.len(), 16 * WHOLE_PAGES);
}

/// D10: many firehoses share one turn's bytes, and each goes on in its turn.
#[test]
fn many_firehoses_share_the_bytes_of_a_turn_and_none_starves() {
    let config = WorkerConfig { splice: Splice::Never, ..config() };
    let mut stage = Stage::with(config, Room { receive: PLENTY, send: PLENTY, inbox: PLENTY });
    stage.backends(&[Host::Near]);
    let firehoses: Vec<_> = (0..24).map(|_| stage.joined()).collect();
    let mut sent = 0;
    for (_, firehose) in &firehoses {
        let mut net = stage.harness.kernel.net();
        sent = net.socket(*firehose).peer_send(&counted(SESSION_BYTES_MAX + SCRATCH_BYTES));
        net.deliver(*firehose, true, usize::MAX);
    }
    let unread = |stage: &Stage| -> Vec<usize> {
        let mut net = stage.harness.kernel.net();
        firehoses.iter().map(|(_, firehose)| net.socket(*firehose).unread()).collect()
    };
    let arrived = unread(&stage);
    stage.harness.turn(1024);
    let after_one = unread(&stage);
    assert!(arrived.iter().zip(&after_one).all(|(before, after)| after < before), "each has its turn: {after_one:?}");
    let moved = arrived.iter().sum::<usize>() - after_one.iter().sum::<usize>();
    assert!(moved <= TURN_BYTES_MAX + firehoses.len() * SCRATCH_BYTES, "{moved} bytes in one turn");
    // Half of a turn's bytes are for those that were cut short, so four of them go on in each.
    for _ in 0..6 {
        stage.harness.turn(1024);
    }
    let later = unread(&stage);
    assert!(after_one.iter().zip(&later).all(|(before, after)| after < before || *after == 0), "{later:?}");
    for (client, _) in &firehoses {
        assert_eq!(stage.hear(*client).0.len(), sent);
    }
}
