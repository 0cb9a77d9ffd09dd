//! One end of one connection: sends what the plan says and checks what comes, at the same time, and says what was wrong.
//!
//! What may happen to a connection that is reset: whoever reset it is owed nothing; the other has a prefix of what was
//! sent and then an error, never a clean end, which would make half a stream look whole. For a backend that resets before
//! its first byte the front may answer an HTTP client itself.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::plan::{End, PIECE_MAX, Plan, READ_MAX, Wire};
use super::tally::Tally;

/// A connection that takes longer hangs.
const DONE_WITHIN: Duration = Duration::from_secs(60);
/// One piece in so many is followed by a pause, so that the other side runs dry.
const PAUSE_EVERY: u32 = 64;
const PAUSE: Duration = Duration::from_millis(1);
/// How the front's own answer to a client begins.
const OWN_ANSWER: &[u8] = b"HTTP/1.1 50";

/// Buffers, used for one connection after the other.
#[derive(Debug)]
pub(super) struct Buffers {
    read: Vec<u8>,
    write: Vec<u8>,
}

impl Buffers {
    /// For the largest pieces.
    pub(super) fn new() -> Self {
        Self { read: vec![0; READ_MAX], write: vec![0; PIECE_MAX] }
    }
}

/// What came, and how it ended.
#[derive(Debug, Default)]
struct Received {
    count: u64,
    wrong_at: Option<u64>,
    first: Vec<u8>,
    error: Option<io::Error>,
    /// The kernel tells a reset once; here the sending half was told before.
    reset_while_sending: bool,
}

/// Runs `end` of the plan's connection to its end; `first` goes out before everything else, `early` came before it.
pub(super) async fn run(
    plan: &Plan,
    end: End,
    mut stream: TcpStream,
    (first, early): (&[u8], &[u8]),
    buffers: &mut Buffers,
    tally: &Tally,
) -> Result<(), String> {
    let both = async {
        let (source, sink) = stream.split();
        let ended = Ended::default();
        let Buffers { read, write } = buffers;
        let receiving = receive(plan, end, source, early, read, &ended);
        let sending = send(plan, end, sink, first, write, &ended);
        if plan.abort_of(end).is_some() {
            tokio::pin!(sending, receiving);
            // Reads as long as it writes, and is gone in the middle of both.
            let received = tokio::select! {
                _ = &mut sending => return (Ok(0), None),
                received = &mut receiving => received,
            };
            let _its_reset_comes_anyway = sending.await;
            return (Ok(0), Some(received));
        }
        let (sent, received) = tokio::join!(sending, receiving);
        (sent, Some(received))
    };
    let done = timeout(DONE_WITHIN, both).await;
    if plan.abort_of(end).is_some() {
        tally.aborted();
        // What is on its way is lost, as it is when a program is killed.
        let _already_reset = stream.set_zero_linger();
    }
    let Ok((sent, received)) = done else { return Err(format!("not done after {DONE_WITHIN:?}")) };
    let Some(received) = received else { return Ok(()) };
    tally.received(received.count, received.error.is_some() || received.reset_while_sending);
    judge(plan, end, &sent, &received, tally)
}

fn judge(plan: &Plan, end: End, sent: &io::Result<u64>, received: &Received, tally: &Tally) -> Result<(), String> {
    let length = plan.received_by(end).1;
    let Received { count, wrong_at, first, error, reset_while_sending } = received;
    if let Some(at) = wrong_at {
        let by_backend = plan.abort.is_some_and(|(who, _)| who == End::Backend);
        // Its first byte or two may happen to be the right ones.
        if *at < OWN_ANSWER.len() as u64 && plan.wire == Wire::Http && by_backend && first.starts_with(OWN_ANSWER) {
            tally.answered_by_front();
            return Ok(());
        }
        return Err(format!("byte {at} of {count} received is wrong or another's: {first:02x?}"));
    }
    match (plan.abort, error) {
        (Some((who, _)), None) if who != end && *count < length && !reset_while_sending => {
            tally.clean_end_of_a_reset(format!("{end:?} of {plan:?}: a clean end after {count} bytes"));
            Ok(())
        }
        (Some(_), _) => Ok(()),
        (None, Some(error)) => Err(format!("{count} of {length} bytes received, then {error}")),
        (None, None) if *count < length => Err(format!("{count} of {length} bytes received, then a clean end")),
        (None, None) => sent.as_ref().map(drop).map_err(|error| format!("it could not send all: {error}")),
    }
}

/// What the two halves of a connection tell each other.
#[derive(Default)]
struct Ended {
    /// The other side has ended: who waits for that may send.
    is: Cell<bool>,
    changed: Notify,
    /// Sending has failed.
    send_failed: Cell<bool>,
}

async fn receive(
    plan: &Plan,
    end: End,
    mut source: ReadHalf<'_>,
    early: &[u8],
    buffer: &mut [u8],
    ended: &Ended,
) -> Received {
    let mut received = Received::default();
    received.take(plan, end, early);
    loop {
        match source.read(&mut buffer[..plan.read_max]).await {
            Ok(0) => {
                received.reset_while_sending = ended.send_failed.get();
                break;
            }
            Ok(count) => received.take(plan, end, &buffer[..count]),
            Err(error) => {
                received.error = Some(error);
                break;
            }
        }
    }
    ended.is.set(true);
    ended.changed.notify_one();
    received
}

impl Received {
    fn take(&mut self, plan: &Plan, end: End, bytes: &[u8]) {
        let (tagged, length) = plan.received_by(end);
        if self.first.len() < OWN_ANSWER.len() {
            self.first.extend(bytes.iter().take(OWN_ANSWER.len() - self.first.len()));
        }
        if self.wrong_at.is_none() {
            let within = bytes.len().min(usize::try_from(length - self.count).unwrap_or(usize::MAX));
            let wrong = tagged.first_wrong(self.count, &bytes[..within]);
            // What comes after the last byte is wrong too.
            let wrong = wrong.or((within < bytes.len()).then_some(within));
            self.wrong_at = wrong.map(|place| self.count + place as u64);
        }
        self.count = (self.count + bytes.len() as u64).min(length.max(self.count));
    }
}

async fn send(
    plan: &Plan,
    end: End,
    sink: WriteHalf<'_>,
    first: &[u8],
    buffer: &mut [u8],
    ended: &Ended,
) -> io::Result<u64> {
    let sent = send_all(plan, end, sink, first, buffer, ended).await;
    ended.send_failed.set(sent.is_err());
    sent
}

async fn send_all(
    plan: &Plan,
    end: End,
    mut sink: WriteHalf<'_>,
    first: &[u8],
    buffer: &mut [u8],
    ended: &Ended,
) -> io::Result<u64> {
    let mut rest = first;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(fastrand::usize(1..=rest.len()));
        sink.write_all(piece).await?;
        rest = after;
    }
    while plan.waits(end) && !ended.is.get() {
        ended.changed.notified().await;
    }
    let (tagged, length) = plan.sent_by(end);
    let length = plan.abort_of(end).unwrap_or(length);
    let mut sent = 0;
    while sent < length {
        let piece = fastrand::u64(1..=plan.piece_max as u64).min(length - sent) as usize;
        tagged.fill(sent, &mut buffer[..piece]);
        sink.write_all(&buffer[..piece]).await?;
        sent += piece as u64;
        if fastrand::u32(..PAUSE_EVERY) == 0 {
            sleep(PAUSE).await;
        }
    }
    if plan.abort_of(end).is_none() {
        sink.shutdown().await?;
    }
    Ok(sent)
}

#[cfg(test)]
mod tests;
