//! `lb add` and `lb rm`: what is there afterwards, one name a line.
//!
//! What was typed goes to the API as it is: whether there are too many names for N, or a name is a bad one, is decided
//! in one place, which is there.

use serde_json::json;

use super::http::Method;
use super::{ask_admin, names, told};
use crate::cli::client::ChangeArgs;
use crate::exit::Exit;

/// Asks `POST /add`.
pub(crate) fn add(args: &ChangeArgs) -> Exit {
    change(args, Method::POST, "/add")
}

/// Asks `DELETE /rm`.
pub(crate) fn rm(args: &ChangeArgs) -> Exit {
    change(args, Method::DELETE, "/rm")
}

fn change(args: &ChangeArgs, method: Method, path: &str) -> Exit {
    let answer = ask_admin(&args.admin, method, path, body(args.n, &args.names));
    told(answer.and_then(|answer| names(&answer, &args.admin)))
}

/// Without `n` the list's length counts.
fn body(n: Option<u64>, names: &[String]) -> String {
    match n {
        Some(n) => json!({"hostnames": names, "n": n}),
        None => json!({"hostnames": names}),
    }
    .to_string()
}
