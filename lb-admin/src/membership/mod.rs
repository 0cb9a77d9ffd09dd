//! Who is in the membership: one owner task, commands in, snapshots out.

pub mod command;
pub mod snapshot;
