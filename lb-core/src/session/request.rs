//! From the first bytes of a client to a decision: wait, route by this key, answer, or hand to the admin side.
//!
//! [`decide`] is called with everything received so far whenever more has arrived; it reads no further than the key
//! sources (and `--affinity request`) make necessary. The bytes themselves stay with the caller.

use std::net::IpAddr;

use super::answer::Status;
use super::body::RequestEnd;
use super::first_line::{HeadScan, Line, NotAHead, Scan, with_headers};
use super::key::{self, KeyOutcome, KeyedBy};
use crate::config::{Affinity, Mode, NonHttp, WorkerConfig};
use crate::ring::KeyHash;

/// What is to be done with a connection whose first bytes have been read.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Read on.
    More,
    /// Choose a backend.
    Route(Decision),
    /// Answer and close.
    Refuse(Status),
    /// The admin side serves it (`--profile assignment`).
    Admin,
}

/// How a session is routed.
#[derive(Debug, PartialEq, Eq)]
pub struct Decision {
    /// The hashed key.
    pub key: KeyHash,
    /// Where the key came from; all but those from the request are counted, so that no unkeyed session goes unseen.
    pub keyed_by: KeyedBy,
    /// The key itself, where ids are recorded or logged and this one is from the request.
    pub recorded: Option<Box<[u8]>>,
    /// Whether the client speaks HTTP, so that the front may answer.
    pub http: bool,
    /// Where the request ends; [`RequestEnd::Never`] for `--affinity connection`.
    pub end: RequestEnd,
    /// Length of the head that is to be rewritten with `Connection: close`, and of its first line.
    pub rewrite: Option<(usize, usize)>,
}

/// What a decision depends on besides the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The settings.
    pub config: &'a WorkerConfig,
    /// Who asks.
    pub client: IpAddr,
    /// Used where the key is random.
    pub random: u64,
}

/// Decides by the bytes received so far, of which earlier calls with the same `scan` saw a prefix.
pub fn decide(scan: &mut HeadScan, bytes: &[u8], context: &Context<'_>) -> Verdict {
    if context.config.mode == Mode::Tcp {
        return Verdict::Route(context.by_address(KeyedBy::Source));
    }
    // Whoever is asked again about a line that is complete waits for the head: the line isn't parsed at every byte of it.
    if scan.line_len() > 0 && scan.find_head(bytes) == Scan::More {
        return Verdict::More;
    }
    match scan.find_line(bytes) {
        Scan::More => return Verdict::More,
        Scan::NotHttp => return context.not_a_head(NotAHead::NotHttp),
        Scan::TooLong => return Verdict::Refuse(Status::HeadTooLarge),
        Scan::Found => {}
    }
    let line = match Line::read(&bytes[..scan.line_len()]) {
        Ok(line) => line,
        Err(why) => return context.not_a_head(why),
    };
    if context.config.serve_admin_paths && is_admin_path(key::path(line.target)) {
        return Verdict::Admin;
    }
    if context.config.affinity == Affinity::Connection {
        match context.config.keys.find(line.target, None) {
            KeyOutcome::NeedsHead => {}
            found => return Verdict::Route(context.decision(found)),
        }
    }
    match scan.find_head(bytes) {
        Scan::More | Scan::NotHttp => return Verdict::More,
        Scan::TooLong => return Verdict::Refuse(Status::HeadTooLarge),
        Scan::Found => {}
    }
    let head = &bytes[..scan.head_len()];
    match with_headers(head, |headers| context.whole_head(&line, headers, scan)) {
        Ok(Ok(decision)) => Verdict::Route(decision),
        Ok(Err(why)) | Err(why) => context.not_a_head(why),
    }
}

/// The client has ended: decides by its address, whatever it sent.
pub fn decide_raw(_scan: &mut HeadScan, _bytes: &[u8], context: &Context<'_>) -> Verdict {
    let keyed_by = if context.config.mode == Mode::Tcp { KeyedBy::Source } else { KeyedBy::Raw };
    Verdict::Route(context.by_address(keyed_by))
}

/// The paths that `--profile assignment` serves on the front.
fn is_admin_path(path: &str) -> bool {
    matches!(path, "/rep" | "/add" | "/rm") || path.starts_with("/requests/")
}

impl Context<'_> {
    fn wants_keys(&self) -> bool {
        self.config.record_answered || self.config.access_log.as_ref().is_some_and(|outlet| outlet.raw_keys)
    }

    fn whole_head(
        &self,
        line: &Line<'_>,
        headers: &[httparse::Header<'_>],
        scan: &HeadScan,
    ) -> Result<Decision, NotAHead> {
        let mut decision = self.decision(self.config.keys.find(line.target, Some(headers)));
        if self.config.affinity == Affinity::Request {
            decision.end = RequestEnd::of(line, headers)?;
            if decision.end != RequestEnd::Never {
                decision.rewrite = Some((scan.head_len(), scan.line_len()));
            }
        }
        Ok(decision)
    }

    fn decision(&self, outcome: KeyOutcome<'_>) -> Decision {
        match outcome {
            KeyOutcome::Found(key, keyed_by) => Decision {
                key: self.config.hasher.hash(&key),
                keyed_by,
                recorded: self.wants_keys().then(|| key.as_ref().into()),
                http: true,
                end: RequestEnd::Never,
                rewrite: None,
            },
            KeyOutcome::Source => Decision { http: true, ..self.by_address(KeyedBy::Source) },
            KeyOutcome::Random | KeyOutcome::NeedsHead => Decision {
                key: KeyHash(self.random),
                keyed_by: KeyedBy::Random,
                recorded: None,
                http: true,
                end: RequestEnd::Never,
                rewrite: None,
            },
        }
    }

    fn by_address(&self, keyed_by: KeyedBy) -> Decision {
        Decision {
            key: self.config.hasher.hash(&key::source_key(self.client)),
            keyed_by,
            recorded: None,
            http: false,
            end: RequestEnd::Never,
            rewrite: None,
        }
    }

    fn not_a_head(&self, why: NotAHead) -> Verdict {
        match (why, self.config.non_http) {
            (NotAHead::NotHttp, NonHttp::Raw) => Verdict::Route(self.by_address(KeyedBy::Raw)),
            (NotAHead::NotHttp, NonHttp::Reject) | (NotAHead::Malformed, _) => Verdict::Refuse(Status::BadRequest),
        }
    }
}

#[cfg(test)]
mod tests;
