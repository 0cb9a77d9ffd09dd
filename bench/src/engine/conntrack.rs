//! The kernel's table of tracked connections. Where an engine has put address translation into a network, every
//! connection in it is an entry, for two minutes after its end too; when the table is full, connects fail at random.
//!
//! A replica in a container costs up to three entries a request: to the front, to the published port, and from the
//! engine's proxy to the container.

use std::fs;

use crate::peer::isolation;

const COUNT: &str = "/proc/sys/net/netfilter/nf_conntrack_count";
const MAX: &str = "/proc/sys/net/netfilter/nf_conntrack_max";

/// Entries now, and how many fit; `None` where nothing is tracked.
pub(crate) fn entries() -> Option<(u64, u64)> {
    let read = |path| fs::read_to_string(path).ok()?.trim().parse().ok();
    Some((read(COUNT)?, read(MAX)?))
}

/// A line for a report.
pub(crate) fn in_words() -> String {
    let network = if isolation::is_own_network() { "a namespace of its own" } else { "the machine's own" };
    match entries() {
        Some((count, max)) => {
            format!("network: {network}; connections are tracked there ({count} of {max} entries at the end)")
        }
        None => format!("network: {network}; no connections are tracked there"),
    }
}
