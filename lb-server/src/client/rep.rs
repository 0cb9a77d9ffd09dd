//! `lb rep`: the backends, one name a line, in order of addition; with `--long` a table of how each is.

use std::time::SystemTime;

use super::admin::Admin;
use super::backend::{Backend, Backends};
use super::table::{percent, table};
use super::{ClientError, names, told};
use crate::cli::client::{AdminArgs, RepArgs};
use crate::exit::Exit;

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
        let rows: Vec<_> = document.backends.iter().map(row).collect();
        table(["name", "state", "for", "seat", "weight", "share", "sessions", "address"], &rows)
    })
}

fn row(backend: &Backend) -> [String; 8] {
    [
        backend.name.clone(),
        if backend.drained { format!("{}, drained", backend.state) } else { backend.state.clone() },
        // By the clock of this machine.
        humantime::format_duration(backend.age(SystemTime::now())).to_string(),
        backend.seat.to_string(),
        backend.weight.to_string(),
        backend.share.map_or_else(|| "-".to_owned(), percent),
        backend.sessions.to_string(),
        backend.address.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}
