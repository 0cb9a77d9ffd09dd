//! The commands that ask a running balancer, as any user of its HTTP API would: one file a verb.
//!
//! A verb builds one request ([`http`] sends it), [`answer`] judges what came back, and the verb writes it: data to
//! stdout, words to stderr, one line an error. The exit codes tell scripts apart what happened: 1 the balancer failed,
//! 4 nobody is there, 5 it refused, 6 it took too long ([`ClientError::exit`]).
//! Nothing of the server is linked in here: what a client knows, it knows from the answer.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::client::{AdminArgs, Output};
use crate::exit::Exit;
use crate::say;

mod answer;
mod change;
mod http;
mod ready;
mod rep;
mod route;

use answer::Answer;
use http::{Method, Request};

pub(crate) use change::{add, rm};
pub(crate) use ready::ready;
pub(crate) use rep::rep;
pub(crate) use route::route;

/// A token is a line; whatever is longer is the wrong file.
const TOKEN_BYTES_MAX: u64 = 4096;

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
            Self::Broken { .. } | Self::Failed { .. } | Self::Foreign { .. } | Self::Runtime(_) => Exit::Failed,
        }
    }
}

/// The end of a command: its data, or the line that says why there is none.
fn told(result: Result<String, ClientError>) -> Exit {
    match result {
        Ok(data) => {
            say::text(&data);
            Exit::Ok
        }
        Err(error) => {
            say::line(format_args!("error: {error}"));
            error.exit()
        }
    }
}

/// One request to the admin API; an answer other than 2xx is an error.
fn ask_admin(args: &AdminArgs, method: Method, path: &str, body: String) -> Result<Answer, ClientError> {
    let token = args.token_file.as_deref().map(read_token).transpose()?;
    let request = Request { target: &args.admin, method, path, body, token: token.as_deref(), flag: "--admin" };
    http::send(&request, args.answer.timeout.0)?.successful(&request)
}

/// The names in an answer of `/rep`, `/add` and `/rm`, one a line; or the answer as it came.
fn names(answer: &Answer, args: &AdminArgs) -> Result<String, ClientError> {
    if args.answer.output == Output::Json {
        return Ok(answer.as_received());
    }
    let foreign = || ClientError::Foreign { target: args.admin.to_string(), flag: "--admin" };
    Ok(answer.names().ok_or_else(foreign)?.iter().map(|name| format!("{name}\n")).collect())
}

/// What the file says, without the line end that editors leave.
fn read_token(path: &Path) -> Result<String, ClientError> {
    let wrong = |why: String| ClientError::Token { path: path.to_owned(), why };
    let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > TOKEN_BYTES_MAX {
        return Err(wrong(format!("{size} bytes are no token, at most {TOKEN_BYTES_MAX}")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong("a token is one line of visible ASCII characters".to_owned()));
    }
    Ok(token.to_owned())
}
