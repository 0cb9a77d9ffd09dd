//! `lb logs`: the last lines that a replica itself has printed.

use super::admin::{Admin, percent_encoded};
use super::told;
use crate::cli::client::LogsArgs;
use crate::exit::Exit;

/// Asks `GET /v1/backends/NAME/logs`. There is no document behind it: the words are the same with `-o json`.
pub(crate) fn logs(args: &LogsArgs) -> Exit {
    told(Admin::new(&args.admin).and_then(|admin| {
        let path = format!("/v1/backends/{}/logs?tail={}", percent_encoded(&args.name), args.tail);
        let answer = admin.get(&path)?;
        Ok(if answer.body.is_empty() { String::new() } else { answer.as_received() })
    }))
}
