//! Where and with what an experiment ran: figures mean nothing without it.
//!
//! Read once, before the first experiment. What this machine doesn't tell is said to be unknown; nothing here fails.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use std::{env, fs, thread};

use serde_json::{Map, Value};

use crate::peer::isolation;

/// Said where there is no answer.
const UNKNOWN: &str = "unknown";
/// Programs that `peers` runs against, and how each is asked for its version.
const PEERS: [(&str, &str); 5] = [("haproxy", "-v"), ("nginx", "-v"), ("wrk", "-v"), ("perf", "-v"), ("strace", "-V")];

/// Names and values, in the order in which they are shown.
#[derive(Clone, Debug)]
pub(super) struct Environment {
    entries: Vec<(&'static str, String)>,
}

impl Environment {
    /// Asks the machine.
    pub(super) fn collect() -> Self {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let mut entries = vec![
            ("date", now()),
            ("command", command_line(&arguments)),
            ("kernel", first_line("/proc/sys/kernel/osrelease")),
            ("cpu", field("/proc/cpuinfo", "model name")),
            ("cores", thread::available_parallelism().map_or_else(|_| UNKNOWN.to_owned(), |cores| cores.to_string())),
            ("memory", memory()),
            ("network", namespace().to_owned()),
            ("commit", answer("git", &["describe", "--always", "--dirty", "--abbrev=12"])),
            ("rustc", answer("rustc", &["--version"])),
            ("lb", answer(lb_program(&arguments), &["--version"])),
            ("lb-bench", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        entries.push((
            "docker",
            answer("docker", &["version", "--format", "client {{.Client.Version}}, server {{.Server.Version}}"]),
        ));
        entries.extend(PEERS.map(|(peer, flag)| (peer, answer(peer, &[flag]))));
        Self { entries }
    }

    /// Names and values.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.entries.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// As an object of strings.
    pub(super) fn to_json(&self) -> Value {
        let entries = self.entries().map(|(name, value)| (name.to_owned(), Value::from(value)));
        Value::Object(entries.collect::<Map<_, _>>())
    }
}

/// Today (UTC), as in `2026-01-31`.
pub(crate) fn today() -> String {
    now().split('T').next().unwrap_or(UNKNOWN).to_owned()
}

/// How this process was started.
pub(crate) fn command_of_this_process() -> String {
    command_line(&env::args().skip(1).collect::<Vec<_>>())
}

/// What was typed, with the program's name without its directory.
pub(crate) fn command_line(arguments: &[String]) -> String {
    let quoted = |argument: &String| {
        let plain =
            !argument.is_empty() && argument.chars().all(|c| c.is_ascii_alphanumeric() || "-_=./:,+".contains(c));
        if plain { argument.clone() } else { format!("'{argument}'") }
    };
    std::iter::once("lb-bench".to_owned()).chain(arguments.iter().map(quoted)).collect::<Vec<_>>().join(" ")
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// The `lb` that experiments start: `--lb PATH` if given, else the one beside this program.
fn lb_program(arguments: &[String]) -> PathBuf {
    let after = |index: usize, argument: &String| match argument.strip_prefix("--lb") {
        Some("") => arguments.get(index + 1).cloned(),
        Some(rest) => rest.strip_prefix('=').map(str::to_owned),
        None => None,
    };
    let given = arguments.iter().enumerate().find_map(|(index, argument)| after(index, argument));
    given.map_or_else(crate::balancer::sibling_lb, PathBuf::from)
}

/// The first line that a program answers with, on stdout or stderr.
fn answer(program: impl AsRef<Path>, arguments: &[&str]) -> String {
    match Command::new(program.as_ref()).args(arguments).output() {
        Ok(output) => {
            let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
            let said = String::from_utf8_lossy(&said);
            said.lines().next().map_or(UNKNOWN, str::trim).to_owned()
        }
        Err(_) => "not found".to_owned(),
    }
}

fn first_line(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or(UNKNOWN).to_owned()
}

/// The value after `name:` in a file of such lines.
fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let value = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name);
    value.map_or(UNKNOWN, |(_, value)| value.trim()).to_owned()
}

fn memory() -> String {
    let total = field("/proc/meminfo", "MemTotal");
    let kib: Option<f64> = total.split_whitespace().next().and_then(|kib| kib.parse().ok());
    kib.map_or_else(|| UNKNOWN.to_owned(), |kib| format!("{:.1} GiB", kib / 1024.0 / 1024.0))
}

/// Whether other programs' traffic can be in the way.
fn namespace() -> &'static str {
    if isolation::is_inside() {
        return "a private namespace";
    }
    match [1.to_string(), "self".to_owned()].map(|process| fs::read_link(format!("/proc/{process}/ns/net"))) {
        [Ok(first), Ok(own)] if first != own => "a private namespace",
        [Ok(_), Ok(_)] => "the machine's namespace",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests;
