//! The container engine, reached as any user reaches it: by the `docker` command, which is asked and read, never linked.
//!
//! [`pool`] is what one run has there (names of its own, removed with it), [`daemon`] a second engine that may be stopped,
//! [`conntrack`] how full the kernel's table of connections is, which containers' traffic fills. Every call has a deadline,
//! so that an engine that hangs fails the experiment instead of hanging it.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::time::timeout;

pub(crate) mod conntrack;
pub(crate) mod daemon;
pub(crate) mod pool;

/// For one command: removing containers takes about a second each.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// What the engine's address is called in everybody's environment.
pub(crate) const HOST_VARIABLE: &str = "DOCKER_HOST";

/// An engine that may or may not be there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Engine {
    /// Where it listens; without it where the user's environment says.
    host: Option<String>,
}

impl Engine {
    /// The one at `host`, as `DOCKER_HOST` would say it.
    pub(crate) fn at(host: String) -> Self {
        Self { host: Some(host) }
    }

    /// Where it listens, where that isn't what the environment says anyway.
    pub(crate) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Why there is no engine with `image` here, in a line; `None` where there is.
    pub(crate) fn lacks(&self, image: &str) -> Option<String> {
        if let Err(error) = self.run_now(&["version", "--format", "{{.Server.Version}}"]) {
            return Some(format!("no container engine answers ({error:#})"));
        }
        let found = self.run_now(&["image", "inspect", "--format", "{{.Id}}", image]);
        found.err().map(|_| {
            format!(
                "the engine has no image {image}: build it (docker build -t {image} .) or name another with --image"
            )
        })
    }

    /// What `docker ARGS` prints, without the last newline.
    pub(crate) async fn run(&self, args: &[&str]) -> anyhow::Result<String> {
        let mut command = tokio::process::Command::from(self.command(args));
        let answered = timeout(ANSWER_WITHIN, command.kill_on_drop(true).output()).await;
        let output =
            answered.with_context(|| format!("docker {} takes longer than {ANSWER_WITHIN:?}", args.join(" ")))?;
        said(args, output.context("docker can't be started: is it installed?")?)
    }

    /// The same while nothing else goes on: for clearing up.
    pub(crate) fn run_now(&self, args: &[&str]) -> anyhow::Result<String> {
        said(args, self.command(args).output().context("docker can't be started: is it installed?")?)
    }

    /// The last lines that a container has said, to stdout or stderr, in one line.
    pub(crate) fn last_words(&self, container: &str) -> String {
        let output = self.command(&["logs", "--tail", "5", container]).output();
        let text = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
        String::from_utf8_lossy(&text).trim().replace('\n', " | ")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("docker");
        if let Some(host) = &self.host {
            command.env(HOST_VARIABLE, host);
        }
        command.args(args).stdin(Stdio::null());
        command
    }

    /// The process in a running container, as the host numbers it.
    pub(crate) async fn pid(&self, container: &str) -> anyhow::Result<rustix::process::Pid> {
        let pid = self.run(&["inspect", "--format", "{{.State.Pid}}", container]).await?;
        let pid = pid.parse().ok().filter(|&pid| pid > 0).and_then(rustix::process::Pid::from_raw);
        pid.with_context(|| format!("{container} doesn't run"))
    }
}

fn said(args: &[&str], output: Output) -> anyhow::Result<String> {
    let text = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("docker {}: {}", args.join(" "), words.lines().last().unwrap_or("failed without a word"));
    }
    ensure!(output.stdout.len() < 1 << 20, "docker {}: an answer of over a mebibyte", args.join(" "));
    Ok(text)
}

#[cfg(test)]
mod tests;
