//! `lb route ID`: which replica answers this id, by asking the front for it as a client would.
//!
//! The answer is the replica's own, as it came: the sample backend says who it is. Whoever has configured other `--key`
//! sources than the default asks with curl.

use super::http::{self, Method, Request};
use super::told;
use crate::cli::client::RouteArgs;
use crate::exit::Exit;

/// Asks the front for `GET /request?request_id=ID`.
pub(crate) fn route(args: &RouteArgs) -> Exit {
    let path = format!("/request?request_id={}", percent_encoded(&args.id));
    let request = Request {
        target: &args.front,
        method: Method::GET,
        path: &path,
        body: String::new(),
        token: None,
        flag: "--front",
    };
    let answer = http::send(&request, args.answer.timeout.0).and_then(|answer| answer.successful(&request));
    told(answer.map(|answer| answer.as_received()))
}

/// A query value that is read back as `text`, whatever is in it.
fn percent_encoded(text: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes()
        .map(|byte| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests;
