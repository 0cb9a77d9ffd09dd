//! The balancer under test: `lb serve` as a child on free ports, with a state directory of its own.
//!
//! Its addresses are read from the lines it prints. Dropping it ends it by its pid: SIGTERM first, so that it stops its
//! replicas, SIGKILL where it doesn't obey.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::{Peer, Response, eventually, http};

/// A running `lb serve`.
#[derive(Debug)]
pub(crate) struct Lb {
    pub(crate) front: SocketAddr,
    pub(crate) admin: SocketAddr,
    child: Child,
    stderr: Lines,
    state_dir: TempDir,
}

type Lines = Arc<Mutex<Vec<String>>>;

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
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -n {nofile}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_lb")]);
        Self::launch_by(shell, flags)
    }

    fn launch_by(mut command: Command, flags: &[&str]) -> Self {
        let state_dir = tempfile::tempdir().unwrap();
        serve(&mut command, flags, state_dir.path());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = collect_lines(child.stderr.take().unwrap());
        let mut addrs = None;
        let mut exited = None;
        eventually("lb prints its addresses or ends", || {
            exited = child.try_wait().unwrap();
            let lines = stderr.lock().unwrap();
            addrs = lines
                .iter()
                .find_map(|l| address_in(l, "front"))
                .zip(lines.iter().find_map(|l| address_in(l, "admin")));
            (addrs.is_some() || exited.is_some()).then_some(())
        });
        let Some((front, admin)) = addrs else { panic!("lb ended ({exited:?}): {:#?}", stderr.lock().unwrap()) };
        Self { front, admin, child, stderr, state_dir }
    }

    /// Runs `lb` with `args` to its end: exit code and stderr. For starts that must fail.
    pub(crate) fn run_to_end(args: &[&str]) -> (i32, String) {
        let state_dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lb"));
        serve(&mut command, args, state_dir.path());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = collect_lines(child.stderr.take().unwrap());
        let status = eventually("lb ends by itself", || {
            child.try_wait().unwrap().or_else(|| {
                // One that wrongly runs must not outlive a test that fails.
                stderr.lock().unwrap().iter().any(|line| address_in(line, "front").is_some()).then(|| {
                    signal(child.id(), Signal::TERM);
                });
                None
            })
        });
        let text = eventually("its last words are read", || {
            (Arc::strong_count(&stderr) == 1).then(|| stderr.lock().unwrap().join("\n"))
        });
        (status.code().unwrap_or(-1), text)
    }

    fn wait_until_ready(&self, n: usize) {
        eventually(&format!("{n} backends are ready"), || {
            let ready = self.backends().iter().filter(|backend| backend["state"] == "ready").count();
            (ready == n).then_some(())
        });
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
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
        let metrics = self.ask_admin("GET", "/metrics", "");
        let samples = metrics.text().lines().filter_map(|line| {
            let rest = line.strip_prefix(name).filter(|rest| rest.starts_with([' ', '{']))?;
            rest.rsplit(' ').next()?.parse::<f64>().ok()
        });
        let samples: Vec<f64> = samples.collect();
        assert!(!samples.is_empty(), "no metric {name} in:\n{}", metrics.text());
        samples.iter().sum()
    }

    pub(crate) fn signal(&self, signal_: Signal) {
        signal(self.child.id(), signal_);
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        let child = &mut self.child;
        eventually("lb ends", || child.try_wait().unwrap())
    }

    /// Everything below the state directory.
    pub(crate) fn state_files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.state_dir.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    pub(crate) fn stderr(&self) -> String {
        self.stderr.lock().unwrap().join("\n")
    }
}

impl Drop for Lb {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- stderr of lb (pid {}):\n{}", self.child.id(), self.stderr());
        }
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        signal(self.child.id(), Signal::TERM);
        // Not `eventually`: its panic would hide the test's own.
        for _ in 0..500 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(std::time::Duration::from_millis(10));
        }
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
        assert!(thread::panicking(), "lb did not end within 5 s of SIGTERM");
    }
}

/// The names in the body of `/rep`, `/add` and `/rm`.
pub(crate) fn names(response: &Response) -> Vec<String> {
    let body = response.json();
    let names = body["message"]["replicas"].as_array().unwrap_or_else(|| panic!("no replicas: {response:?}")).clone();
    names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// Sends a signal to one process; false where it is gone.
pub(crate) fn signal(pid: u32, signal: Signal) -> bool {
    kill_process(Pid::from_raw(pid as i32).unwrap(), signal).is_ok()
}

/// Whether a process is there (a zombie is).
pub(crate) fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

fn serve(command: &mut Command, flags: &[&str], state_dir: &Path) {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LB_")) {
        command.env_remove(name);
    }
    command.arg("serve").args(["--workers", "2"]).arg("--state-dir").arg(state_dir);
    for (flag, value) in [("--front", "127.0.0.1:0"), ("--admin", "127.0.0.1:0")] {
        if !flags.contains(&flag) {
            command.args([flag, value]);
        }
    }
    command.args(flags).stdin(Stdio::null()).stdout(Stdio::null());
}

fn collect_lines(stderr: impl std::io::Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let collected = Arc::clone(&lines);
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            collected.lock().unwrap().push(line);
        }
    });
    lines
}

/// The address in a line that has the word `what`.
fn address_in(line: &str, what: &str) -> Option<SocketAddr> {
    let mut words = line.split(|c: char| c.is_whitespace() || matches!(c, '/' | ',' | '=' | '(' | ')'));
    words.clone().any(|word| word.trim_end_matches(':') == what).then(|| words.find_map(|word| word.parse().ok()))?
}
