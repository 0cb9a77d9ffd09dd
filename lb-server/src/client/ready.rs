//! `lb ready`: exit code 0 where the balancer is worth sending clients to; what a container's health check runs.
//!
//! Asks `/readyz`. Where no admin API listens (`--profile assignment` on the admin's own port), the front can be asked
//! instead: any answer of a replica, or of the admin paths there, is proof, and the front's own 5xx is the opposite.

use super::admin::Admin;
use super::answer::Answer;
use super::http::{self, Method, Request, Terms};
use super::{ClientError, told};
use crate::cli::client::{Output, ReadyArgs};
use crate::cli::target::Target;
use crate::exit::Exit;

/// What the sample backend answers without a body; others answer it somehow.
const ASKED_OF_A_REPLICA: &str = "/heartbeat";

/// Asks `GET /readyz`, or the front.
pub(crate) fn ready(args: &ReadyArgs) -> Exit {
    let answer = match &args.front {
        Some(front) => ask_front(front, args),
        None => Admin::new(&args.admin).and_then(|admin| admin.get("/readyz")),
    };
    told(answer.map(|answer| match (args.admin.answer.output, &args.front) {
        (Output::Json, _) => answer.as_received(),
        (Output::Table, None) => format!("{}\n", answer.message()),
        (Output::Table, Some(_)) => format!("a backend answers: {}\n", answer.status),
    }))
}

fn ask_front(front: &Target, args: &ReadyArgs) -> Result<Answer, ClientError> {
    let path = ASKED_OF_A_REPLICA;
    let request = Request {
        target: front,
        method: Method::GET,
        path,
        body: String::new(),
        terms: Terms::default(),
        token: None,
        flag: "--front",
    };
    let answer = http::send(&request, args.admin.answer.timeout.0)?;
    if answer.status < 500 { Ok(answer) } else { answer.successful(&request) }
}
