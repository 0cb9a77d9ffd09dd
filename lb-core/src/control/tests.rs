//! The channels out of a worker never keep it waiting: what doesn't fit is dropped and counted.

use std::sync::atomic::AtomicUsize;

use super::*;

/// One worker's end, and how often it has called for attention.
fn linked() -> (Control, WorkerPort, Arc<AtomicUsize>) {
    let poll = mio::Poll::new().unwrap();
    let waker = Arc::new(Waker::new(poll.registry(), mio::Token(0)).unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let notify: Notify = Arc::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let (control, mut ports) = Control::link(vec![waker], &notify);
    (control, ports.remove(0), calls)
}

fn dropped(control: &Control) -> u64 {
    control.stats().map(|stats| stats.reports_dropped.read()).sum()
}

/// Returning at all is the fact: on a channel that waits, this test would hang here.
#[test]
fn reports_beyond_what_the_channel_holds_are_dropped_and_counted() {
    let (control, port, calls) = linked();
    for n in 0..REPORTS_MAX as u64 + 7 {
        port.report(Report::ConnectRefused(BackendId(n)));
    }
    assert_eq!(dropped(&control), 7);
    assert_eq!(calls.load(Ordering::Relaxed), REPORTS_MAX + 7, "the control side is told to read, all the more so");
    let kept: Vec<Report> = control.reports().map(|(_, report)| report).collect();
    assert_eq!(kept.len(), REPORTS_MAX, "and what was there before stays, in its order");
    assert_eq!(kept.first(), Some(&Report::ConnectRefused(BackendId(0))));
    port.report(Report::ConnectTimedOut(BackendId(1)));
    let next: Vec<Report> = control.reports().map(|(_, report)| report).collect();
    assert_eq!(next, [Report::ConnectTimedOut(BackendId(1))], "there is room again");
    assert_eq!(dropped(&control), 7);
}

#[test]
fn answered_ids_beyond_what_the_channel_holds_are_dropped_and_counted() {
    let (control, port, _) = linked();
    for _ in 0..=ANSWERED_MAX {
        port.answered(Answered::new(BackendId(1), b"7"));
    }
    assert_eq!((dropped(&control), control.answered().count()), (1, ANSWERED_MAX));
}

#[test]
fn reports_to_a_control_side_that_is_gone_keep_nobody_waiting() {
    let (control, port, _) = linked();
    drop(control);
    port.report(Report::DiedBeforeFirstByte(BackendId(1)));
    assert_eq!(port.shared.stats.reports_dropped.read(), 1);
}
