//! One question a file. Each sets its scene, measures, and returns a [`Report`] with a verdict and charts; [`ring`] needs
//! no sockets, it asks `lb_core::ring` directly. [`all`] runs those that belong into the results, one after the other.
//!
//! Not here: what is typed besides the experiment's own flags (`main`), and where results go ([`crate::report`]).

use clap::Subcommand;

use crate::report::Report;

pub(crate) mod all;
pub(crate) mod ceiling;
mod expected;
pub(crate) mod kill;
pub(crate) mod load;
pub(crate) mod peers;
pub(crate) mod ring;
pub(crate) mod scale;
pub(crate) mod spread;

/// What can be asked, with its settings.
#[derive(Debug, Subcommand)]
pub(crate) enum Experiment {
    /// How requests spread over the replicas, and whether the same id finds the same replica again
    Spread(spread::Options),
    /// Whether adding and removing replicas under load costs a request
    Scale(scale::Options),
    /// How long it takes until a killed replica is replaced
    Kill(kill::Options),
    /// Our balancer beside haproxy, nginx and no balancer at all
    Peers(peers::Options),
    /// One run of the load generator against any front
    Load(load::Options),
    /// How much the load generator can ask for, beside wrk
    Ceiling(ceiling::Options),
    /// How even the rules of the ring are, what a change moves, what a look-up and a build take
    Ring,
}

impl Experiment {
    /// What is typed to run it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Spread(_) => "spread",
            Self::Scale(_) => "scale",
            Self::Kill(_) => "kill",
            Self::Peers(_) => "peers",
            Self::Load(_) => "load",
            Self::Ceiling(_) => "ceiling",
            Self::Ring => "ring",
        }
    }

    /// Before anything is opened: the process may have to be started again in a network of its own. False: it is where
    /// it was.
    pub(crate) fn enter_isolation(&self) -> bool {
        match self {
            Self::Peers(options) => options.enter_isolation(),
            _ => false,
        }
    }

    /// Runs it; `isolated`: whether this process has a network of its own.
    pub(crate) async fn run(&self, isolated: bool) -> anyhow::Result<Report> {
        match self {
            Self::Spread(options) => spread::run(options).await,
            Self::Scale(options) => scale::run(options).await,
            Self::Kill(options) => kill::run(options).await,
            Self::Peers(options) => peers::run(options, isolated).await,
            Self::Load(options) => load::run(options).await,
            Self::Ceiling(options) => ceiling::run(options).await,
            Self::Ring => ring::run().await,
        }
    }
}
