//! Ours beside HAProxy, nginx and nobody at all: CPU, system calls, latency, memory, and what a dead backend costs.
//!
//! Every peer has one worker, the same three backends (listeners of one trivial process) and the same client. Rounds are
//! interleaved, and each begins with another peer, so that a machine that slows down meanwhile slows all of them. Each
//! measurement of a round is made on a process that was started for it. [`workload`] measures, [`metric`] holds what was
//! measured, [`summary`] says it, [`goal`] judges it. Claimed: ours answers every request of W1 to W3 and at the fixed rate,
//! and reaches what it must in every goal; where a peer is ahead, the table says so.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use rustix::fs::{FlockOperation, flock};

use crate::balancer::{Turns, sibling_lb};
use crate::peer::{BACKENDS, Peer, RunningPeer, Servers, files, isolation};
use crate::report::{Report, progress::Progress};
use metric::Results;

mod goal;
mod metric;
mod summary;
mod workload;

/// Descriptors of a process beside two a held connection.
const DESCRIPTORS_RESERVED: u64 = 500;

/// `lb-bench peers`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Our binary
    #[arg(long, value_name = "PATH", default_value_os_t = sibling_lb())]
    lb: PathBuf,
    /// Who is compared: lb, haproxy-tcp, haproxy-splice, haproxy-hash, nginx-stream, nginx-http, direct
    /// [default: all whose program is on PATH]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = peer_named)]
    only: Vec<Peer>,
    /// Interleaved rounds
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// W1: requests, one connection each
    #[arg(long, value_name = "N", default_value_t = 30_000, value_parser = clap::value_parser!(u64).range(1..))]
    requests: u64,
    /// W2: requests on kept connections
    #[arg(long, value_name = "N", default_value_t = 150_000, value_parser = clap::value_parser!(u64).range(1..))]
    kept_requests: u64,
    /// W3: downloads; 0: none
    #[arg(long, value_name = "N", default_value_t = 8)]
    downloads: u64,
    /// W3: size of a download in MB
    #[arg(long, value_name = "MB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    download_mb: u64,
    /// New connections a second at the fixed rate
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// For how many seconds
    #[arg(long, value_name = "S", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    rate_seconds: u64,
    /// Idle connections that are held to measure their memory, fewer where the file limit is lower; 0: none
    #[arg(long, value_name = "N", default_value_t = 9_000, value_parser = clap::value_parser!(u64).range(..=9_000))]
    held: u64,
    /// Requests that are traced to count system calls; 0: none
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    traced_requests: u64,
    /// Don't kill backends
    #[arg(long)]
    no_kill: bool,
    /// Stay in the network that is there, instead of a namespace of its own
    #[arg(long)]
    no_isolation: bool,
}

fn peer_named(name: &str) -> Result<Peer, String> {
    let known = Peer::ALL.into_iter().find(|peer| peer.name() == name);
    known.ok_or_else(|| format!("known are {}", Peer::ALL.map(Peer::name).join(", ")))
}

impl Options {
    /// Before anything is opened: starts the bench again in a network of its own, where that is wanted and permitted.
    pub(crate) fn enter_isolation(&self) {
        if !self.no_isolation {
            isolation::enter();
        }
    }

    /// What the file limit leaves of `--held`.
    fn held_connections(&self) -> u64 {
        self.held.min(files::limit().saturating_sub(DESCRIPTORS_RESERVED) / 2)
    }

    /// Those that can be started here, and a line for each that can't.
    fn peers(&self) -> anyhow::Result<(Vec<Peer>, Vec<String>)> {
        let wanted = if self.only.is_empty() { Peer::ALL.to_vec() } else { self.only.clone() };
        let here =
            |peer: &Peer| *peer == Peer::Direct || peer.program(&self.lb).is_some_and(|program| program.is_file());
        let (here, missing): (Vec<Peer>, Vec<Peer>) = wanted.iter().partition(|peer| here(peer));
        if missing.contains(&Peer::Lb) {
            bail!("{} isn't there; build it (cargo build --release) or name it with --lb", self.lb.display());
        }
        let named = self.only.iter().find(|peer| missing.contains(peer));
        named.map_or(Ok(()), |peer| bail!("{}: its program is not on PATH", peer.name()))?;
        Ok((
            here,
            missing.iter().map(|peer| format!("{}: its program is not on PATH, left out", peer.name())).collect(),
        ))
    }
}

/// Compares them.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let _alone = take_turn()?;
    files::raise_limit();
    let (peers, missing) = options.peers()?;
    missing.iter().for_each(|line| eprintln!("lb-bench: {line}"));
    let servers = Servers::start(&["B1", "B2", "B3"][..BACKENDS], 0)?;
    let (mut results, mut turns) = (Results::default(), Turns::default());
    let progress = Progress::steps("comparing peers", u64::from(options.rounds) * peers.len() as u64);
    for round in 0..usize::from(options.rounds) {
        for turn in 0..peers.len() {
            let peer = peers[(round + turn) % peers.len()];
            let measured = one_round(options, peer, round, &servers, &mut results, &mut turns).await;
            measured.with_context(|| format!("{} in round {}", peer.name(), round + 1))?;
            progress.step();
        }
    }
    drop(progress);
    Ok(summary::report(
        &summary::Setting { options, peers: &peers, missing, isolated: isolation::is_inside(), turns },
        &results,
    ))
}

async fn one_round(
    options: &Options,
    peer: Peer,
    round: usize,
    servers: &Servers,
    results: &mut Results,
    turns: &mut Turns,
) -> anyhow::Result<()> {
    let running = RunningPeer::start(peer, &options.lb, &servers.addrs).await?;
    workload::requests(options, peer, &running, results).await?;
    turns.add(running.turns().await?);
    drop(running);
    // Counted, not timed: the same in every round.
    if round == 0 && options.traced_requests > 0 {
        let running = RunningPeer::start(peer, &options.lb, &servers.addrs).await?;
        workload::syscalls(options, peer, &running, results).await?;
    }
    if options.held > 0 {
        let running = RunningPeer::start(peer, &options.lb, &servers.addrs).await?;
        workload::idle_memory(options, peer, &running, results).await?;
        turns.add(running.turns().await?);
    }
    if !options.no_kill && peer != Peer::Direct {
        workload::kill_a_backend(options, peer, results).await?;
    }
    Ok(())
}

/// Two runs at the same time would measure each other. The lock ends with the process.
fn take_turn() -> anyhow::Result<File> {
    let path = std::env::temp_dir().join("lb-bench-peers.lock");
    // Another user's file may be read, and a lock needs no more.
    let file = File::open(&path).or_else(|_| File::options().create(true).append(true).open(&path));
    let file = file.with_context(|| format!("{} can't be opened", path.display()))?;
    let locked = flock(&file, FlockOperation::NonBlockingLockExclusive);
    ensure!(locked.is_ok(), "another `lb-bench peers` is running: they would measure each other");
    Ok(file)
}
