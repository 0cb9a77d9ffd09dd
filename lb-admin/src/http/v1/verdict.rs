//! The verdict: in one line whether all is well, what is wrong and the command that mends it. Pure.
//!
//! Every finding is a sentence with a level; the worst comes first and is the text, the others are reasons. What heals by
//! itself, or is somebody else's to mend, has no command. What somebody wanted (a drained backend) is told, but is no
//! fault.

use lb_core::backend::BackendState;
use serde::Serialize;
use utoipa::ToSchema;

use crate::membership::snapshot::{BackendView, Snapshot};

/// A replica that was lost or not started so often in a row keeps failing.
const FAILURES_IN_A_ROW: u32 = 3;
/// From this part of the connections that there may be on, in percent, it is told.
const CONNECTIONS_PERCENT: u64 = 90;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Clients are served, but something is wrong.
    Warn,
    /// Clients are refused.
    Bad,
}

/// What is to be said.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Verdict {
    /// What mends it; null: nothing has to be done, or no command would help.
    #[schema(example = "lb logs S2")]
    command: Option<String>,
    level: Level,
    /// What else there is to say.
    reasons: Vec<String>,
    /// In one line.
    #[schema(example = "3 of 3 replicas are ready")]
    text: String,
}

/// What the verdict is about.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// The membership can't be written to the state directory.
    pub(super) write_failing: bool,
    /// Client connections now.
    pub(super) connections: u64,
    /// Most that there may be.
    pub(super) connections_max: u64,
}

struct Finding {
    level: Level,
    text: String,
    command: Option<String>,
}

impl Verdict {
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let mut findings = facts.findings();
        // Stable: among equals the first that was found.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        let wrong = findings.first().is_some_and(|worst| worst.level > Level::Ok);
        if !wrong {
            let reasons = findings.into_iter().map(|finding| finding.text).collect();
            return Self { command: None, level: Level::Ok, reasons, text: facts.ready_line() };
        }
        let worst = findings.remove(0);
        let reasons = findings.into_iter().map(|finding| finding.text).collect();
        Self { command: worst.command, level: worst.level, reasons, text: worst.text }
    }
}

impl Facts<'_> {
    fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        findings.extend(self.stopping());
        findings.extend(self.nobody());
        findings.extend(self.suspects_checks());
        findings.extend(self.not_saving());
        findings.extend(self.members().filter(|view| !view.drained && !view.is_ready()).map(not_ready));
        findings.extend(self.crowded());
        findings.extend(self.waiting());
        findings.extend(self.members().filter(|view| view.drained).map(drained));
        findings
    }

    /// Those who haven't left.
    fn members(&self) -> impl Iterator<Item = &BackendView> {
        self.snapshot.backends.iter().filter(|view| view.state != BackendState::Draining)
    }

    fn ready_line(&self) -> String {
        let all = self.members().count();
        let what = if self.members().all(|view| view.supervised) { "replicas" } else { "backends" };
        format!("{} of {all} {what} are ready", self.snapshot.ready())
    }

    fn stopping(&self) -> Option<Finding> {
        let text = "the load balancer is stopping: it takes no new connections";
        self.snapshot.draining.then(|| Finding { level: Level::Warn, text: text.to_owned(), command: None })
    }

    /// Clients are refused.
    fn nobody(&self) -> Option<Finding> {
        let bad = |text: String, command| Some(Finding { level: Level::Bad, text, command });
        let all = self.members().count();
        if all == 0 {
            let text = "there is no backend: every request is answered with 503".to_owned();
            return bad(text, Some("lb add -n 3".to_owned()));
        }
        if self.snapshot.table.backends().next().is_some() {
            return None;
        }
        match self.members().find(|view| view.drained && view.state == BackendState::Ready) {
            Some(drained) => {
                let text = format!(
                    "no backend takes sessions, {} is drained: every request is answered with 503",
                    drained.name
                );
                bad(text, Some(format!("lb undrain {}", drained.name)))
            }
            None => {
                let failing = self.members().find(|view| view.supervised && view.failures > 0);
                let text = format!("none of {all} backends is ready: every request is answered with 503");
                bad(text, failing.map(|view| format!("lb logs {}", view.name)))
            }
        }
    }

    fn suspects_checks(&self) -> Option<Finding> {
        let text =
            "the health checks fail for so many at once that they are not believed: requests still go to all of them";
        let command = Some("lb events".to_owned());
        self.snapshot.fails_open.then(|| Finding { level: Level::Warn, text: text.to_owned(), command })
    }

    fn not_saving(&self) -> Option<Finding> {
        let text = "the membership can't be saved, so changes are refused: mend the state directory, the log says what is wrong";
        self.write_failing.then(|| Finding { level: Level::Warn, text: text.to_owned(), command: None })
    }

    fn crowded(&self) -> Option<Finding> {
        let is_near = self.connections_max > 0 && self.connections * 100 >= self.connections_max * CONNECTIONS_PERCENT;
        let text = format!(
            "{} of {} client connections are open, beyond that they wait: start with more --connections",
            self.connections, self.connections_max
        );
        is_near.then_some(Finding { level: Level::Warn, text, command: None })
    }

    /// Where replicas are ours, one more of them helps.
    fn waiting(&self) -> Option<Finding> {
        let places = self.members().filter_map(|view| view.backend.as_deref()?.places());
        let waiting: u32 = places.map(|places| places.waiting()).sum();
        let more = self.snapshot.target + 1;
        let command = self.members().any(|view| view.supervised).then(|| format!("lb scale {more}"));
        let text = format!("{waiting} sessions wait for a place at their backend");
        (waiting > 0).then_some(Finding { level: Level::Warn, text, command })
    }
}

fn not_ready(view: &BackendView) -> Finding {
    let since = humantime::format_rfc3339_seconds(view.since);
    let check = view.checks.as_ref().and_then(|checks| checks.last()).filter(|check| !check.ok);
    let why = check.map(|check| format!(": {}", check.detail)).unwrap_or_default();
    let (name, state) = (&view.name, view.state);
    if view.supervised && view.failures >= FAILURES_IN_A_ROW {
        let text = format!("{name} keeps failing, {} times in a row so far", view.failures);
        return Finding { level: Level::Warn, text, command: Some(format!("lb logs {name}")) };
    }
    let text = match (view.supervised, &view.backend) {
        (true, _) => format!("{name} is {state} since {since}{why}; it is looked after"),
        (false, Some(backend)) => format!("{name} is {state} since {since}{why}; mend it at {}", backend.addr),
        (false, None) => format!("{name} is {state} since {since}: its name has no address"),
    };
    Finding { level: Level::Warn, text, command: None }
}

fn drained(view: &BackendView) -> Finding {
    let text = format!("{0} is drained and gets no new sessions until 'lb undrain {0}'", view.name);
    Finding { level: Level::Ok, text, command: None }
}

#[cfg(test)]
mod tests;
