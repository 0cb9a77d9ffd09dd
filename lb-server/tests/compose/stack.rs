//! One stack of compose.yaml, up while the value lives: its commands, and curl on its front.
//!
//! Project, network and host ports are the test's own; only the replicas' names are the engine's to share. Compose is v2
//! where `docker compose` is there, else v1.

use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything may take; it only decides how long a failing test hangs.
const WITHIN: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

const PROJECT: &str = "lbtest";
const NETWORK: &str = "lbtest-net1";
/// The filter for containers on it.
pub(crate) const ON_OUR_NETWORK: &str = "network=lbtest-net1";

/// The stack.
pub(crate) struct Stack {
    pub(crate) network: String,
    image: String,
    front: u16,
    admin: u16,
    is_up: bool,
}

impl Stack {
    /// Up, and a replica answers.
    pub(crate) fn up(image: &str) -> Self {
        let (front, admin) = free_ports();
        let stack = Self { network: NETWORK.to_owned(), image: image.to_owned(), front, admin, is_up: true };
        stack.compose(&["up", "-d", "--no-build"]);
        eventually("all replicas are there", || {
            let ready = run(stack.compose_command(&["exec", "-T", "lb", "/lb", "ready", "-o", "json"]));
            String::from_utf8_lossy(&ready.stdout).contains("ready backends: 3").then_some(())
        });
        stack
    }

    /// `docker compose down`.
    pub(crate) fn down(mut self) {
        self.is_up = false;
        self.compose(&["down", "--volumes"]);
    }

    /// A request by curl: status and body. Shows what was typed and what came.
    pub(crate) fn curl(&self, words: &[&str]) -> (u16, Value) {
        let (path, flags) = words.split_last().unwrap();
        let url = format!("http://localhost:{}{path}", self.front);
        let quoted: Vec<String> = flags.iter().map(|word| shell_word(word)).collect();
        let typed = [vec!["curl".to_owned(), "-s".to_owned()], quoted, vec![url.clone()]].concat();
        println!("$ {}", typed.join(" "));
        let mut curl = Command::new("curl");
        curl.args(["-s", "--max-time", "30", "-w", "%{http_code}"]).args(flags).arg(url);
        let output = run(curl);
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.split_at(text.len() - 3);
        println!("{}   [{status}]", body.trim_end());
        (status.parse().unwrap(), serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {body}")))
    }

    /// The same for a look that is no part of the session.
    pub(crate) fn ask(&self, path: &str) -> Value {
        let mut curl = Command::new("curl");
        curl.args(["-s", "--max-time", "30"]).arg(format!("http://localhost:{}{path}", self.front));
        serde_json::from_slice(&run(curl).stdout).unwrap()
    }

    /// Any command as part of the session; it must succeed.
    pub(crate) fn shell(&self, program: &str, words: &[&str]) -> String {
        println!("$ {program} {}", words.join(" "));
        let mut command = Command::new(program);
        command.args(words);
        let text = succeeded(&run(command));
        print!("{text}");
        text
    }

    /// A command in the balancer's container.
    pub(crate) fn exec(&self, words: &[&str]) -> String {
        println!("$ docker compose exec lb {}", words.join(" "));
        let text = succeeded(&run(self.compose_command(&[&["exec", "-T", "lb"], words].concat())));
        print!("{text}");
        text
    }

    /// The balancer's container.
    pub(crate) fn container(&self) -> String {
        succeeded(&run(self.compose_command(&["ps", "-q", "lb"]))).trim().to_owned()
    }

    fn compose(&self, words: &[&str]) {
        println!("$ docker compose {}", words.join(" "));
        succeeded(&run(self.compose_command(words)));
    }

    fn compose_command(&self, words: &[&str]) -> Command {
        let mut plugin = Command::new("docker");
        let has_plugin = plugin.args(["compose", "version"]).output().is_ok_and(|output| output.status.success());
        let mut command = Command::new(if has_plugin { "docker" } else { "docker-compose" });
        if has_plugin {
            command.arg("compose");
        }
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../compose.yaml");
        command.args(["-f", file, "-p", PROJECT]).args(words);
        let settings = [("LB_PORT", self.front.to_string()), ("LB_ADMIN_PORT", self.admin.to_string())];
        command.envs(settings).env("LB_IMAGE", &self.image).env("LB_NETWORK", &self.network);
        command
    }
}

impl Drop for Stack {
    /// A test that failed: what the balancer said, and everything it has started goes.
    fn drop(&mut self) {
        if !self.is_up {
            return;
        }
        let logs = run(self.compose_command(&["logs", "--no-color", "lb"]));
        eprintln!("--- the balancer:\n{}", String::from_utf8_lossy(&logs.stdout));
        let _stopped = run(self.compose_command(&["stop"]));
        let left = docker(&["ps", "-aq", "--filter", "label=lb.managed", "--filter", ON_OUR_NETWORK]);
        for id in left.lines() {
            docker(&["rm", "-f", id]);
        }
        let _down = run(self.compose_command(&["down", "--volumes"]));
    }
}

fn run(mut command: Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// What `docker` answers, whatever its exit code.
pub(crate) fn docker(words: &[&str]) -> String {
    let output = Command::new("docker").args(words).output().unwrap_or_else(|error| panic!("docker: {error}"));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Looks until the fact is there; panics with `what` when it isn't in time.
pub(crate) fn eventually<T>(what: &str, mut fact: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + WITHIN;
    loop {
        if let Some(found) = fact() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {WITHIN:?} in vain: {what}");
        // Nobody unparks us: this gives the others their turn between two looks.
        thread::park_timeout(LOOK_AGAIN);
    }
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Compose publishes ports that are said beforehand, so these are free ones of a moment ago.
fn free_ports() -> (u16, u16) {
    let listeners = [TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap()];
    let [front, admin] = listeners.map(|listener| listener.local_addr().unwrap().port());
    (front, admin)
}

/// A word as one would type it.
fn shell_word(word: &str) -> String {
    if word.contains(['{', ' ', '"']) { format!("'{word}'") } else { word.to_owned() }
}
