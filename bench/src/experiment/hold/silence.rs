//! A time in which nobody says anything. What is on the wire then is TCP keepalive's alone; what the kernel drops of it
//! because too much comes at once is counted.

use std::time::Duration;

use super::connections::Connections;

/// Packets that waited for a CPU of this machine: whatever its networks, there is one queue a CPU.
const SOFTNET: &str = "/proc/net/softnet_stat";

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Silence {
    pub(super) seconds: u32,
    /// Connections that were open before, and that answered afterwards.
    pub(super) before: usize,
    pub(super) after: usize,
    /// Packets that the kernel had no room for meanwhile, on the whole machine; `None` where it doesn't say.
    pub(super) packets_dropped: Option<u64>,
}

/// Keeps silent for so long, then asks everybody.
pub(super) async fn keep(connections: &mut Connections, seconds: u32) -> Silence {
    let (before, dropped) = (connections.len(), packets_dropped());
    tokio::time::sleep(Duration::from_secs(seconds.into())).await;
    let packets_dropped = packets_dropped().zip(dropped).map(|(now, then)| now - then);
    connections.ask_one_in(1).await;
    Silence { seconds, before, after: connections.len(), packets_dropped }
}

impl Silence {
    /// A line for the report.
    pub(super) fn in_words(&self) -> String {
        let Self { seconds, before, after, .. } = *self;
        let packets = self.packets_dropped.map_or("an unknown number of".to_owned(), |count| count.to_string());
        format!(
            "after {seconds} s of silence {} of {before} were gone; the kernel dropped {packets} packets meanwhile",
            before - after
        )
    }
}

fn packets_dropped() -> Option<u64> {
    dropped_in(&std::fs::read_to_string(SOFTNET).ok()?)
}

/// The second column, summed over the CPUs.
fn dropped_in(text: &str) -> Option<u64> {
    let of_cpu = |line: &str| u64::from_str_radix(line.split_whitespace().nth(1)?, 16).ok();
    text.lines().map(of_cpu).sum()
}

#[cfg(test)]
mod tests;
