//! `lb epochs`: the mappings there were, newest first; `lb epochs diff A B`: what moved between two of them.

use serde::Deserialize;

use super::admin::Admin;
use super::plan::Effect;
use super::table::table;
use super::{ClientError, told};
use crate::cli::client::{AdminArgs, DiffArgs, EpochsArgs, EpochsCommand};
use crate::exit::Exit;

/// `GET /v1/epochs`.
#[derive(Debug, Deserialize)]
struct Epochs {
    epochs: Vec<Epoch>,
}

#[derive(Debug, Deserialize)]
struct Epoch {
    epoch: u64,
    at: String,
    cause: String,
    moved_percent: f64,
    ideal_percent: f64,
    unnecessary: u32,
    members: Vec<Member>,
}

#[derive(Debug, Deserialize)]
struct Member {
    name: String,
    weight: f64,
    drained: bool,
}

/// `GET /v1/epochs/diff`.
#[derive(Debug, Deserialize)]
struct Difference {
    from: u64,
    to: u64,
    effect: Effect,
}

/// Asks `GET /v1/epochs`, or `GET /v1/epochs/diff`.
pub(crate) fn epochs(args: &EpochsArgs) -> Exit {
    told(match &args.command {
        None => list(&args.admin),
        Some(EpochsCommand::Diff(args)) => difference(args),
    })
}

fn list(args: &AdminArgs) -> Result<String, ClientError> {
    let admin = Admin::new(args)?;
    admin.show(&admin.get("/v1/epochs")?, |document: Epochs| {
        let rows: Vec<_> = document.epochs.iter().map(Epoch::row).collect();
        table(["epoch", "at", "moved", "ideal", "without need", "why", "members"], &rows)
    })
}

fn difference(args: &DiffArgs) -> Result<String, ClientError> {
    let admin = Admin::new(&args.admin)?;
    let path = format!("/v1/epochs/diff?from={}&to={}", args.from, args.to);
    admin.show(&admin.get(&path)?, |document: Difference| {
        format!("epoch {} -> {}\n{}", document.from, document.to, document.effect.words())
    })
}

impl Epoch {
    fn row(&self) -> [String; 7] {
        [
            self.epoch.to_string(),
            self.at.clone(),
            format!("{:.1} %", self.moved_percent),
            format!("{:.1} %", self.ideal_percent),
            self.unnecessary.to_string(),
            self.cause.clone(),
            self.members.iter().map(Member::words).collect::<Vec<_>>().join(" "),
        ]
    }
}

impl Member {
    /// Its name, with what isn't as usual.
    fn words(&self) -> String {
        let weight = if self.weight == 1.0 { String::new() } else { format!("×{}", self.weight) };
        let drained = if self.drained { "(drained)" } else { "" };
        format!("{}{weight}{drained}", self.name)
    }
}
