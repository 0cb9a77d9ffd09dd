//! Who is in the membership: one owner task, commands in, snapshots out.

pub mod command;
pub mod names;
pub(crate) mod owner;
pub(crate) mod publish;
pub mod snapshot;
pub(crate) mod state;
