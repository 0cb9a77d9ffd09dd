//! Starts the trivial server as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use anyhow::Context;

use super::process::{Process, TempDir};

/// One trivial server process with a listener a name.
#[derive(Debug)]
pub(crate) struct Servers {
    /// Where it listens, in the order of the names.
    pub(crate) addrs: Vec<SocketAddr>,
    process: Process,
}

impl Servers {
    /// Starts it and waits until it listens.
    pub(crate) fn start(names: &[&str], delay_ms: u64) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe().context("where this program is")?);
        command.args(["trivial-server", "--names", &names.join(","), "--delay", &delay_ms.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start(&mut command, TempDir::new()?)?;
        let stdout = process.child().stdout.take().expect("stdout is piped");
        let lines = BufReader::new(stdout).lines().take(names.len());
        let addrs: Vec<SocketAddr> = lines.filter_map(|line| line.ok()?.parse().ok()).collect();
        anyhow::ensure!(addrs.len() == names.len(), "the trivial server did not start: {}", process.last_words());
        Ok(Self { addrs, process })
    }

    /// Its process.
    pub(crate) fn process(&self) -> &Process {
        &self.process
    }
}
