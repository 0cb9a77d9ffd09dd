//! What the kernel says about ignored signals. That each signal ends `lb` in good order is a test on the process.

use super::*;

#[test]
fn an_ignored_signal_is_told_from_the_status_of_the_process() {
    let status = "Name:\tlb\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\nSigCgt:\tffffffffffffffff\n";
    assert!(ignores(status, SignalKind::hangup()));
    assert!(ignores(status, SignalKind::pipe()));
    assert!(!ignores(status, SignalKind::terminate()));
    assert!(!ignores("", SignalKind::hangup()));
}
