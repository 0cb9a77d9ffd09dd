//! `lb route ID`: which replica answers this id, by asking the front for it as a client would.
//!
//! The answer is the replica's own, as it came: the sample backend says who it is. Whoever has configured other `--key`
//! sources than the default asks with curl.

use super::admin::percent_encoded;
use super::http::{self, Method, Request, Terms};
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
        terms: Terms::default(),
        token: None,
        flag: "--front",
    };
    let answer = http::send(&request, args.answer.timeout.0).and_then(|answer| answer.successful(&request));
    told(answer.map(|answer| answer.as_received()))
}
