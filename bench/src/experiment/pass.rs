//! A pass: each of the ids 1 to N asked for once, with progress on stderr. What are made of.

use crate::load::{Gauge, Plan, Tally, run as run_load};
use crate::report::progress::Progress;

/// How a pass is run; the options that these experiments share.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct PassOptions {
    /// Requests a pass; their ids are 1 to N
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) requests: u64,
    /// Requests in flight at the same time
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) concurrency: u16,
}

/// Runs `plan`, announced as `what`.
pub(crate) async fn run(what: &str, plan: &Plan) -> Tally {
    let gauge = Gauge::default();
    let _progress = Progress::follow(what, &gauge, plan.requests_max);
    run_load(plan, &gauge).await
}
