//! One question a file. Each sets its scene, measures, and returns a [`Report`] with a verdict and charts; [`ring`] needs
//! no sockets, it asks `lb_core::ring` directly. [`all`] runs those that belong into the results, one after the other.
//!
//! Not here: what is typed besides the experiment's own flags (`main`), and where results go ([`crate::report`]).

use clap::Subcommand;

use crate::peer::isolation;
use crate::report::Report;

pub(crate) mod a1;
pub(crate) mod a2;
pub(crate) mod a3;
pub(crate) mod a4;
pub(crate) mod abuse;
pub(crate) mod all;
pub(crate) mod autoscale;
pub(crate) mod ceiling;
pub(crate) mod churn;
pub(crate) mod fairness;
mod front;
mod hash;
pub(crate) mod hold;
pub(crate) mod load;
pub(crate) mod outage;
pub(crate) mod overload;
mod pass;
pub(crate) mod peers;
pub(crate) mod plan;
pub(crate) mod restart;
pub(crate) mod ring;
pub(crate) mod scale;
mod shares;
mod slow;
mod statistics;
mod stream;
mod timeline;
pub(crate) mod traffic;
mod walk;
mod words;

/// What can be asked, with its settings.
#[derive(Debug, Subcommand)]
pub(crate) enum Experiment {
    /// Distribution: whether each replica gets what its slots promise, and the same id the same replica
    A1(a1::Options),
    /// Scaling: the load of each replica while N grows by /add, and which ids move
    A2(a2::Options),
    /// Failure: every endpoint, then replicas killed under load: what fails, and how long until they are replaced
    A3(a3::Options),
    /// Hash functions: with each of them, side by side, and why the assignment's are so uneven
    A4(a4::Options),
    /// Whether adding and removing replicas under load costs a request
    Scale(scale::Options),
    /// Whether replicas come with a rising load and go with a falling one
    Autoscale(autoscale::Options),
    /// A thousand concurrent /add and /rm of overlapping names while replicas are killed: is every answer true?
    Churn(churn::Options),
    /// SIGKILL of the balancer itself: whether its replicas are taken over, none lost, left over or doubled
    Restart(restart::Options),
    /// Our balancer beside haproxy, nginx and no balancer at all
    Peers(peers::Options),
    /// Random tagged traffic with resets and half-closes: does anybody see a byte that isn't his?
    Traffic(traffic::Options),
    /// More clients than files, and slow-loris clients beside good ones: who is served, and what is left of it
    Overload(overload::Options),
    /// Nonsense and slow-loris clients on the admin port: what /rep and the data path notice of it
    Abuse(abuse::Options),
    /// Small requests beside downloads at full speed through one worker
    Fairness(fairness::Options),
    /// Thousands of open connections through reloads and changes of every kind: does one of them notice?
    Hold(hold::Options),
    /// Random changes, each planned first: does it do what its plan said?
    Plan(plan::Options),
    /// One run of the load generator against any front
    Load(load::Options),
    /// How much the load generator can ask for, beside wrk
    Ceiling(ceiling::Options),
    /// The container engine stops for a while under load and starts again: what fails, and is everything whole then?
    Outage(outage::Options),
    /// How even the rules of the ring are, what a change moves, what a look-up and a build take
    Ring,
}

impl Experiment {
    /// What is typed to run it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::A1(_) => "a1",
            Self::A2(_) => "a2",
            Self::A3(_) => "a3",
            Self::A4(_) => "a4",
            Self::Scale(_) => "scale",
            Self::Autoscale(_) => "autoscale",
            Self::Churn(_) => "churn",
            Self::Restart(_) => "restart",
            Self::Peers(_) => "peers",
            Self::Traffic(_) => "traffic",
            Self::Overload(_) => "overload",
            Self::Abuse(_) => "abuse",
            Self::Fairness(_) => "fairness",
            Self::Hold(_) => "hold",
            Self::Plan(_) => "plan",
            Self::Load(_) => "load",
            Self::Ceiling(_) => "ceiling",
            Self::Outage(_) => "outage",
            Self::Ring => "ring",
        }
    }

    /// Before anything is opened: the process may have to be started again in a network of its own.
    pub(crate) fn enter_isolation(&self) {
        match self {
            Self::Peers(options) => options.enter_isolation(),
            Self::Overload(options) => options.enter_isolation(),
            Self::Abuse(options) => options.enter_isolation(),
            Self::Churn(options) => options.enter_isolation(),
            Self::Restart(options) => options.enter_isolation(),
            Self::Hold(options) => options.enter_isolation(),
            Self::Plan(options) => options.enter_isolation(),
            // Where that can't be had it says so.
            Self::Outage(_) => isolation::enter(),
            _ => {}
        }
    }

    /// Runs it.
    pub(crate) async fn run(&self) -> anyhow::Result<Report> {
        match self {
            Self::A1(options) => a1::run(options).await,
            Self::A2(options) => a2::run(options).await,
            Self::A3(options) => a3::run(options).await,
            Self::A4(options) => a4::run(options).await,
            Self::Scale(options) => scale::run(options).await,
            Self::Autoscale(options) => autoscale::run(options).await,
            Self::Churn(options) => churn::run(options).await,
            Self::Restart(options) => restart::run(options).await,
            Self::Peers(options) => peers::run(options).await,
            Self::Traffic(options) => traffic::run(options).await,
            Self::Overload(options) => overload::run(options).await,
            Self::Abuse(options) => abuse::run(options).await,
            Self::Fairness(options) => fairness::run(options).await,
            Self::Hold(options) => hold::run(options).await,
            Self::Plan(options) => plan::run(options).await,
            Self::Load(options) => load::run(options).await,
            Self::Ceiling(options) => ceiling::run(options).await,
            Self::Outage(options) => outage::run(options).await,
            Self::Ring => ring::run().await,
        }
    }
}
