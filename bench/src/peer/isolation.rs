//! A network of the bench's own: nobody else's packets, ports or firewall rules are in what is measured.
//!
//! The bench starts itself again in a fresh network namespace through `unshare` (as root, else in a user namespace of
//! its own) with loopback up. It stays one process: the same pid, terminal and exit code. Where that isn't permitted it
//! goes on in the network that is there and says so. Containers can only be reached from the machine's network, where
//! their engine is: [`leave`] goes back there.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::Context;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::process::on_path;

/// Set for the second start.
const MARK: &str = "LB_BENCH_ISOLATED";
/// As root, then as a user who stays that user: who believes to be root (nginx) would try to become somebody else.
const WAYS: [&[&str]; 2] = [&["--net"], &["--user", "--map-current-user", "--keep-caps", "--net"]];

/// Whether this runs in a network of its own.
pub(crate) fn is_inside() -> bool {
    std::env::var_os(MARK).is_some()
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
    let works = |way: &&&[&str]| {
        let mut probe = Command::new(&unshare);
        probe.args(**way).args(["ip", "link", "set", "lo", "up"]).env("PATH", path());
        let probed = probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        probed.is_ok_and(|status| status.success())
    };
    let Some(way) = WAYS.iter().find(works) else { return };
    let mut again = Command::new(&unshare);
    again.args(*way).args(["sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""]).arg(own);
    again.args(std::env::args_os().skip(1)).env(MARK, "1").env("PATH", path());
    let error = again.exec();
    eprintln!("lb-bench: {}: {error}", unshare.display());
}

/// Goes back into the machine's network with this thread, and with all that it starts from now on: to be called where
/// nothing else runs. Nothing happens where it never left.
pub(crate) fn leave() -> anyhow::Result<()> {
    if !is_inside() {
        return Ok(());
    }
    let machines = File::open("/proc/1/ns/net").context("the machine's network can't be found")?;
    let network = Some(LinkNameSpaceType::Network);
    move_into_link_name_space(machines.as_fd(), network).context("the machine's network can't be entered")
}

/// With the places where `ip` is on machines that hide it from users.
fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}
