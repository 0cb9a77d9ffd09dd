//! What a change moves, or would move, in words: the `effect` of the API's documents. Pure.
//!
//! [`Change`] is what every change and every plan answers; `lb epochs diff` shows an [`Effect`] alone.

use std::fmt::Write;

use serde::Deserialize;

use super::table::{percent, table};

/// So many givers and takers are named; of more, the rest is counted.
const MOVES_SHOWN_MAX: usize = 20;

/// A change that was made, or its plan.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Change {
    pub(super) base_epoch: u64,
    pub(super) epoch: u64,
    pub(super) change: What,
    pub(super) effect: Effect,
    /// The names as `/rep` lists them afterwards.
    pub(super) replicas: Vec<String>,
}

/// Which change it is.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct What {
    pub(super) kind: String,
    #[serde(default)]
    pub(super) names: Vec<String>,
}

/// What moves.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Effect {
    pub(super) moved: u32,
    pub(super) moved_percent: f64,
    pub(super) ideal_percent: f64,
    pub(super) unnecessary: u32,
    pub(super) moves: Vec<Move>,
    pub(super) shares: Vec<Share>,
    pub(super) max_share_before: f64,
    pub(super) max_share_after: f64,
    /// Live sessions whose key moves; not told by a difference of two epochs.
    #[serde(default)]
    pub(super) sessions_touched: Option<u64>,
    #[serde(default)]
    pub(super) sample_keys: Vec<Sample>,
}

/// Slots that go from one backend to another.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Move {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) slots: u32,
}

/// A backend's share of the slots.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Share {
    pub(super) name: String,
    pub(super) weight: f64,
    pub(super) before: f64,
    pub(super) after: f64,
}

/// An id that moves.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Sample {
    pub(super) key: String,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

impl Change {
    /// Before it is made: several lines.
    pub(super) fn plan(&self) -> String {
        let numbers = if self.epoch == self.base_epoch {
            format!("epoch {}, which it leaves as it is", self.base_epoch)
        } else {
            format!("epoch {} -> {}", self.base_epoch, self.epoch)
        };
        format!("plan: {} ({numbers})\n{}", self.change.words(), self.effect.words())
    }

    /// Once it is made: one line.
    pub(super) fn summary(&self) -> String {
        format!("{}: epoch {}, {}\n", self.change.words(), self.epoch, self.effect.in_short())
    }

    /// Those that it removes.
    pub(super) fn removed(&self) -> Vec<&str> {
        let loses_all = |name: &str| {
            self.effect.shares.iter().any(|share| share.name == name && share.before > 0.0 && share.after == 0.0)
        };
        let names = self.change.names.iter().map(String::as_str);
        match &*self.change.kind {
            "remove" => names.collect(),
            "target" => names.filter(|name| loses_all(name)).collect(),
            _ => Vec::new(),
        }
    }

    /// The names, one a line.
    pub(super) fn names(&self) -> String {
        self.replicas.iter().map(|name| format!("{name}\n")).collect()
    }
}

impl What {
    fn words(&self) -> String {
        if self.names.is_empty() { self.kind.clone() } else { format!("{} {}", self.kind, self.names.join(" ")) }
    }
}

impl Effect {
    fn in_short(&self) -> String {
        let Self { moved_percent, ideal_percent, unnecessary, .. } = self;
        format!("moved {moved_percent:.1} % of the ids (ideal {ideal_percent:.1} %), {unnecessary} slots without need")
    }

    /// All of it: totals, who gives to whom, shares before and after, examples.
    pub(super) fn words(&self) -> String {
        let Self { moved, moved_percent, ideal_percent, unnecessary, .. } = self;
        let mut text = format!(
            "moves {moved_percent:.1} % of the ids (ideal {ideal_percent:.1} %): {moved} slots, {unnecessary} of them without need\n"
        );
        let mut line = |words: String| writeln!(text, "{words}").expect("a String takes any text");
        if let Some(sessions) = self.sessions_touched {
            line(format!("live sessions whose id moves: {sessions}"));
        }
        line(format!("largest share: {} -> {}", percent(self.max_share_before), percent(self.max_share_after)));
        if !self.sample_keys.is_empty() {
            let of = |sample: &Sample| format!("{} ({})", sample.key, way(&sample.from, &sample.to));
            line(format!(
                "ids that move, for example: {}",
                self.sample_keys.iter().map(of).collect::<Vec<_>>().join(", ")
            ));
        }
        text + &self.moves_table() + &self.shares_table()
    }

    fn moves_table(&self) -> String {
        if self.moves.is_empty() {
            return String::new();
        }
        let mut moves = self.moves.clone();
        moves.sort_by_key(|step| std::cmp::Reverse(step.slots));
        let total: u32 = self.moved.max(1);
        let share = |step: &Move| percent(f64::from(step.slots) / f64::from(total));
        let rows: Vec<_> = moves
            .iter()
            .take(MOVES_SHOWN_MAX)
            .map(|step| [name(&step.from), name(&step.to), step.slots.to_string(), share(step)])
            .collect();
        let mut text = format!("\n{}", table(["from", "to", "slots", "of what moves"], &rows));
        if moves.len() > MOVES_SHOWN_MAX {
            writeln!(text, "and {} more (-o json has all)", moves.len() - MOVES_SHOWN_MAX)
                .expect("a String takes any text");
        }
        text
    }

    fn shares_table(&self) -> String {
        let rows: Vec<_> = self
            .shares
            .iter()
            .map(|share| [share.name.clone(), share.weight.to_string(), percent(share.before), percent(share.after)])
            .collect();
        format!("\n{}", table(["backend", "weight", "share before", "after"], &rows))
    }
}

fn way(from: &Option<String>, to: &Option<String>) -> String {
    format!("{} -> {}", name(from), name(to))
}

fn name(who: &Option<String>) -> String {
    who.clone().unwrap_or_else(|| "nobody".to_owned())
}

#[cfg(test)]
mod tests;
