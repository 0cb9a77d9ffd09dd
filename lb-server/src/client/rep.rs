//! `lb rep`: the backends, one name a line, in order of addition.

use super::http::Method;
use super::{ask_admin, names, told};
use crate::cli::client::RepArgs;
use crate::exit::Exit;

/// Asks `GET /rep`.
pub(crate) fn rep(args: &RepArgs) -> Exit {
    let answer = ask_admin(&args.admin, Method::GET, "/rep", String::new());
    told(answer.and_then(|answer| names(&answer, &args.admin)))
}
