//! `lb rep`: the backends, one name a line, in order of addition; with `--long` a table of how each is.

use std::time::Duration;

use serde::Deserialize;

use super::admin::Admin;
use super::table::{percent, table};
use super::{ClientError, names, told};
use crate::cli::client::{AdminArgs, RepArgs};
use crate::exit::Exit;

/// `GET /v1/backends`.
#[derive(Debug, Deserialize)]
struct Backends {
    backends: Vec<Backend>,
}

#[derive(Debug, Deserialize)]
struct Backend {
    name: String,
    state: String,
    seat: u32,
    weight: f64,
    share: Option<f64>,
    sessions: u64,
    since: String,
    address: Option<String>,
    #[serde(default)]
    drained: bool,
}

/// Asks `GET /rep`, or `GET /v1/backends`.
pub(crate) fn rep(args: &RepArgs) -> Exit {
    told(if args.long { long(&args.admin) } else { short(&args.admin) })
}

fn short(args: &AdminArgs) -> Result<String, ClientError> {
    names(&Admin::new(args)?.get("/rep")?, args)
}

fn long(args: &AdminArgs) -> Result<String, ClientError> {
    let admin = Admin::new(args)?;
    admin.show(&admin.get("/v1/backends")?, |document: Backends| {
        let rows: Vec<_> = document.backends.iter().map(Backend::row).collect();
        table(["name", "state", "for", "seat", "weight", "share", "sessions", "address"], &rows)
    })
}

impl Backend {
    fn row(&self) -> [String; 8] {
        [
            self.name.clone(),
            if self.drained { format!("{}, drained", self.state) } else { self.state.clone() },
            self.age(),
            self.seat.to_string(),
            self.weight.to_string(),
            self.share.map_or_else(|| "-".to_owned(), percent),
            self.sessions.to_string(),
            self.address.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }

    /// In whole seconds, by the clock of this machine.
    fn age(&self) -> String {
        let since = humantime::parse_rfc3339(&self.since).ok();
        let age = since.and_then(|since| since.elapsed().ok()).unwrap_or_default();
        humantime::format_duration(Duration::from_secs(age.as_secs())).to_string()
    }
}
