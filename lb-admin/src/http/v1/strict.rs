//! What isn't known is refused, with the word that was probably meant: queries and bodies under `/v1`. Pure.

use std::fmt::Display;
use std::time::Duration;

use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::super::answer::Style;
use super::super::idempotency::Judged;
use super::changes::status_of;
use crate::membership::command::ChangeError;

/// More differing letters than these are no slip of the finger.
const SLIPS_MAX: usize = 2;
/// Of an unknown word, so much is shown.
const SHOWN_CHARS_MAX: usize = 64;

/// Why a request was refused, as a problem document.
#[derive(Debug)]
pub(super) struct Problem {
    style: Style,
    status: StatusCode,
    detail: String,
    /// There is a way to be served, after this time.
    after: Option<Duration>,
    /// It is the outcome of the request.
    judged: bool,
}

impl Problem {
    /// For a request to `uri`.
    pub(super) fn new(uri: &Uri, status: StatusCode, detail: impl ToString) -> Self {
        Self { style: Style::of(uri), status, detail: detail.to_string(), after: None, judged: false }
    }

    /// By the membership's owner.
    pub(super) fn refused(uri: &Uri, error: &ChangeError) -> Self {
        Self { judged: error.is_judgement(), ..Self::new(uri, status_of(error), error) }
    }

    /// Too many changes at once.
    pub(super) fn too_fast(uri: &Uri, after: Duration) -> Self {
        Self { after: Some(after), ..Self::new(uri, StatusCode::TOO_MANY_REQUESTS, "") }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = match self.after {
            Some(after) => self.style.too_fast(after),
            None => self.style.refuse(self.status, self.detail),
        };
        if self.judged {
            response.extensions_mut().insert(Judged);
        }
        response
    }
}

/// Refuses a query with other parameters than `known` and `pretty`, and one that says something twice: which of two
/// `dry_run` was meant is no guess to make.
pub(super) fn query(uri: &Uri, known: &[&str]) -> Result<(), Problem> {
    let names = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let names = names.map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
    let known: Vec<&str> = known.iter().copied().chain(["pretty"]).collect();
    let wrong = |why: &dyn Display| Problem::new(uri, StatusCode::BAD_REQUEST, why);
    // No longer than `known`: a name that comes again ends it.
    let mut said = Vec::new();
    for name in names {
        if !known.contains(&name) {
            return Err(wrong(&Unknown::new("query parameter", name, &known)));
        }
        if said.contains(&name) {
            return Err(wrong(&format_args!("the query parameter {name} is given twice: say it once")));
        }
        said.push(name);
    }
    Ok(())
}

/// A word that isn't known.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} '{shown}': {hint}")]
pub(super) struct Unknown {
    what: &'static str,
    shown: String,
    hint: String,
}

impl Unknown {
    /// `known` isn't empty.
    pub(super) fn new(what: &'static str, word: &str, known: &[&str]) -> Self {
        let slips = |candidate: &&str| distance(word, candidate);
        let meant = known.iter().copied().min_by_key(slips).filter(|nearest| slips(nearest) <= SLIPS_MAX);
        let hint =
            meant.map_or_else(|| format!("known are {}", known.join(", ")), |meant| format!("did you mean {meant}?"));
        Self { what, shown: word.chars().take(SHOWN_CHARS_MAX).collect(), hint }
    }
}

/// How many letters must be put in, taken out or replaced to come from one word to the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    // Nobody means a word of five letters by one of a thousand.
    for (above, letter) in from.chars().take(SHOWN_CHARS_MAX).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], above + 1);
        for (index, other) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[row.len() - 1]
}

#[cfg(test)]
mod tests;
