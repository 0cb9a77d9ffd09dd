//! The questions of `lb top`, asked as every verb asks: three for a look, one for a key to explain.
//!
//! A balancer that hangs must not hold up the picture, so no look takes longer than [`LOOK_MAX`].

use std::time::Duration;

use super::super::ClientError;
use super::super::admin::{Admin, percent_encoded};
use super::super::backend::Backends;
use super::super::events::Events;
use super::super::explain::Explained;
use super::documents::Look;
use crate::cli::client::AdminArgs;
use crate::cli::period::Period;

/// For one question, whatever --timeout allows.
const LOOK_MAX: Duration = Duration::from_secs(5);

/// The same, with no longer patience than a look has.
pub(super) fn impatient(args: &AdminArgs) -> AdminArgs {
    let mut args = args.clone();
    let Period(timeout) = args.answer.timeout;
    if timeout.is_zero() || timeout > LOOK_MAX {
        args.answer.timeout = Period(LOOK_MAX);
    }
    args
}

/// One look; of the events only those after this one.
pub(super) fn look(admin: &Admin<'_>, after: u64) -> Result<Look, ClientError> {
    let summary = admin.read(&admin.get("/v1/summary")?)?;
    let Backends { backends } = admin.read(&admin.get("/v1/backends")?)?;
    let Events { events } = admin.read(&admin.get(&events_path(after))?)?;
    Ok(Look { summary, backends, events, after })
}

/// The same documents as they came, for programs: an object.
pub(super) fn look_as_json(admin: &Admin<'_>) -> Result<String, ClientError> {
    let ask = |path: &str| admin.read::<serde_json::Value>(&admin.get(path)?);
    let (summary, backends, events) = (ask("/v1/summary")?, ask("/v1/backends")?, ask(&events_path(0))?);
    let look = serde_json::json!({
        "backends": backends["backends"], "events": events["events"], "summary": summary,
    });
    Ok(format!("{look}\n"))
}

/// Where a key goes, in the words of `lb explain`.
pub(super) fn explained(admin: &Admin<'_>, key: &str) -> Result<String, ClientError> {
    let path = format!("/v1/explain?key={}", percent_encoded(key));
    admin.read(&admin.get(&path)?).map(|explained: Explained| explained.words())
}

fn events_path(after: u64) -> String {
    format!("/v1/events?after={after}")
}
