//! What every test stands on: the balancer as a child ([`Lb`]), scripted backends ([`Peer`]), a plain HTTP client
//! ([`http`]), many clients at once ([`Load`]) and the one place that waits ([`eventually`]).

pub(crate) mod http;
pub(crate) mod lb;
pub(crate) mod load;
mod outsider;
mod peer;
pub(crate) mod process;
mod screen;
pub(crate) mod terminal;
pub(crate) mod verb;
mod wait;

pub(crate) use http::Response;
pub(crate) use lb::Lb;
pub(crate) use load::Load;
pub(crate) use outsider::Outsider;
pub(crate) use peer::{Peer, expect_reset, reset};
pub(crate) use wait::{WITHIN, eventually};
