//! What does lb do when there is more than it can hold? (a) 200 clients at once against an lb that may open 64 files; (b)
//! thousands of clients that drip a byte now and then and never finish their head, beside good ones.
//!
//! [`files`] is (a), [`loris`] the dripping clients, [`beside`] the good ones with and without them. Claimed: everybody in
//! (a) is answered or refused in time, and nobody hangs; in (b) good requests are answered, every loris is closed at its
//! head deadline, and lb keeps no memory of them. HAProxy's tcp mode reads no head, so against it only the figures mean
//! something.

use std::path::PathBuf;

use serde_json::json;

use super::front::Against;
use super::words::percent;
use crate::balancer::sibling_lb;
use crate::peer::isolation;
use crate::report::chart::{Kind, Series};
use crate::report::{Chart, Report};
use beside::Beside;
use files::Files;

pub(in crate::experiment) mod beside;
mod files;
pub(in crate::experiment) mod loris;

/// Of good requests beside the loris, that many percent must be answered.
const GOOD_PERCENT_MIN: f64 = 95.0;
/// Memory that may remain afterwards beside what was there before: pools that were filled, and the allocator's slack.
const MEMORY_KEPT_MAX: u64 = 16 << 20;

/// `lb-bench overload`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Our binary
    #[arg(long, value_name = "PATH", default_value_os_t = sibling_lb())]
    lb: PathBuf,
    /// Who is overloaded; the part with 64 files is for lb
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Against::Lb)]
    against: Against,
    /// Clients that come at once to an lb that may open 64 files; 0: none
    #[arg(long, value_name = "N", default_value_t = 200)]
    clients: u16,
    /// Clients that drip, fewer where the file limit is lower
    #[arg(long, value_name = "N", default_value_t = 9_000, value_parser = clap::value_parser!(u64).range(1..=9_000))]
    loris: u64,
    /// For how many seconds they do, and how long the good ones are measured without them
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(2..=600))]
    seconds: u64,
    /// Good requests a second
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// Stay in the network that is there, instead of a namespace of its own
    #[arg(long)]
    no_isolation: bool,
}

impl Options {
    /// Before anything is opened.
    pub(crate) fn enter_isolation(&self) {
        if !self.no_isolation {
            isolation::enter();
        }
    }
}

/// Both parts.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    crate::peer::files::raise_limit();
    let files = match (options.against, options.clients) {
        (Against::Haproxy, _) | (_, 0) => None,
        (Against::Lb, clients) => Some(files::measure(&options.lb, clients).await?),
    };
    let beside = beside::measure(options).await?;
    Ok(report(options, files.as_ref(), &beside))
}

fn report(options: &Options, files: Option<&Files>, beside: &Beside) -> Report {
    let mut lines = Vec::new();
    let mut violations = Vec::new();
    if let Some(files) = files {
        lines.extend(files.in_words());
        violations.extend(files.violations());
    }
    lines.extend(beside.in_words());
    violations.extend(beside_violations(beside, options.against));
    Report {
        title: format!(
            "overload of {}: {} clients against nofile {}, then {} slow-loris clients beside {} requests/s",
            options.against.name(),
            files.map_or(0, |files| files.clients),
            files::NOFILE,
            beside.loris.wanted,
            options.rate
        ),
        lines,
        data: json!({
            "against": options.against.name(), "files": files.map(Files::to_json), "beside": beside.to_json(),
        }),
        violations,
        charts: vec![chart(beside, options.against)],
    }
}

fn beside_violations(beside: &Beside, against: Against) -> Vec<String> {
    let mut violations = Vec::new();
    let with = &beside.with;
    let answered = percent(with.answered, with.answered + with.failed());
    if answered < GOOD_PERCENT_MIN {
        violations.push(format!("{answered:.2} % of the good requests were answered, {GOOD_PERCENT_MIN} % must be"));
    }
    // Nothing reads a head in tcp mode, so there is nothing to be late with.
    if against == Against::Lb {
        violations.extend(beside.loris.violations());
        let kept = beside.memory.after.saturating_sub(beside.memory.before);
        if kept > MEMORY_KEPT_MAX {
            violations.push(format!("{:.1} MiB were kept after the loris had gone", beside::mebibytes(kept)));
        }
    }
    violations
}

fn chart(beside: &Beside, against: Against) -> Chart {
    let percents = [50.0, 90.0, 99.0, 99.9];
    let of = |name: &str, tally: &crate::load::Tally| Series {
        name: name.to_owned(),
        values: percents.map(|percent| tally.latency_ms(percent)).to_vec(),
    };
    Chart {
        stem: "overload",
        title: format!(
            "{} slow-loris clients beside good ones through {}: median {:.2} ms instead of {:.2} ms",
            beside.loris.wanted,
            against.name(),
            beside.with.latency_ms(50.0),
            beside.without.latency_ms(50.0)
        ),
        x_label: "percentile of the good requests".to_owned(),
        y_label: "latency (ms)".to_owned(),
        kind: Kind::Bars {
            groups: percents.map(|percent| format!("p{percent}")).to_vec(),
            series: vec![of("without", &beside.without), of("with the loris", &beside.with)],
            ideal: None,
        },
    }
}
