//! What exactly is started for an order: program, arguments, environment. Pure.
//!
//! `{port}` and `{name}` are filled into each argument by itself; no shell ever sees them.

use std::ffi::OsString;

use super::launcher::Order;
use super::process::mark::Mark;
use crate::config::ProcessConfig;
use crate::membership::names::fill;

/// A command line and what is added to the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The program first.
    pub(super) argv: Vec<OsString>,
    pub(super) env: Vec<(&'static str, String)>,
}

/// What a replica is: the same for all of them.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// Goes before `argv`, as it is: what makes a session of its own and becomes the program.
    pub(crate) launcher: Vec<OsString>,
    /// The program and its arguments, with `{port}` and `{name}`.
    pub(crate) argv: Vec<String>,
    /// The pattern of `--server-id`, with `{name}` and `{n}`, the seat's number.
    pub(crate) server_id: String,
    /// What it is known again by.
    pub(crate) mark: Mark,
}

impl Recipe {
    /// Through our own binary's hidden verb: `SELF launch -- ARGV…`.
    pub(crate) fn new(config: &ProcessConfig, server_id: String, instance: String) -> Self {
        let launcher = vec![config.launcher.clone().into(), "launch".into(), "--".into()];
        Self { launcher, argv: config.argv.clone(), server_id, mark: Mark::new(instance) }
    }

    /// The plan for one replica.
    pub(super) fn plan(&self, order: &Order, port: u16) -> Plan {
        let filled = |arg: &String| fill(&fill(arg, "port", &port.to_string()), "name", &order.name).into();
        let argv = self.launcher.iter().cloned().chain(self.argv.iter().map(filled)).collect();
        let server_id = fill(&fill(&self.server_id, "n", &order.seat.to_string()), "name", &order.name);
        let mut env = vec![("PORT", port.to_string()), ("SERVER_ID", server_id)];
        env.extend(self.mark.variables(order.id));
        Plan { argv, env }
    }
}
