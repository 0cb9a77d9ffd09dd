//! The balancer under test: `lb serve` on free ports, asked and steered as a user would.
//!
//! Its addresses are read from the lines it prints. It ends when it is dropped ([`Process`]).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::Arc;

use rustix::process::Signal;
use serde_json::Value;

use super::process::{Process, signal};
use super::{Peer, Response, eventually, http};

/// A running `lb serve`.
#[derive(Debug)]
pub(crate) struct Lb {
    pub(crate) front: SocketAddr,
    pub(crate) admin: SocketAddr,
    process: Process,
}

impl Lb {
    /// With three replicas, all of them ready.
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::with_replicas(3, flags)
    }

    /// With `n` replicas, all of them ready.
    pub(crate) fn with_replicas(n: usize, flags: &[&str]) -> Self {
        let lb = Self::launch(&[&["--replicas", &n.to_string()], flags].concat());
        lb.wait_until_ready(n);
        lb
    }

    /// In front of scripted backends named b1, b2, …; all of them ready.
    pub(crate) fn before(peers: &[&Peer], flags: &[&str]) -> Self {
        let named: Vec<_> = peers.iter().zip(1..).map(|(peer, n)| peer.as_backend(&format!("b{n}"))).collect();
        let mut all = vec!["--replicas", "0"];
        all.extend(named.iter().flat_map(|backend| ["--backend", backend]));
        all.extend(flags);
        let lb = Self::launch(&all);
        lb.wait_until_ready(peers.len());
        lb
    }

    /// As `flags` say; it has printed its addresses, no more is known.
    pub(crate) fn launch(flags: &[&str]) -> Self {
        Self::launch_by(Command::new(env!("CARGO_BIN_EXE_lb")), flags)
    }

    /// Allowed `nofile` file descriptors.
    pub(crate) fn launch_with_nofile(nofile: u32, flags: &[&str]) -> Self {
        Self::launch_through(&format!("ulimit -n {nofile}"), flags)
    }

    /// By a shell that says `first` and then becomes it.
    pub(crate) fn launch_through(first: &str, flags: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{first}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_lb")]);
        Self::launch_by(shell, flags)
    }

    fn launch_by(command: Command, flags: &[&str]) -> Self {
        Self::of(Process::spawn(command, flags))
    }

    fn of(mut process: Process) -> Self {
        let found = eventually("lb prints its addresses or ends", || {
            let lines = process.stderr();
            let address = |what| lines.iter().find_map(|line| address_in(line, what));
            let addresses = address("front").zip(address("admin"));
            (addresses.is_some() || process.exit_status().is_some()).then_some(addresses)
        });
        let Some((front, admin)) = found else { panic!("lb has ended") };
        Self { front, admin, process }
    }

    /// Runs `lb serve` with `flags` to its end: exit code and stderr. For starts that must fail.
    pub(crate) fn run_to_end(flags: &[&str]) -> (i32, String) {
        let mut process = Process::spawn(Command::new(env!("CARGO_BIN_EXE_lb")), flags);
        let status = process.wait_for_exit();
        (status.code().unwrap_or(-1), process.last_words())
    }

    /// Ends it as a crash would; its replicas live on.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.wait_for_exit();
    }

    /// The next one, on the same front and state directory. This one must have ended.
    pub(crate) fn next(&self, flags: &[&str]) -> Self {
        let front = self.front.to_string();
        let flags = [&["--front", &front], flags].concat();
        let state_dir = Arc::clone(self.process.state_dir());
        Self::of(Process::spawn_in(state_dir, Command::new(env!("CARGO_BIN_EXE_lb")), &flags))
    }

    /// The same where it must fail: exit code and stderr.
    pub(crate) fn next_to_end(&self, front: &str) -> (i32, String) {
        let state_dir = Arc::clone(self.process.state_dir());
        let mut process = Process::spawn_in(state_dir, Command::new(env!("CARGO_BIN_EXE_lb")), &["--front", front]);
        let status = process.wait_for_exit();
        (status.code().unwrap_or(-1), process.last_words())
    }

    /// The folder of its front in its state directory.
    pub(crate) fn state_folder(&self) -> PathBuf {
        self.process.state_dir().path().join(self.front.port().to_string())
    }

    pub(crate) fn wait_until_ready(&self, n: usize) {
        eventually(&format!("{n} backends are ready"), || {
            let ready = self.backends().iter().filter(|backend| backend["state"] == "ready").count();
            (ready == n).then_some(())
        });
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// `GET path` on the front.
    pub(crate) fn get(&self, path: &str) -> Response {
        http::get(self.front, path)
    }

    /// The replica that answers `id` on the front.
    pub(crate) fn replica_of(&self, id: u64) -> String {
        self.get(&format!("/request?request_id={id}")).replica()
    }

    /// A request on the admin API.
    pub(crate) fn ask_admin(&self, method: &str, path: &str, body: &str) -> Response {
        http::send(self.admin, method, path, body)
    }

    /// The names in `/rep`.
    pub(crate) fn replicas(&self) -> Vec<String> {
        names(&self.ask_admin("GET", "/rep", ""))
    }

    /// `GET /v1/backends`.
    pub(crate) fn backends(&self) -> Vec<Value> {
        let body = self.ask_admin("GET", "/v1/backends", "").json();
        body.as_array().or(body["backends"].as_array()).unwrap_or_else(|| panic!("no list: {body}")).clone()
    }

    /// The process of a replica.
    pub(crate) fn pid_of(&self, name: &str) -> u32 {
        let backends = self.backends();
        let backend = backends.iter().find(|backend| backend["name"] == name);
        let pid = backend.and_then(|backend| backend["pid"].as_u64());
        pid.unwrap_or_else(|| panic!("{name} has no pid: {backends:?}")) as u32
    }

    /// The sum over all samples of a metric.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        self.ask_admin("GET", "/metrics", "").metric(name)
    }

    pub(crate) fn signal(&self, which: Signal) {
        assert!(signal(self.pid(), which), "lb is there");
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        self.process.wait_for_exit()
    }

    /// What lies in its state directory.
    pub(crate) fn state_files(&self) -> Vec<String> {
        self.process.state_files()
    }

    /// What it has written so far.
    pub(crate) fn stderr(&self) -> String {
        self.process.stderr().join("\n")
    }
}

/// The names in the body of `/rep`, `/add` and `/rm`.
pub(crate) fn names(response: &Response) -> Vec<String> {
    let body = response.json();
    let names = body["message"]["replicas"].as_array().unwrap_or_else(|| panic!("no replicas: {response:?}")).clone();
    names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// The address in a line that has the word `what`.
fn address_in(line: &str, what: &str) -> Option<SocketAddr> {
    let mut words = line.split(|c: char| c.is_whitespace() || matches!(c, '/' | ',' | '=' | '(' | ')'));
    words.clone().any(|word| word.trim_end_matches(':') == what).then(|| words.find_map(|word| word.parse().ok()))?
}
