//! One question a file. Each prints its answer as plain text to stdout.

pub(crate) mod ring;
