//! The control plane of `lb`: who is in the membership, whether it is healthy, and the admin API. One tokio thread.
//!
//! A command goes `http → membership/command → owner → state (pure) → publish → lb_core::control`, and the applied
//! version comes back to whoever asked. One owner task holds all state; everything else sends it commands and reads
//! snapshots. What it decides is carried out by `supervisor` (processes) and `health` (checks), whose results come back
//! as inputs. Deliberately absent: sockets of clients (lb-core) and what was typed on a command line (lb-server).

pub mod access_log;
pub mod autoscale;
pub mod config;
pub mod discovery;
pub mod events;
mod health;
pub mod http;
mod inbox;
pub mod membership;
pub mod reload;
pub mod request_log;
mod start;
mod supervisor;
pub mod token;

pub use membership::state::MemberRefused;
pub use membership::store::has_containers;
pub use start::{ControlPlane, Outside, StartError, start};
pub use supervisor::container::{DockerUnready, look as look_for_docker};
