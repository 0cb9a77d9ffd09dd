//! Who is in the membership: one owner task, commands in, snapshots out.

pub mod change;
pub mod command;
pub mod healing;
pub mod mapping;
pub mod names;
pub(crate) mod owner;
pub(crate) mod publish;
pub(crate) mod saved;
pub mod snapshot;
pub(crate) mod state;
pub mod store;
