//! `lb events`: what has happened to the membership, a line each; with `--follow` also what comes, over restarts of the
//! balancer too.
//!
//! The stream is Server-Sent Events. Where it breaks off it is asked for again, after the last event that came, so none
//! is told twice; those that a restarted balancer has forgotten are lost with it, and its numbers begin anew.

use std::time::{Duration, SystemTime};

use http_body_util::BodyExt;
use hyper::body::Bytes;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use self::lines::{Frame, Frames};
use super::admin::{Admin, Ask};
use super::http::{self, Method, Terms};
use super::{ClientError, told};
use crate::cli::client::{AdminArgs, EventsArgs, Output};
use crate::exit::Exit;
use crate::say;

mod lines;

/// Between two tries to get the stream back.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// `GET /v1/events`.
#[derive(Debug, Deserialize)]
pub(super) struct Events {
    /// Oldest first.
    pub(super) events: Vec<Event>,
}

/// What has happened.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Event {
    pub(super) id: u64,
    /// RFC 3339, UTC.
    at: String,
    pub(super) kind: String,
    /// To whom; `*`: nobody in particular.
    pub(super) name: String,
    pub(super) detail: String,
}

/// Asks `GET /v1/events`.
pub(crate) fn events(args: &EventsArgs) -> Exit {
    if args.follow {
        return told(follow(args).map(|never| match never {}));
    }
    told(list(args))
}

fn list(args: &EventsArgs) -> Result<String, ClientError> {
    let path = args.after.map_or_else(|| "/v1/events".to_owned(), |id| format!("/v1/events?after={id}"));
    let admin = Admin::new(&args.admin)?;
    admin.show(&admin.get(&path)?, |document: Events| document.events.iter().map(Event::line).collect())
}

impl Event {
    /// `None` where it can't be read.
    pub(super) fn when(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(&self.at).ok()
    }

    fn line(&self) -> String {
        let dash = if self.detail.is_empty() { "" } else { ": " };
        // What is nobody's in particular has no name of its own.
        let whose = if self.name == "*" { String::new() } else { format!("{} ", self.name) };
        format!("{} {whose}{}{dash}{}\n", self.at, self.kind.replace('_', " "), self.detail)
    }
}

/// The first connect must come off; later ones are tried until they do.
fn follow(args: &EventsArgs) -> Result<std::convert::Infallible, ClientError> {
    let admin = Admin::new(&args.admin)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // From the oldest that is kept, as without --follow.
        let mut last = args.after.or(Some(0));
        let mut was_there = false;
        loop {
            let again_at = Instant::now() + RETRY_AFTER;
            match one_stream(&admin, &args.admin, &mut last, &mut was_there).await {
                Err(error) if !was_there || is_final(&error) => return Err(error),
                Err(error) => say::line(format_args!("warning: {error}; trying again")),
                Ok(()) => say::line("warning: the stream has ended; trying again"),
            }
            sleep_until(again_at).await;
        }
    })
}

/// Whether to ask again would come to the same.
fn is_final(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { .. } | ClientError::Foreign { .. } | ClientError::Unheard(_))
}

/// Until it ends. A balancer that doesn't know the last event any more has been started anew: all that it has is new.
async fn one_stream(
    admin: &Admin<'_>,
    args: &AdminArgs,
    last: &mut Option<u64>,
    was_there: &mut bool,
) -> Result<(), ClientError> {
    let request =
        admin.request(Ask { method: Method::GET, path: "/v1/events", body: String::new(), terms: Terms::default() });
    let mut opened = http::open(&request, Some(*last)).await?;
    let status = opened.response.status().as_u16();
    if status != 200 {
        let body = opened.response.body_mut().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        return super::answer::Answer { status, body }.successful(&request).map(drop);
    }
    *was_there = true;
    let mut frames = Frames::default();
    while let Some(frame) = opened.response.body_mut().frame().await {
        let broken =
            |error: hyper::Error| ClientError::Broken { target: args.admin.to_string(), why: error.to_string() };
        let Ok(bytes) = frame.map_err(broken)?.into_data() else { continue };
        tell(&mut frames, &bytes, args.answer.output, last, admin)?;
    }
    Ok(())
}

/// Writes the events that these bytes complete.
fn tell(
    frames: &mut Frames,
    bytes: &Bytes,
    output: Output,
    last: &mut Option<u64>,
    admin: &Admin<'_>,
) -> Result<(), ClientError> {
    frames.add(bytes);
    for Frame { id, event, data } in frames.by_ref() {
        if event != "change" {
            continue;
        }
        *last = id.or(*last);
        let line = match output {
            Output::Json => format!("{data}\n"),
            Output::Table => serde_json::from_str::<Event>(&data).map_err(|_| admin.foreign())?.line(),
        };
        say::text(&line).map_err(ClientError::Unheard)?;
    }
    Ok(())
}
