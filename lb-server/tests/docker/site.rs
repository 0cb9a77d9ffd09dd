//! One test's place at the engine: a pool and a network that nobody else uses, and what is found there.

use std::collections::BTreeSet;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::image::{Image, image};
use super::support::lb::names;
use super::support::{Lb, eventually};

/// Containers are slow; tests that start many at once wait in vain.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Dropped last, it removes every container of its pool and its network.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) pool: String,
    image: Arc<Image>,
    _turn: MutexGuard<'static, ()>,
}

impl Site {
    /// `None`, and a word about it, where no engine answers.
    pub(crate) fn open() -> Option<Self> {
        let answers = Command::new("docker").args(["version", "-f", "{{.Server.Version}}"]).output();
        if !answers.is_ok_and(|output| output.status.success()) {
            eprintln!("NOT RUN: no Docker engine answers, so nothing is known of --runtime docker");
            return None;
        }
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = format!("t{:08x}", fastrand::u32(..));
        Some(Self { pool, image: image(), _turn: turn })
    }

    /// `n` replicas, all of them ready.
    pub(crate) fn serve(&self, n: usize, flags: &[&str]) -> Lb {
        self.serve_through(":", n, flags)
    }

    /// By a shell that says `first` before.
    pub(crate) fn serve_through(&self, first: &str, n: usize, flags: &[&str]) -> Lb {
        let lb = self.launch(first, n, flags);
        eventually("all are ready", || (lb.replicas().len() == n).then_some(()));
        lb
    }

    /// It has printed its addresses, no more is known.
    pub(crate) fn launch(&self, first: &str, n: usize, flags: &[&str]) -> Lb {
        Lb::launch_through(first, &[&self.flags(flags)[..], &["--replicas", &n.to_string()]].concat())
    }

    /// The next one on the state of `killed`.
    pub(crate) fn serve_next(&self, killed: &Lb, flags: &[&str]) -> Lb {
        killed.next(&self.flags(flags))
    }

    fn flags<'a>(&'a self, flags: &[&'a str]) -> Vec<&'a str> {
        let runtime: &[&str] = if flags.contains(&"--runtime") { &[] } else { &["--runtime", "docker"] };
        let ours = ["--image", &self.image.tag, "--pool", &self.pool, "--network", &self.pool];
        let command: &[&str] = if flags.contains(&"--command") { &[] } else { &["--command", "replica"] };
        [runtime, &ours, command, flags].concat()
    }

    /// The ids of this pool's containers that run.
    pub(crate) fn ids(&self) -> BTreeSet<String> {
        let filter = format!("label=lb.pool={}", self.pool);
        docker(&["ps", "-q", "--no-trunc", "--filter", &filter]).lines().map(str::to_owned).collect()
    }

    /// What a container of this pool is called.
    pub(crate) fn container(&self, name: &str) -> String {
        format!("{}-{name}", self.pool)
    }

    /// `docker inspect` of a container.
    pub(crate) fn inspect(&self, container: &str) -> Value {
        let found: Value = serde_json::from_str(&docker(&["inspect", container])).unwrap();
        found[0].clone()
    }

    /// The names of this pool's containers, running or not.
    pub(crate) fn containers(&self) -> Vec<String> {
        let filter = format!("label=lb.pool={}", self.pool);
        let listed = docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"]);
        let mut names: Vec<String> = listed.lines().map(str::to_owned).collect();
        names.sort();
        names
    }

    /// Whether the network is there.
    pub(crate) fn has_network(&self) -> bool {
        try_docker(&["network", "inspect", &self.pool]).status.success()
    }

    /// Makes this test's network, where lb doesn't.
    pub(crate) fn make_network(&self) {
        docker(&["network", "create", &self.pool]);
    }

    /// Runs the sample backend as somebody else would, on this test's network.
    pub(crate) fn run(&self, name: &str, flags: &[&str]) {
        let name = self.container(name);
        let run = ["run", "-d", "--name", &name, "--network", &self.pool];
        docker(&[&run, flags, &[self.image.tag.as_str(), "replica"]].concat());
    }

    /// A container that isn't lb's, with this name.
    pub(crate) fn create_stranger(&self, name: &str, labels: &[&str]) -> String {
        let mut words = vec!["create", "--name", name];
        labels.iter().for_each(|label| words.extend(["--label", label]));
        words.extend([self.image.tag.as_str(), "replica"]);
        docker(&words).trim().to_owned()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let left = try_docker(&["ps", "-aq", "--filter", &format!("label=lb.pool={}", self.pool)]);
        let by_name = try_docker(&["ps", "-aq", "--filter", &format!("name={}", self.pool)]);
        for list in [left, by_name] {
            for id in String::from_utf8_lossy(&list.stdout).split_whitespace() {
                let _gone = try_docker(&["rm", "-f", id]);
            }
        }
        let _gone = try_docker(&["network", "rm", &self.pool]);
    }
}

/// `/add`, again where a busy engine was too slow for it (what it had started is taken back then); the list.
pub(crate) fn add(lb: &Lb, body: &str) -> Vec<String> {
    eventually("it is added", || {
        let answer = lb.ask_admin("POST", "/add", body);
        (answer.status == 200).then(|| names(&answer))
    })
}

/// Runs `docker`; it must succeed. What it wrote.
pub(crate) fn docker(words: &[&str]) -> String {
    let output = try_docker(words);
    assert!(output.status.success(), "docker {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs `docker`, past any proxy that lb is given.
pub(crate) fn try_docker(words: &[&str]) -> Output {
    Command::new("docker").args(words).output().unwrap()
}
