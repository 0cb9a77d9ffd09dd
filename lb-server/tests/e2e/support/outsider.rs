//! A sample backend that somebody else runs: the test starts it, freezes it by its pid, and ends it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use super::process::signal;

/// A running `lb replica` that no balancer has started.
#[derive(Debug)]
pub(crate) struct Outsider {
    pub(crate) addr: SocketAddr,
    child: Child,
}

impl Outsider {
    /// Says that it is `id`, on a free loopback port.
    pub(crate) fn start(id: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lb"));
        command.args(["replica", "--listen", "127.0.0.1:0", "--id", id]).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let start = format!("replica {id} on ");
        let addr = lines.find_map(|line| line.strip_prefix(&start)?.parse().ok()).expect("it says where it listens");
        Self { addr, child }
    }

    /// The `--backend` flag's value for it, under the name that it says.
    pub(crate) fn as_backend(&self, name: &str) -> String {
        format!("{name}={}", self.addr)
    }

    /// It keeps its port and answers nothing.
    pub(crate) fn freeze(&self) {
        assert!(signal(self.child.id(), Signal::STOP), "it is ours");
    }

    /// It goes on.
    pub(crate) fn thaw(&self) {
        assert!(signal(self.child.id(), Signal::CONT), "it is ours");
    }
}

impl Drop for Outsider {
    fn drop(&mut self) {
        // SIGKILL ends a frozen one too.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
