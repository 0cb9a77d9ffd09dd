//! The truth table of the module's head, row by row, and a seeded pair of fake sockets that the relay must satisfy.

use std::collections::VecDeque;

use super::Direction::{BackendToClient, ClientToBackend};
use super::*;

const READY: Readiness = Readiness { readable: true, writable: true, hangup: false, error: false };

/// A session that is connected, with nothing held.
fn relaying(answerable: bool) -> Relay {
    let mut relay = Relay::default();
    relay.begin(0, answerable, RequestEnd::Never);
    relay.ready(Side::Client, READY);
    relay.ready(Side::Backend, READY);
    relay.filled(ClientToBackend, Filled::Blocked);
    relay.filled(BackendToClient, Filled::Blocked);
    relay
}

fn hangup(relay: &mut Relay, side: Side) {
    relay.ready(side, Readiness { readable: true, hangup: true, ..Readiness::default() });
}

fn read(relay: &mut Relay, direction: Direction, count: usize) {
    relay.ready(direction.source(), Readiness { readable: true, ..Readiness::default() });
    assert_eq!(relay.step(), Step::Transfer(direction));
    relay.filled(direction, Filled::Bytes { count, short: true });
}

#[test]
fn bytes_are_handed_on_and_then_nothing_is_to_do() {
    let mut relay = relaying(true);
    read(&mut relay, ClientToBackend, 10);
    assert_eq!(relay.held(ClientToBackend), 10);
    assert_eq!(relay.step(), Step::Transfer(ClientToBackend));
    relay.flushed(ClientToBackend, Flushed::Bytes(10));
    assert_eq!(relay.step(), Step::Wait);
}

#[test]
fn nothing_is_read_while_the_sink_is_full() {
    let mut relay = relaying(true);
    read(&mut relay, ClientToBackend, 10);
    relay.flushed(ClientToBackend, Flushed::Bytes(4));
    relay.ready(Side::Client, READY);
    assert_eq!(relay.step(), Step::Wait, "the backend is full, and the client must wait");
    relay.ready(Side::Backend, Readiness { writable: true, ..Readiness::default() });
    assert_eq!(relay.step(), Step::Transfer(ClientToBackend));
    relay.flushed(ClientToBackend, Flushed::Bytes(6));
    assert_eq!(relay.step(), Step::Transfer(ClientToBackend), "now there may be more to read");
}

/// A proxy that serves what is ready in a fixed order starves whoever is last (flux #67).
#[test]
fn an_endless_response_does_not_keep_the_clients_word_from_the_backend() {
    let mut relay = relaying(true);
    let mut steps = Vec::new();
    for side in [Side::Client, Side::Backend] {
        relay.ready(side, Readiness { readable: true, writable: true, ..Readiness::default() });
    }
    for _ in 0..4 {
        let step = relay.step();
        let Step::Transfer(direction) = step else { panic!("both have bytes and room, yet {step:?}") };
        relay.filled(direction, Filled::Bytes { count: 9, short: false });
        relay.flushed(direction, Flushed::Bytes(9));
        steps.push(direction);
    }
    assert_eq!(steps, [BackendToClient, ClientToBackend, BackendToClient, ClientToBackend]);
}

#[test]
fn each_fin_ends_its_own_direction_only() {
    let mut relay = relaying(true);
    hangup(&mut relay, Side::Client);
    relay.filled(ClientToBackend, Filled::End);
    assert_eq!(relay.step(), Step::Shut(ClientToBackend));
    relay.shut(ClientToBackend);
    assert_eq!(relay.step(), Step::Wait);
    read(&mut relay, BackendToClient, 5);
    relay.flushed(BackendToClient, Flushed::Bytes(5));
    hangup(&mut relay, Side::Backend);
    relay.filled(BackendToClient, Filled::End);
    assert_eq!(relay.step(), Step::Complete, "closing says the last FIN");
}

#[test]
fn while_the_client_may_go_on_the_end_of_the_response_is_said_to_it() {
    let mut relay = relaying(true);
    read(&mut relay, BackendToClient, 5);
    hangup(&mut relay, Side::Backend);
    relay.filled(BackendToClient, Filled::End);
    relay.flushed(BackendToClient, Flushed::Bytes(5));
    assert_eq!(relay.step(), Step::Shut(BackendToClient));
    relay.shut(BackendToClient);
    assert_eq!(relay.step(), Step::Wait);
}

#[test]
fn a_short_read_with_the_fin_behind_it_is_the_end_and_without_it_is_not() {
    let mut relay = relaying(true);
    hangup(&mut relay, Side::Backend);
    relay.filled(BackendToClient, Filled::Bytes { count: 5, short: true });
    assert!(relay.ends_here(BackendToClient), "so that data and FIN can share a segment");
    relay.flushed(BackendToClient, Flushed::Bytes(5));
    assert_eq!(relay.step(), Step::Shut(BackendToClient));

    let mut relay = relaying(true);
    hangup(&mut relay, Side::Backend);
    relay.filled(BackendToClient, Filled::Bytes { count: 5, short: false });
    assert!(!relay.ends_here(BackendToClient), "a full read may have left bytes behind");
}

#[test]
fn an_error_behind_the_bytes_is_still_read_after_a_short_read() {
    let mut relay = relaying(true);
    relay.ready(Side::Backend, Readiness { error: true, hangup: true, readable: true, writable: true });
    relay.filled(BackendToClient, Filled::Bytes { count: 5, short: true });
    assert!(!relay.ends_here(BackendToClient), "what follows is a reset, not a FIN");
    relay.flushed(BackendToClient, Flushed::Bytes(5));
    assert_eq!(relay.step(), Step::Transfer(BackendToClient));
    relay.filled(BackendToClient, Filled::Failed);
    assert_eq!(relay.step(), Step::BackendGone);
}

#[test]
fn a_client_reset_ends_everything_at_once() {
    let mut relay = relaying(true);
    read(&mut relay, BackendToClient, 5);
    relay.ready(Side::Client, Readiness { error: true, ..Readiness::default() });
    assert_eq!(relay.step(), Step::ClientGone);
    let mut relay = relaying(true);
    read(&mut relay, BackendToClient, 5);
    relay.flushed(BackendToClient, Flushed::Failed);
    assert_eq!(relay.step(), Step::ClientGone);
    let mut relay = relaying(true);
    relay.ready(Side::Client, READY);
    relay.filled(ClientToBackend, Filled::Failed);
    assert_eq!(relay.step(), Step::ClientGone);
}

#[test]
fn a_backend_reset_waits_for_what_was_read_before_it() {
    let mut relay = relaying(true);
    read(&mut relay, BackendToClient, 5);
    relay.flushed(BackendToClient, Flushed::Bytes(2));
    relay.ready(Side::Backend, Readiness { error: true, readable: true, ..Readiness::default() });
    assert_eq!(relay.step(), Step::Wait);
    relay.ready(Side::Client, READY);
    relay.flushed(BackendToClient, Flushed::Bytes(3));
    assert_eq!(relay.step(), Step::Transfer(BackendToClient));
    relay.filled(BackendToClient, Filled::Failed);
    assert_eq!(relay.step(), Step::BackendGone);
}

#[test]
fn a_reset_seen_by_a_write_is_not_turned_into_a_clean_end_by_the_read_after_it() {
    let mut relay = relaying(true);
    read(&mut relay, BackendToClient, 5);
    relay.flushed(BackendToClient, Flushed::Bytes(5));
    read(&mut relay, ClientToBackend, 9);
    relay.flushed(ClientToBackend, Flushed::Failed);
    assert_eq!(relay.held(ClientToBackend), 0, "the rest of the request has nowhere to go");
    assert_eq!(relay.step(), Step::Transfer(BackendToClient), "what the backend said before may still be there");
    relay.filled(BackendToClient, Filled::End);
    assert_eq!(relay.step(), Step::BackendGone);
}

#[test]
fn the_last_bytes_before_a_reset_are_not_kept_back_for_a_fin_that_never_comes() {
    let mut relay = relaying(true);
    read(&mut relay, ClientToBackend, 9);
    relay.flushed(ClientToBackend, Flushed::Failed);
    hangup(&mut relay, Side::Backend);
    relay.filled(BackendToClient, Filled::Bytes { count: 5, short: true });
    assert!(!relay.ends_here(BackendToClient), "MSG_MORE would hold them until the reset destroys them");
    relay.flushed(BackendToClient, Flushed::Bytes(5));
    assert_eq!(relay.step(), Step::BackendGone);
}

#[test]
fn a_reset_after_the_backends_fin_reaches_the_client() {
    let mut relay = relaying(true);
    read(&mut relay, BackendToClient, 5);
    relay.flushed(BackendToClient, Flushed::Bytes(5));
    hangup(&mut relay, Side::Backend);
    relay.filled(BackendToClient, Filled::End);
    relay.shut(BackendToClient);
    relay.ready(Side::Backend, Readiness { error: true, ..Readiness::default() });
    assert_eq!(relay.step(), Step::BackendGone);
}

#[test]
fn a_backend_that_said_nothing_is_answered_for_only_where_the_client_speaks_http() {
    for (answerable, on_end, on_reset) in
        [(true, Step::NoResponse, Step::NoResponse), (false, Step::Shut(BackendToClient), Step::BackendGone)]
    {
        let mut relay = relaying(answerable);
        hangup(&mut relay, Side::Backend);
        relay.filled(BackendToClient, Filled::End);
        assert_eq!(relay.step(), on_end);
        let mut relay = relaying(answerable);
        relay.ready(Side::Backend, READY);
        relay.filled(BackendToClient, Filled::Failed);
        assert_eq!(relay.step(), on_reset);
    }
}

#[test]
fn a_session_of_one_request_is_complete_with_its_response() {
    let mut relay = relaying(true);
    relay.end = RequestEnd::Bytes(0);
    read(&mut relay, BackendToClient, 5);
    relay.flushed(BackendToClient, Flushed::Bytes(5));
    hangup(&mut relay, Side::Backend);
    relay.filled(BackendToClient, Filled::End);
    relay.shut(BackendToClient);
    assert_eq!(relay.step(), Step::ResponseComplete);
}

/// A socket as the kernel has it: bytes to read, an end behind them, room to write.
struct FakeSocket {
    inbox: VecDeque<u8>,
    /// Not yet arrived.
    coming: VecDeque<u8>,
    fin_arrived: bool,
    room: usize,
    got: Vec<u8>,
    got_fin: bool,
}

impl FakeSocket {
    fn sending(bytes: &[u8]) -> Self {
        let coming = bytes.iter().copied().collect();
        Self { inbox: VecDeque::new(), coming, fin_arrived: false, room: 0, got: Vec::new(), got_fin: false }
    }

    /// Something arrives or is taken, or both; what epoll would report, edge-triggered.
    fn advance(&mut self, random: &mut fastrand::Rng) -> Readiness {
        let mut news = Readiness::default();
        let arriving = random.usize(0..=self.coming.len().min(40));
        if arriving > 0 {
            self.inbox.extend(self.coming.drain(..arriving));
            news.readable = true;
        } else if self.coming.is_empty() && !self.fin_arrived {
            self.fin_arrived = true;
            news.readable = true;
        }
        news.hangup = self.fin_arrived;
        if random.bool() {
            self.room += random.usize(1..60);
            news.writable = true;
        }
        news
    }

    fn read(&mut self, room: usize, out: &mut Vec<u8>) -> Filled {
        let count = room.min(self.inbox.len());
        out.extend(self.inbox.drain(..count));
        match (count, self.fin_arrived) {
            (0, true) => Filled::End,
            (0, false) => Filled::Blocked,
            (count, _) => Filled::Bytes { count, short: count < room },
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Flushed {
        assert!(!self.got_fin, "nothing is written after the FIN");
        let count = bytes.len().min(self.room);
        self.room -= count;
        self.got.extend_from_slice(&bytes[..count]);
        if count == 0 { Flushed::Blocked } else { Flushed::Bytes(count) }
    }
}

/// Partial reads and writes in any order: both peers get every byte and the FIN, and the relay never spins.
#[test]
fn whatever_the_kernel_does_both_sides_get_everything_and_the_end() {
    for seed in 0..2_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let up: Vec<u8> = (0..random.usize(0..400)).map(|_| random.u8(..)).collect();
        let down: Vec<u8> = (0..random.usize(0..400)).map(|_| random.u8(..)).collect();
        let mut client = FakeSocket::sending(&up);
        let mut backend = FakeSocket::sending(&down);
        let mut held = [Vec::new(), Vec::new()];
        let mut relay = relaying(false);
        let scratch = random.usize(1..100);
        let mut steps = 0;
        loop {
            steps += 1;
            assert!(steps < 100_000, "seed {seed}: it spins: {relay:?}");
            match relay.step() {
                Step::Complete => break,
                Step::Wait => {
                    relay.ready(Side::Client, client.advance(&mut random));
                    relay.ready(Side::Backend, backend.advance(&mut random));
                }
                Step::Shut(ClientToBackend) => {
                    backend.got_fin = true;
                    relay.shut(ClientToBackend);
                }
                Step::Shut(BackendToClient) => {
                    client.got_fin = true;
                    relay.shut(BackendToClient);
                }
                Step::Transfer(direction) => {
                    let (source, sink, held) = match direction {
                        ClientToBackend => (&mut client, &mut backend, &mut held[0]),
                        BackendToClient => (&mut backend, &mut client, &mut held[1]),
                    };
                    if held.is_empty() {
                        let outcome = source.read(scratch, held);
                        relay.filled(direction, outcome);
                    }
                    if !held.is_empty() {
                        let outcome = sink.write(held);
                        if let Flushed::Bytes(count) = outcome {
                            held.drain(..count);
                        }
                        relay.flushed(direction, outcome);
                    }
                }
                other => panic!("seed {seed}: {other:?} between peers that only end"),
            }
        }
        assert_eq!((&client.got, &backend.got), (&down, &up), "seed {seed}");
        for peer in [client.fin_arrived && client.inbox.is_empty(), backend.fin_arrived && backend.inbox.is_empty()] {
            assert!(peer, "seed {seed}: it was closed, which says FIN, before all was read");
        }
    }
}

/// splice's EAGAIN taken for an empty socket left bytes there for ever (sozu #1323).
#[test]
fn a_full_pipe_says_nothing_of_its_socket() {
    let mut relay = relaying(true);
    relay.splice(Splice::Always);
    relay.ready(Side::Backend, READY);
    relay.spliced(BackendToClient, Filled::Bytes { count: 32, short: false });
    relay.spliced(BackendToClient, Filled::Blocked);
    assert!(relay.readable(Side::Backend), "by slots it was the pipe that was full");
    relay.flushed(BackendToClient, Flushed::Bytes(32));
    assert_eq!(relay.step(), Step::Transfer(BackendToClient));
    relay.spliced(BackendToClient, Filled::Blocked);
    assert!(!relay.readable(Side::Backend), "an empty pipe has room, so the socket is empty");
    assert_eq!(relay.step(), Step::Wait);
}

/// A client that stalls: each segment that its backend still sent woke the worker, which could do nothing with it.
#[test]
fn a_side_is_backed_up_only_while_bulk_waits_there_for_a_full_sink() {
    let mut relay = relaying(true);
    relay.splice(Splice::Always);
    relay.ready(Side::Backend, READY);
    relay.spliced(BackendToClient, Filled::Bytes { count: 32, short: false });
    assert!(!relay.is_backed_up(Side::Backend), "the client has room");
    relay.flushed(BackendToClient, Flushed::Bytes(8));
    assert!(relay.is_backed_up(Side::Backend));
    relay.readiness(Side::Backend).readable = false;
    assert!(!relay.is_backed_up(Side::Backend), "nothing waits there: what comes has to be told");
    relay.ready(Side::Backend, READY);
    relay.ready(Side::Client, READY);
    relay.flushed(BackendToClient, Flushed::Bytes(24));
    relay.spliced(BackendToClient, Filled::Blocked);
    assert!(!relay.is_backed_up(Side::Backend), "it is empty, and what comes is news");
    relay.splice(Splice::Never);
    relay.ready(Side::Backend, READY);
    relay.filled(BackendToClient, Filled::Bytes { count: 8, short: false });
    relay.flushed(BackendToClient, Flushed::Bytes(4));
    assert!(!relay.is_backed_up(Side::Backend), "what is copied is little");
}

#[test]
fn bytes_that_are_counted_to_find_the_requests_end_are_never_spliced() {
    let mut relay = Relay::default();
    relay.begin(0, true, RequestEnd::Bytes(1_000_000));
    relay.splice(Splice::Always);
    assert!(!relay.wants_pipe(ClientToBackend));
    assert!(relay.wants_pipe(BackendToClient));
    relay.cannot_splice();
    assert!(!relay.wants_pipe(BackendToClient));
}
