//! What is read of a connection and how its key is found: `--mode`, `--key`, `--affinity`, `--non-http`;
//! and what becomes of it when that key moves: `--on-move`.

use lb_core::config::{Affinity, Mode, NonHttp, ON_MOVE_RATE, OnMove};
use lb_core::session::key::KeySources;

use super::ConfigError;
use crate::cli::serve::ServeArgs;
use crate::cli::values;

/// Where the key is looked for, where `--key` doesn't say.
pub(super) const KEY_SOURCES: &str = "query:request_id,query:id,header:x-request-id,random";

/// How a session finds its key.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) mode: Mode,
    pub(super) keys: KeySources,
    pub(super) affinity: Affinity,
    pub(super) non_http: NonHttp,
    pub(super) on_move: OnMove,
    pub(super) on_move_rate: u32,
}

/// The flags, made to agree with each other and with the profile.
pub(super) fn resolve(args: &ServeArgs, assignment: bool) -> Result<Route, ConfigError> {
    let mode = match args.mode {
        Some(values::Mode::Tcp) => Mode::Tcp,
        Some(values::Mode::Http) | None => Mode::Http,
    };
    if mode == Mode::Tcp {
        nothing_that_reads(args)?;
    }
    let affinity = match (args.affinity, assignment) {
        (Some(values::Affinity::Connection), true) => return Err(ConfigError::ProfileNeedsRequests),
        (Some(values::Affinity::Request), _) | (None, true) => Affinity::Request,
        (Some(values::Affinity::Connection) | None, false) => Affinity::Connection,
    };
    let non_http = match args.non_http {
        Some(values::NonHttp::Reject) => NonHttp::Reject,
        Some(values::NonHttp::Raw) | None => NonHttp::Raw,
    };
    let on_move = match args.on_move {
        Some(values::OnMove::Drain) => OnMove::Drain,
        Some(values::OnMove::Close) => OnMove::Close,
        Some(values::OnMove::Keep) | None => OnMove::Keep,
    };
    let on_move_rate = args.on_move_rate.unwrap_or(ON_MOVE_RATE);
    let keys = args.key.as_deref().unwrap_or(KEY_SOURCES).parse()?;
    Ok(Route { mode, keys, affinity, non_http, on_move, on_move_rate })
}

/// In `tcp` mode no byte of a session is looked at, so a flag about requests could only be ignored.
fn nothing_that_reads(args: &ServeArgs) -> Result<(), ConfigError> {
    let about_requests = [
        ("--profile assignment", args.profile.is_some()),
        ("--affinity request", args.affinity == Some(values::Affinity::Request)),
        ("--key", args.key.is_some()),
        ("--non-http", args.non_http.is_some()),
        // With --accept-proxy a header is read, and this is its deadline.
        ("--head-timeout", args.head_timeout.is_some() && args.accept_proxy != Some(true)),
        ("--first-byte-timeout", args.first_byte_timeout.is_some()),
        ("--record-requests", args.record_requests.is_some()),
    ];
    match about_requests.into_iter().find(|&(_, given)| given) {
        Some((flag, _)) => Err(ConfigError::NotWithTcp { flag }),
        None => Ok(()),
    }
}
