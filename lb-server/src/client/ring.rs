//! `lb ring`: who has which share of the slots; with a name also which slots that one has.

use std::fmt::Write;

use serde::Deserialize;

use super::admin::{Admin, percent_encoded};
use super::table::{percent, table};
use super::{ClientError, told};
use crate::cli::client::RingArgs;
use crate::exit::Exit;

/// Of the ranges so many are shown.
const RANGES_SHOWN_MAX: usize = 100;

/// `GET /v1/ring`.
#[derive(Debug, Deserialize)]
struct Ring {
    epoch: u64,
    hash: String,
    slots: u32,
    seed: u64,
    digest: String,
    max_over_mean: Option<f64>,
    shares: Vec<Share>,
    ranges: Option<Vec<(u32, u32)>>,
    ranges_total: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Share {
    name: String,
    seat: u32,
    weight: f64,
    slots: u32,
    share: f64,
    share_ideal: f64,
}

/// Asks `GET /v1/ring`.
pub(crate) fn ring(args: &RingArgs) -> Exit {
    told(shown(args))
}

fn shown(args: &RingArgs) -> Result<String, ClientError> {
    let path = match &args.name {
        Some(name) => format!("/v1/ring?name={}", percent_encoded(name)),
        None => "/v1/ring".to_owned(),
    };
    let admin = Admin::new(&args.admin)?;
    admin.show(&admin.get(&path)?, |ring: Ring| ring.words())
}

impl Ring {
    fn words(&self) -> String {
        let Self { epoch, hash, slots, seed, digest, .. } = self;
        let even =
            self.max_over_mean.map_or_else(String::new, |ratio| format!(", largest share {ratio:.3} of the mean"));
        let mut text = format!("{hash}, {slots} slots, seed {seed}, epoch {epoch}, digest {digest}{even}\n\n");
        let row = |share: &Share| {
            [
                share.name.clone(),
                share.seat.to_string(),
                share.weight.to_string(),
                share.slots.to_string(),
                percent(share.share),
                percent(share.share_ideal),
            ]
        };
        let rows: Vec<_> = self.shares.iter().map(row).collect();
        text += &table(["backend", "seat", "weight", "slots", "share", "by weight"], &rows);
        text + &self.ranges()
    }

    fn ranges(&self) -> String {
        let Some(ranges) = &self.ranges else { return String::new() };
        let all = self.ranges_total.unwrap_or(ranges.len());
        let of = |(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}-{last}") };
        let shown: Vec<String> = ranges.iter().take(RANGES_SHOWN_MAX).map(of).collect();
        let mut text = format!("\nits slots: {}", shown.join(" "));
        if all > shown.len() {
            write!(text, " … ({} more ranges)", all - shown.len()).expect("a String takes any text");
        }
        text + "\n"
    }
}

#[cfg(test)]
mod tests;
