//! The admin API as a verb asks it: where it is, with whose token, and what the JSON of its answers means.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::ClientError;
use super::answer::Answer;
use super::http::{self, Method, Request, Terms};
use crate::cli::client::{AdminArgs, Output};

/// A token is a line; whatever is longer is the wrong file.
const TOKEN_BYTES_MAX: u64 = 4096;

/// The API, asked as often as a command needs it.
#[derive(Debug)]
pub(super) struct Admin<'a> {
    args: &'a AdminArgs,
    token: Option<String>,
}

/// One question.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    /// With its query, percent-encoded.
    pub(super) path: &'a str,
    pub(super) body: String,
    /// Of a change.
    pub(super) terms: Terms<'a>,
}

impl<'a> Admin<'a> {
    pub(super) fn new(args: &'a AdminArgs) -> Result<Self, ClientError> {
        Ok(Self { args, token: args.token_file.as_deref().map(read_token).transpose()? })
    }

    /// An answer other than 2xx is an error.
    pub(super) fn ask(&self, ask: Ask<'_>) -> Result<Answer, ClientError> {
        let request = self.request(ask);
        http::send(&request, self.args.answer.timeout.0)?.successful(&request)
    }

    /// `GET path`.
    pub(super) fn get(&self, path: &str) -> Result<Answer, ClientError> {
        self.ask(Ask { method: Method::GET, path, body: String::new(), terms: Terms::default() })
    }

    /// What is written of an answer: itself, or what `table` makes of its document.
    pub(super) fn show<T: DeserializeOwned>(
        &self,
        answer: &Answer,
        table: impl FnOnce(T) -> String,
    ) -> Result<String, ClientError> {
        if self.args.answer.output == Output::Json {
            return Ok(answer.as_received());
        }
        self.read(answer).map(table)
    }

    /// The document of an answer.
    pub(super) fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, ClientError> {
        serde_json::from_slice(&answer.body).map_err(|_| self.foreign())
    }

    /// What answers there is something else.
    pub(super) fn foreign(&self) -> ClientError {
        ClientError::Foreign { target: self.args.admin.to_string(), flag: "--admin" }
    }

    pub(super) fn request<'b>(&'b self, ask: Ask<'b>) -> Request<'b> {
        let Ask { method, path, body, terms } = ask;
        let token = self.token.as_deref();
        Request { target: &self.args.admin, method, path, body, terms, token, flag: "--admin" }
    }
}

/// A query value or a step of a path that is read back as `text`, whatever is in it.
pub(super) fn percent_encoded(text: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes()
        .map(|byte| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// What the file says, without the line end that editors leave.
fn read_token(path: &Path) -> Result<String, ClientError> {
    let wrong = |why: String| ClientError::Token { path: PathBuf::from(path), why };
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

#[cfg(test)]
mod tests;
