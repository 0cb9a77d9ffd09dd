//! The commands that ask a running balancer, as any user of its HTTP API would: one file a verb.
//!
//! A verb builds one request ([`http`] sends it), [`answer`] judges what came back, and the verb writes it: data to
//! stdout, words to stderr, one line an error. The exit codes tell scripts apart what happened: 1 the balancer failed,
//! 4 nobody is there, 5 it refused, 6 it took too long ([`ClientError::exit`]).
//! Nothing of the server is linked in here: what a client knows, it knows from the answer.

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::client::{AdminArgs, Output};
use crate::exit::Exit;
use crate::say;

mod admin;
mod answer;
mod backend;
mod change;
mod confirm;
mod epochs;
mod events;
mod explain;
mod http;
mod logs;
mod plan;
mod ready;
mod reload;
mod rep;
mod ring;
mod route;
mod show;
mod table;
mod top;

use admin::Admin;
use answer::Answer;

pub(crate) use change::{add, drain, limit, plan_only, rm, rollback, scale, undrain, weight};
pub(crate) use epochs::epochs;
pub(crate) use events::events;
pub(crate) use explain::explain;
pub(crate) use logs::logs;
pub(crate) use ready::ready;
pub(crate) use reload::reload;
pub(crate) use rep::rep;
pub(crate) use ring::ring;
pub(crate) use route::route;
pub(crate) use show::{config, openapi};
pub(crate) use top::top;

/// Why a command has no data to show. One line each, what is wrong and how to mend it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("--token-file {}: {why}", path.display())]
    Token { path: PathBuf, why: String },
    #[error("{target}: {why}; is `lb serve` running there? ({flag} says where)")]
    Unreachable { target: String, why: String, flag: &'static str },
    #[error("{target}: no complete answer within {}; --timeout is how long to wait", humantime::format_duration(*.after))]
    TimedOut { target: String, after: Duration },
    #[error("{target}: the answer broke off: {why}")]
    Broken { target: String, why: String },
    #[error("{target}: {status}: {message}{hint}")]
    Refused { target: String, status: u16, message: String, hint: &'static str },
    #[error("{target}: {status}: {message}")]
    Failed { target: String, status: u16, message: String },
    #[error("{target}: this is not what the admin API of lb answers; {flag} says where it is")]
    Foreign { target: String, flag: &'static str },
    #[error("stdout: {0}")]
    Unheard(std::io::Error),
    #[error("{0}")]
    Runtime(#[from] std::io::Error),
}

impl ClientError {
    fn exit(&self) -> Exit {
        match self {
            Self::Token { .. } => Exit::Config,
            Self::Unreachable { .. } => Exit::Unreachable,
            Self::Refused { .. } => Exit::Refused,
            Self::TimedOut { .. } => Exit::TimedOut,
            Self::Broken { .. } | Self::Failed { .. } | Self::Foreign { .. } | Self::Unheard(_) | Self::Runtime(_) => {
                Exit::Failed
            }
        }
    }
}

/// The end of a command: its data, or the line that says why there is none.
fn told(result: Result<String, ClientError>) -> Exit {
    match result {
        Ok(data) => say::data(&data),
        Err(ClientError::Unheard(error)) => say::unheard(&error),
        Err(error) => {
            say::line(format_args!("error: {error}"));
            error.exit()
        }
    }
}

/// The names in an answer of `/rep`, `/add` and `/rm`, one a line; or the answer as it came.
fn names(answer: &Answer, args: &AdminArgs) -> Result<String, ClientError> {
    if args.answer.output == Output::Json {
        return Ok(answer.as_received());
    }
    let names = answer.names().ok_or_else(|| Admin::new(args).map_or_else(|error| error, |admin| admin.foreign()))?;
    Ok(names.iter().map(|name| format!("{name}\n")).collect())
}
