//! The pictures of A-3: the first kills over time, and how often recovery took how long.

use super::blow::Blow;
use super::kill::{Campaign, Kill};
use super::outcome::Summary;
use crate::experiment::timeline::bucket_start_ms;
use crate::experiment::words::thousands;
use crate::report::chart::{Chart, Kind, Mark, Series};

/// Kills that the timeline shows; more would be a comb.
const KILLS_SHOWN: usize = 5;
/// Before the first kill shown and after the last one's replacement.
const MARGIN_MS: f64 = 300.0;
/// Buckets of the histogram, about.
const BUCKETS: f64 = 12.0;

/// Answers a second, stacked by seat, with failures on top.
pub(super) fn timeline(campaign: &Campaign) -> Chart {
    let Campaign { kills, log, seat_of, .. } = campaign;
    let shown = &kills[..kills.len().min(KILLS_SHOWN)];
    let first_ms = shown.first().map_or(0.0, |kill| kill.at_ms);
    let from_ms = bucket_start_ms(first_ms - MARGIN_MS);
    let to_ms = shown.last().map_or(0.0, |kill| kill.at_ms + kill.ready_ms.max(kill.answered_ms)) + MARGIN_MS;
    let rates = log.timeline.rates(from_ms, to_ms, |replica| seat_of.get(log.name(replica)?).copied());
    let mut series: Vec<Series> = rates
        .answered
        .into_iter()
        .map(|(seat, values)| Series { name: format!("answered by the replica in seat {seat}"), values })
        .collect();
    series.push(Series { name: "failed".to_owned(), values: rates.failed });
    let what = campaign.blow.in_words();
    let marks = shown.iter().flat_map(|kill| {
        let mark = |after_ms: f64, label| Mark { x: (kill.at_ms + after_ms - from_ms) / 1000.0, label };
        [mark(0.0, what), mark(kill.ejected_ms, "ejected"), mark(kill.ready_ms, "its seat is ready")]
    });
    let failed = log.tally.failed();
    Chart {
        stem: campaign.blow.stems()[0],
        title: format!(
            "A-3: {} {}s under load cost {} of {} requests; the first {} over time",
            kills.len(),
            campaign.blow.in_words(),
            thousands(failed),
            thousands(failed + log.tally.answered),
            shown.len()
        ),
        x_label: "time (s)".to_owned(),
        y_label: "requests/s".to_owned(),
        kind: Kind::Stack { x: rates.x_s, series, marks: marks.collect() },
    }
}

/// From the kill to the replacement's first good check.
pub(super) fn recovery(blow: Blow, kills: &[Kill]) -> Chart {
    let summary = Summary::of(kills.iter().map(|kill| kill.ready_ms));
    let width = round_width(summary.worst / BUCKETS);
    let buckets = (summary.worst / width).floor() as usize + 1;
    let mut counts = vec![0; buckets];
    for kill in kills {
        counts[((kill.ready_ms.max(0.0) / width) as usize).min(buckets - 1)] += 1;
    }
    Chart {
        stem: blow.stems()[1],
        title: format!(
            "A-3: after a {} the replica is replaced within {:.0} ms (median of {}), {:.0} ms at the worst",
            blow.in_words(),
            summary.median,
            kills.len(),
            summary.worst
        ),
        x_label: "from the kill until the replacement is ready (ms)".to_owned(),
        y_label: "kills".to_owned(),
        kind: Kind::Histogram { bounds: (1..=buckets).map(|bound| bound as f64 * width).collect(), counts },
    }
}

/// The next of 1, 2, 5, 10, 20, …
fn round_width(width: f64) -> f64 {
    let mut decade = 1.0;
    loop {
        for step in [1.0, 2.0, 5.0] {
            if decade * step >= width {
                return decade * step;
            }
        }
        decade *= 10.0;
    }
}
