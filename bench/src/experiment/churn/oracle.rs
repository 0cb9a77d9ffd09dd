//! Whether the answers are true: every one typed, and all of them together as if the calls had come one after the other.
//!
//! Each answer that was accepted must be a membership that was there between its question and its answer; a removal must
//! be in the journal in one piece within that time; a refusal "is not a replica" must have been right at some moment of
//! it. And the sums: what was added and removed in all is what the accepted calls asked for, so that a call which was
//! refused has done nothing. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::journal::{Journal, State, fingerprint};
use super::plan::Call;

/// What a call got, and when by lb's clock: asked before, answered after these.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) call: Call,
    pub(super) from_ms: f64,
    pub(super) to_ms: f64,
    /// Status and body; or why there is none.
    pub(super) got: Result<(u16, Vec<u8>), String>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) violations: Vec<String>,
    pub(super) accepted: usize,
    /// Refusals and failures by what they said, names and numbers left out.
    pub(super) refused: BTreeMap<String, usize>,
}

/// Judges all answers. `first`: how many there were before.
pub(super) fn judge(first: usize, journal: &Journal, answers: &[Answer], last: &[String]) -> Findings {
    let mut findings = Findings { violations: journal.violations.clone(), ..Findings::default() };
    let absences = journal.absences();
    let (mut asked_to_add, mut must_add, mut must_remove) = (0, 0, 0);
    for answer in answers {
        match typed(answer) {
            Ok(Typed::Accepted(names)) => {
                findings.accepted += 1;
                findings.violations.extend(judge_accepted(journal, answer, &names));
                if answer.call.is_add {
                    asked_to_add += answer.call.n;
                    must_add += answer.call.unnamed();
                } else {
                    must_remove += answer.call.n;
                }
            }
            Ok(Typed::Refused(status, message)) => {
                findings.violations.extend(judge_refused(&absences, answer, &message));
                *findings.refused.entry(kind(status, &message)).or_default() += 1;
            }
            Err(why) => findings.violations.push(format!("{}: {why}", in_words(answer))),
        }
    }
    findings.violations.extend(judge_sums(first, journal, (must_add, asked_to_add), must_remove, last));
    findings
}

enum Typed {
    Accepted(Vec<String>),
    Refused(u16, String),
}

/// As SPEC 2 has it: the list, or `<Error> …` and a status that says whose fault it is.
fn typed(answer: &Answer) -> Result<Typed, String> {
    let (status, body) = answer.got.as_ref().map_err(|why| format!("no answer: {why}"))?;
    let body: Value = serde_json::from_slice(body).map_err(|_| format!("status {status} without JSON"))?;
    let message = &body["message"];
    match (status, body["status"].as_str()) {
        (200, Some("successful")) => {
            let names: Vec<String> =
                serde_json::from_value(message["replicas"].clone()).map_err(|_| format!("no replicas in {body}"))?;
            let different: BTreeSet<&String> = names.iter().collect();
            if different.len() != names.len() || message["N"] != names.len() {
                return Err(format!("a name twice, or N isn't their number: {body}"));
            }
            Ok(Typed::Accepted(names))
        }
        (400 | 500 | 503, Some("failure")) => match message.as_str() {
            Some(text) if text.starts_with("<Error> ") => Ok(Typed::Refused(*status, text.to_owned())),
            _ => Err(format!("status {status} without a typed message: {body}")),
        },
        _ => Err(format!("status {status} isn't one of the contract's: {body}")),
    }
}

fn judge_accepted(journal: &Journal, answer: &Answer, names: &[String]) -> Option<String> {
    let Answer { call, from_ms, to_ms, .. } = answer;
    let states = journal.during(*from_ms, *to_ms);
    // Whoever was there already may go while the call waits for the others: added first, then removed or dead.
    let has_left = |name: &String| {
        let mut changes = states.iter().filter_map(|state| state.change.as_ref());
        call.is_add && changes.any(|(who, is_there)| who == name && !is_there)
    };
    if let Some(name) = call.names.iter().find(|name| names.contains(name) != call.is_add && !has_left(name)) {
        let how = if call.is_add { "added and isn't there" } else { "removed and is there" };
        return Some(format!("{}: {name} was {how}: {names:?}", in_words(answer)));
    }
    let seen = fingerprint(names);
    if !states.iter().any(|state| state.fingerprint == seen) {
        return Some(format!("{}: {names:?} was never the membership meanwhile", in_words(answer)));
    }
    if !call.is_add && !is_removed_in_one_piece(states, call) {
        return Some(format!("{}: it wasn't removed in one piece meanwhile", in_words(answer)));
    }
    None
}

/// All names, and as many as were asked for, in removals that follow each other.
fn is_removed_in_one_piece(states: &[State], call: &Call) -> bool {
    states.windows(call.n).any(|run| {
        let removed = run.iter().map(|state| state.change.as_ref().filter(|_| state.is_removal).map(|(name, _)| name));
        let removed: Option<BTreeSet<&String>> = removed.collect();
        removed.is_some_and(|removed| call.names.iter().all(|name| removed.contains(name)))
    })
}

fn judge_refused(absences: &HashMap<String, Vec<(f64, f64)>>, answer: &Answer, message: &str) -> Option<String> {
    let name = message.strip_suffix(" is not a replica")?.rsplit('\'').nth(1)?;
    // A name that never counted was always absent.
    let absent = absences.get(name)?;
    let was_absent = absent.iter().any(|(from, to)| *from <= answer.to_ms && *to >= answer.from_ms);
    (!was_absent).then(|| format!("{}: {message}, but it was all the time", in_words(answer)))
}

fn judge_sums(
    first: usize,
    journal: &Journal,
    (must_add, may_add): (usize, usize),
    must_remove: usize,
    last: &[String],
) -> Vec<String> {
    let mut violations = Vec::new();
    let Journal { added, removed, present, .. } = journal;
    if *removed != must_remove {
        violations.push(format!("{removed} replicas were removed, accepted calls asked for {must_remove}"));
    }
    if !(must_add..=may_add).contains(added) {
        violations.push(format!("{added} replicas were added, accepted calls asked for {must_add} to {may_add}"));
    }
    if last.len() + removed != first + added {
        violations.push(format!("N = {} in the end is not {first} + {added} - {removed}", last.len()));
    }
    if *present != last.iter().cloned().collect() {
        violations.push(format!("/rep lists {last:?} in the end, the journal says {present:?}"));
    }
    violations
}

fn kind(status: u16, message: &str) -> String {
    let text = message.strip_prefix("<Error> ").unwrap_or(message);
    let quoted = text.split('\'').enumerate().map(|(index, part)| if index % 2 == 1 { "'…'" } else { part });
    let text: String = quoted.collect();
    let text: String = text.chars().map(|char| if char.is_ascii_digit() { '#' } else { char }).collect();
    format!("{status} {}", text.replace("##", "#").replace("##", "#"))
}

fn in_words(answer: &Answer) -> String {
    format!("{} {} after {:.0} ms", answer.call.path(), answer.call.body(), answer.to_ms - answer.from_ms)
}

#[cfg(test)]
mod tests;
