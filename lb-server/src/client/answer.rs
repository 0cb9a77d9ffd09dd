//! What came back: whether it is a success, and what its JSON says. Pure.
//!
//! The unversioned paths answer `{"message":…,"status":…}`, `/v1` problem documents; whoever else listens there answers
//! what it likes, and the worst of that is a line without control bytes.

use hyper::body::Bytes;
use serde_json::Value;

use super::ClientError;
use super::http::Request;

/// Of a stranger's answer so many characters are shown.
const SHOWN_CHARS_MAX: usize = 200;

/// A complete answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

impl Answer {
    /// Itself where it is 2xx, else the error that it is.
    pub(super) fn successful(self, request: &Request<'_>) -> Result<Self, ClientError> {
        let target = request.target.to_string();
        match self.status {
            200..=299 => Ok(self),
            status @ 400..=499 => {
                let hint = refusal_hint(status, request.token.is_some());
                Err(ClientError::Refused { target, status, message: self.message(), hint })
            }
            status => Err(ClientError::Failed { target, status, message: self.message() }),
        }
    }

    /// The names in an answer of `/rep`, `/add` and `/rm`; `None` where it isn't one.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        let names = body["message"]["replicas"].as_array()?;
        names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
    }

    /// The body, ended by a newline.
    pub(super) fn as_received(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.body).into_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    /// What an answer says of itself, in one line.
    pub(super) fn message(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let said = ["message", "detail", "title"].iter().find_map(|key| body[*key].as_str());
        let text = match said {
            Some(message) => message.strip_prefix("<Error> ").unwrap_or(message).to_owned(),
            None => String::from_utf8_lossy(&self.body).into_owned(),
        };
        let line: String = text.lines().next().unwrap_or_default().chars().take(SHOWN_CHARS_MAX).collect();
        if line.is_empty() { "no reason given".to_owned() } else { line.escape_debug().to_string().replace("\\'", "'") }
    }
}

fn refusal_hint(status: u16, has_token: bool) -> &'static str {
    match (status, has_token) {
        (401 | 403, false) => "; --token-file FILE gives the admin token",
        (401 | 403, true) => "; --token-file holds another token than the server's, or it may not do this",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
