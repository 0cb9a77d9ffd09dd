//! What A-3 says at its end: the endpoints, what failed around the kills and elsewhere, and how long recovery took.

use serde_json::{Value, json};

use super::blow::Blow;
use super::endpoints::Answered;
use super::kill::{Campaign, IN_FLIGHT_MIN, Kill};
use super::{Options, pictures};
use crate::engine::conntrack;
use crate::experiment::words::thousands;
use crate::report::Report;

/// After N is back, a failure may still be on its way to its client.
const AFTERMATH_MS: f64 = 100.0;

/// Out of the data path as soon as this after its end, a replica was ejected in time; shown, not judged.
const EJECTED_MS: f64 = 20.0;
const CONTAINER_EJECTED_MS: f64 = 50.0;

/// Of n with none failed, at most 3/n fail at 95 %: (1 - 3/n)^n is 5 %.
const RULE_OF_THREE: f64 = 3.0;

/// All that A-3 found.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Every endpoint's answer.
    pub(super) endpoints: Vec<Answered>,
    /// The kills, where there were any.
    pub(super) campaign: Option<Campaign>,
    /// Why there were none.
    pub(super) skipped: Option<&'static str>,
}

impl Outcome {
    /// Text, data, verdict, charts.
    pub(super) fn report(&self, options: &Options) -> Report {
        let wrong = self.endpoints.iter().filter(|answered| !answered.wrong.is_empty());
        let wrong: Vec<String> = wrong.map(|answered| format!("{}: {}", answered.request, answered.wrong)).collect();
        let (asked, right) = (self.endpoints.len(), self.endpoints.len() - wrong.len());
        let mut report = Report {
            title: self.title(options),
            lines: vec![format!("endpoints: {right} of {asked} answered as the assignment says")],
            data: json!({ "endpoints": self.endpoints.iter().map(endpoint_json).collect::<Vec<_>>() }),
            violations: wrong,
            charts: Vec::new(),
        };
        if let Some(reason) = self.skipped {
            report.lines.push(format!("kills: skipped, {reason}"));
        }
        if let Some(campaign) = &self.campaign {
            campaign.report_into(&mut report, options);
        }
        report
    }

    fn title(&self, options: &Options) -> String {
        let asked = format!("A-3: {} requests to every endpoint", self.endpoints.len());
        let Some(campaign) = &self.campaign else { return asked };
        let delay = match options.target.target {
            None => format!(", {}{} an answer", options.target.program.in_words(), options.delay()),
            Some(_) => String::new(),
        };
        let (what, counted) = (campaign.blow.in_words(), campaign.counted());
        format!("{asked}, then {counted} {what}s under {} clients{delay}", options.concurrency)
    }
}

impl Campaign {
    fn counted(&self) -> usize {
        self.kills.iter().filter(|kill| kill.counts()).count()
    }

    fn report_into(&self, report: &mut Report, options: &Options) {
        let by_kill = failed_by_kill(&self.kills, self.log.failures.iter().map(|failure| failure.at_ms));
        let of = |pick: fn(&Kill) -> f64| Summary::of(self.kills.iter().map(pick));
        let (ejected, ready) = (of(|kill| kill.ejected_ms), of(|kill| kill.ready_ms));
        let (back, answered) = (of(|kill| kill.back_ms), of(|kill| kill.answered_ms));
        report.lines.extend([format!("load: {}", self.log.tally), self.kills_in_words()]);
        report.lines.extend(self.failures_in_words(&by_kill));
        let what = self.blow.in_words();
        report.lines.extend(self.commands_in_words());
        report.lines.extend([
            format!("{what} → ejected:                {}{}", ejected.in_words(), self.ejected_in_time()),
            self.own_words(),
            format!("{what} → its seat is ready:      {}", ready.in_words()),
            format!("{what} → /rep lists N again:     {}", back.in_words()),
        ]);
        if !self.blow.freezes() {
            report.lines.push(format!("{what} → replacement's answer:   {}", answered.in_words()));
        }
        report.lines.push(self.turns.in_words());
        if self.blow.is_of_containers() {
            report.lines.push(conntrack::in_words());
        }
        report.violations.extend(self.violations(options, back.worst));
        report.data["load"] = self.log.tally.to_json();
        report.data["signal"] = what.into();
        report.data["failed_around_kills"] = by_kill.each.iter().sum::<u64>().into();
        report.data["failed_elsewhere"] = by_kill.elsewhere.into();
        report.data["failed_sent_after_ejection"] = self.sent_after_ejection().into();
        report.data["replays"] = self.replays.into();
        report.data["turns"] = self.turns.to_json();
        let kills = self.kills.iter().zip(&by_kill.each);
        report.data["kills"] = kills.map(|(kill, &failed)| kill_json(kill, failed)).collect();
        report.data["recovery"] = json!({
            "ejected": ejected.to_json(), "ready": ready.to_json(), "back": back.to_json(),
            "answered": answered.to_json(),
        });
        let told = self.told_ms();
        if !told.is_empty() {
            report.data["recovery"]["sign_to_out"] = Summary::of(told.into_iter()).to_json();
        }
        report.charts = vec![pictures::timeline(self)];
        if !self.blow.freezes() {
            report.charts.push(pictures::recovery(self.blow, &self.kills));
        }
    }

    fn kills_in_words(&self) -> String {
        let (counted, what) = (self.counted(), self.blow.in_words());
        let held = Summary::of(self.kills.iter().filter(|kill| kill.counts()).map(|kill| kill.in_flight as f64));
        format!(
            "{what}s: {counted} with {:.0} to {:.0} requests in flight on the victim, median {:.0}; {} more with fewer than \
             {IN_FLIGHT_MIN} were repeated",
            held.min,
            held.worst,
            held.median,
            self.kills.len() - counted
        )
    }

    fn failures_in_words(&self, by_kill: &ByKill) -> Vec<String> {
        let (all, what) = (self.kills.len(), self.blow.in_words());
        let tally = &self.log.tally;
        let mut lines = vec![format!(
            "failed GETs: {} around {all} {what}s, {} elsewhere: {}",
            thousands(by_kill.each.iter().sum()),
            by_kill.elsewhere,
            at_most(tally.failed(), tally.answered + tally.failed())
        )];
        if self.blow.freezes() {
            let after = self.sent_after_ejection();
            lines.push(format!("of these sent after health had taken the victim down: {}", thousands(after)));
        }
        lines.push(match self.replays {
            Some(count) => {
                format!("replays: {}, {:.1} a {what}", thousands(count), count as f64 / all.max(1) as f64)
            }
            None => "replays: not counted by this version".to_owned(),
        });
        lines
    }

    /// What a container's user typed takes a while; all other times begin when that had its effect.
    fn commands_in_words(&self) -> Option<String> {
        let commands = Summary::of(self.kills.iter().map(|kill| kill.command_ms));
        let effect = if self.blow.freezes() { "the replica is frozen" } else { "the replica has ended" };
        let line = format!("command → {effect}: {}; other times begin there", commands.in_words());
        self.blow.is_of_containers().then_some(line)
    }

    /// How many were out of the data path as soon as they should be.
    fn ejected_in_time(&self) -> String {
        // Nobody is told of a frozen process: health has to find out.
        if self.blow == Blow::Freeze {
            return String::new();
        }
        let allowed_ms = self.allowed_ms();
        let in_time = self.kills.iter().filter(|kill| kill.ejected_ms <= allowed_ms).count();
        format!("; {in_time} of {} within {allowed_ms} ms", self.kills.len())
    }

    fn allowed_ms(&self) -> f64 {
        if self.blow.is_of_containers() { CONTAINER_EJECTED_MS } else { EJECTED_MS }
    }

    fn told_ms(&self) -> Vec<f64> {
        self.kills.iter().filter_map(|kill| kill.sign_to_out_ms).collect()
    }

    /// The same by lb itself: the clock, which begins with what lb can know and ends with the last worker.
    fn own_words(&self) -> String {
        let (told, allowed_ms) = (self.told_ms(), self.allowed_ms());
        if told.is_empty() {
            return "first sign → no worker routes to it: not told (no sign, or a version that doesn't tell)"
                .to_owned();
        }
        let in_time = told.iter().filter(|took_ms| **took_ms <= allowed_ms).count();
        let (times, all) = (Summary::of(told.iter().copied()).in_words(), told.len());
        let untold = match self.kills.len() - all {
            0 => String::new(),
            untold => format!("; {untold} without a sign"),
        };
        format!("first sign → no worker routes to it: {times}; {in_time} of {all} within {allowed_ms} ms{untold}")
    }

    /// Failed requests that were sent while a victim was known to be down.
    fn sent_after_ejection(&self) -> u64 {
        let was_down = |asked_ms: f64| {
            let down = |kill: &Kill| (kill.at_ms + kill.ejected_ms..kill.at_ms + kill.back_ms).contains(&asked_ms);
            self.kills.iter().any(down)
        };
        self.log.failures.iter().filter(|failure| was_down(failure.asked_ms)).count() as u64
    }

    fn violations(&self, options: &Options, back_worst_ms: f64) -> Vec<String> {
        let mut violations = Vec::new();
        if !self.blow.freezes() && back_worst_ms > options.worst_ms() as f64 {
            violations.push(format!(
                "N was back after {back_worst_ms:.1} ms at the worst, {} are allowed",
                options.worst_ms()
            ));
        }
        if !self.reused.is_empty() {
            violations.push(format!("names were given twice: {:?}", self.reused));
        }
        let failed = self.log.tally.failed();
        if failed > options.max_failed {
            violations.push(format!("{} GETs failed, {} may (--max-failed)", thousands(failed), options.max_failed));
        }
        violations
    }
}

/// What `failed` of `all` says about the rate, at 95 %. With none failed the rule of three: at most 3 in n.
pub(super) fn at_most(failed: u64, all: u64) -> String {
    let of = format!("{} failed of {}", thousands(failed), thousands(all));
    match failed {
        0 => format!("{of}: at most {:.1} per million at 95 %", RULE_OF_THREE / all.max(1) as f64 * 1e6),
        _ => format!("{of}: {:.0} per million", failed as f64 / all.max(1) as f64 * 1e6),
    }
}

/// Failures by the kill that they belong to.
struct ByKill {
    each: Vec<u64>,
    elsewhere: u64,
}

fn failed_by_kill(kills: &[Kill], failures_ms: impl Iterator<Item = f64>) -> ByKill {
    let mut found = ByKill { each: vec![0; kills.len()], elsewhere: 0 };
    for at_ms in failures_ms {
        let is_near = |kill: &Kill| {
            let end_ms = kill.at_ms + kill.back_ms.max(kill.answered_ms) + AFTERMATH_MS;
            (kill.at_ms - kill.command_ms..=end_ms).contains(&at_ms)
        };
        match kills.iter().position(is_near) {
            Some(index) => found.each[index] += 1,
            None => found.elsewhere += 1,
        }
    }
    found
}

fn endpoint_json(answered: &Answered) -> Value {
    json!({ "request": answered.request, "status": answered.status, "wrong": answered.wrong })
}

fn kill_json(kill: &Kill, failed: u64) -> Value {
    json!({
        "victim": kill.victim, "seat": kill.seat, "replacement": kill.replacement, "in_flight": kill.in_flight,
        "counts": kill.counts(),
        "failed": failed, "at_ms": kill.at_ms, "command_ms": kill.command_ms, "ejected_ms": kill.ejected_ms, "sign_to_out_ms": kill.sign_to_out_ms,
        "ready_ms": kill.ready_ms,
        "back_ms": kill.back_ms, "answered_ms": kill.answered_ms,
    })
}

/// A distribution in three numbers and a tail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    pub(super) min: f64,
    pub(super) median: f64,
    p95: f64,
    pub(super) worst: f64,
}

impl Summary {
    /// `values` must not be empty.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let (middle, last) = (sorted.len() / 2, sorted.len() - 1);
        // Of an even number of values the mean of the two in the middle.
        let median = (sorted[middle] + sorted[last / 2]) / 2.0;
        Self { min: sorted[0], median, p95: sorted[(last * 95).div_ceil(100)], worst: sorted[last] }
    }

    fn in_words(&self) -> String {
        let Self { min, median, p95, worst } = self;
        format!("min {min:.1} ms, median {median:.1} ms, p95 {p95:.1} ms, worst {worst:.1} ms")
    }

    fn to_json(self) -> Value {
        json!({ "min_ms": self.min, "median_ms": self.median, "p95_ms": self.p95, "worst_ms": self.worst })
    }
}

#[cfg(test)]
mod tests;
