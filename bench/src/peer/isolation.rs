//! A network of the bench's own: nobody else's packets, ports or firewall rules are in what is measured.
//!
//! The bench starts itself again in a fresh network namespace through `unshare` (as root, else in a user namespace of
//! its own) with loopback up. It stays one process: the same pid, terminal and exit code. Where that isn't permitted it
//! goes on in the network that is there and says so. Containers of the machine's engine can only be reached from the
//! machine's network: [`leave`] goes back there. What an engine of our own does to the network it must not do there:
//! [`is_own_network`] asks where we are.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::Context;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::process::on_path;

/// Set for the second start: what the network is called that was left (`net:[4026531833]`).
const MARK: &str = "LB_BENCH_ISOLATED";
/// As root, then as a user who stays that user: who believes to be root (nginx) would try to become somebody else.
const WAYS: [&[&str]; 2] = [&["--net"], &["--user", "--map-current-user", "--keep-caps", "--net"]];

/// Whether this runs in a network of its own.
pub(crate) fn is_inside() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Whether the network that this thread is in isn't the one that was left.
pub(crate) fn is_own_network() -> bool {
    let left = std::env::var(MARK).ok();
    left.is_some() && network_of("thread-self").is_some_and(|now| Some(now) != left)
}

/// What a process' network is called, where we may know.
fn network_of(process: &str) -> Option<String> {
    std::fs::read_link(format!("/proc/{process}/ns/net")).ok()?.into_os_string().into_string().ok()
}

/// Starts this program again in a network of its own. Returns where it is in there already, and where that can't be.
/// To be called before anything is opened or started.
pub(crate) fn enter() {
    if is_inside() {
        return;
    }
    let (Some(unshare), Some(_), Ok(own)) = (on_path("unshare"), on_path("ip"), std::env::current_exe()) else {
        return;
    };
    let Some(network) = network_of("self") else { return };
    let works = |way: &&&[&str]| {
        let mut probe = Command::new(&unshare);
        probe.args(**way).args(["ip", "link", "set", "lo", "up"]).env("PATH", path());
        let probed = probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        probed.is_ok_and(|status| status.success())
    };
    let Some(way) = WAYS.iter().find(works) else { return };
    let mut again = Command::new(&unshare);
    again.args(*way).args(["sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""]).arg(own);
    again.args(std::env::args_os().skip(1)).env(MARK, network).env("PATH", path());
    let error = again.exec();
    eprintln!("lb-bench: {}: {error}", unshare.display());
}

/// Goes back into the machine's network with this thread, and with all that it starts from now on: to be called where
/// nothing else runs. Nothing happens where it never left.
pub(crate) fn leave() -> anyhow::Result<()> {
    if !is_own_network() {
        return Ok(());
    }
    let machines = left_network().context("nobody is left in the machine's network who could show the way there")?;
    let network = Some(LinkNameSpaceType::Network);
    move_into_link_name_space(machines.as_fd(), network).context("the machine's network can't be entered")
}

/// The network that was left, by any process in it; the first process of all may hide its own even from root.
fn left_network() -> Option<File> {
    let left = std::env::var(MARK).ok()?;
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let mut there = processes.filter_map(|entry| {
        let process = entry.file_name().into_string().ok()?;
        (network_of(&process)? == left).then(|| File::open(entry.path().join("ns/net")).ok())?
    });
    there.next()
}

/// With the places where `ip` is on machines that hide it from users.
fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}
