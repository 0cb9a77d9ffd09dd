//! `lb explain KEY`: where a key goes and why: its hash, its slot, who owns that, who comes after, who owned it before.

use std::fmt::Write;

use serde::Deserialize;

use super::admin::{Admin, percent_encoded};
use super::table::table;
use super::{ClientError, told};
use crate::cli::client::ExplainArgs;
use crate::exit::Exit;

/// `GET /v1/explain`.
#[derive(Debug, Deserialize)]
pub(super) struct Explained {
    key: Option<String>,
    source: Option<String>,
    hash: String,
    slot: u32,
    epoch: u64,
    owner: Option<String>,
    routed_to: Option<String>,
    waits: bool,
    refused: bool,
    candidates: Vec<Candidate>,
    history: Vec<Past>,
}

#[derive(Debug, Deserialize)]
struct Candidate {
    rank: u32,
    name: String,
    seat: u32,
    state: String,
    chosen: bool,
    skipped: Option<String>,
    load: Option<Load>,
}

#[derive(Debug, Deserialize)]
struct Load {
    open: u32,
    places: Option<u32>,
    waiting: u32,
}

#[derive(Debug, Deserialize)]
struct Past {
    epoch: u64,
    at: String,
    owner: Option<String>,
}

/// Asks `GET /v1/explain`.
pub(crate) fn explain(args: &ExplainArgs) -> Exit {
    told(explained(args))
}

fn explained(args: &ExplainArgs) -> Result<String, ClientError> {
    let path = match (&args.key, &args.source) {
        (Some(key), _) => format!("/v1/explain?key={}", percent_encoded(key)),
        (None, Some(source)) => format!("/v1/explain?source={}", percent_encoded(&source.to_string())),
        (None, None) => unreachable!("one of the two is required"),
    };
    let admin = Admin::new(&args.admin)?;
    admin.show(&admin.get(&path)?, |explained: Explained| explained.words())
}

impl Explained {
    /// Several lines.
    pub(super) fn words(&self) -> String {
        let nobody = || "nobody".to_owned();
        let what = match (&self.key, &self.source) {
            (Some(key), _) => format!("key {key}"),
            (None, Some(source)) => format!("client {source}"),
            (None, None) => "key".to_owned(),
        };
        let mut text = format!("{what} -> hash {} -> slot {} -> ", self.hash, self.slot);
        let (owner, routed) =
            (self.owner.clone().unwrap_or_else(nobody), self.routed_to.clone().unwrap_or_else(nobody));
        let whom = if self.owner.is_none() && self.routed_to.is_none() {
            "nobody".to_owned()
        } else if owner == routed {
            format!("{owner} (its owner)")
        } else {
            format!("{routed} (in place of {owner}, its owner)")
        };
        writeln!(text, "{whom}, epoch {}\n", self.epoch).expect("a String takes any text");
        text += &self.order();
        text + &self.past()
    }

    /// Who is asked, one after the other; with what each has to do, where that is counted.
    fn order(&self) -> String {
        let rows = self.candidates.iter().map(|candidate| candidate.row(self.fate()));
        if self.candidates.iter().any(|candidate| candidate.load.is_some()) {
            return table(["rank", "backend", "seat", "state", "sessions", ""], &rows.collect::<Vec<_>>());
        }
        let rows: Vec<_> = rows.map(|[rank, name, seat, state, _, note]| [rank, name, seat, state, note]).collect();
        table(["rank", "backend", "seat", "state", ""], &rows)
    }

    /// What becomes of the next session with the one that it goes to.
    fn fate(&self) -> &'static str {
        match (self.refused, self.waits) {
            (true, _) => ", and is refused: as many wait there as may (--queue)",
            (false, true) => ", and waits for a place",
            (false, false) => "",
        }
    }

    /// The epochs in which the owner was another than in the one after.
    fn past(&self) -> String {
        let mut rows = Vec::new();
        for (past, older) in self.history.iter().zip(self.history.iter().skip(1).map(Some).chain([None])) {
            if older.is_none_or(|older| older.owner != past.owner) {
                rows.push([
                    past.epoch.to_string(),
                    past.at.clone(),
                    past.owner.clone().unwrap_or_else(|| "nobody".to_owned()),
                ]);
            }
        }
        if rows.is_empty() { String::new() } else { format!("\n{}", table(["from epoch", "at", "owner"], &rows)) }
    }
}

impl Candidate {
    fn row(&self, fate: &str) -> [String; 6] {
        let note = match &self.skipped {
            Some(why) => format!("skipped: {why}"),
            None if self.chosen => format!("<- goes here{fate}"),
            None => String::new(),
        };
        let sessions = self.load.as_ref().map_or_else(String::new, Load::words);
        [self.rank.to_string(), self.name.clone(), self.seat.to_string(), self.state.clone(), sessions, note]
    }
}

impl Load {
    fn words(&self) -> String {
        let Self { open, places, waiting } = self;
        let places = places.map_or_else(String::new, |places| format!(" of {places}"));
        let waiting = if *waiting > 0 { format!(", {waiting} wait") } else { String::new() };
        format!("{open}{places}{waiting}")
    }
}

#[cfg(test)]
mod tests;
