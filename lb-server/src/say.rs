//! Words for whoever reads stderr and stdout.
//!
//! `eprintln!` and `println!` panic where nobody reads any more (`lb 2>&1 | head`, a full disk behind `2>log`), and a
//! panic here would end a balancer that serves well and leave its replicas behind. These go on instead. Clippy refuses
//! the macros in this crate. Not here: what is said (each caller's business) and the log (`boot` sets it up).

use std::fmt::Display;
use std::io::{self, Write};

/// One line on stderr, in one write, so that it isn't torn by what others write there.
pub(crate) fn line(text: impl Display) {
    let _nobody_reads = io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// A text on stdout, as it is.
pub(crate) fn text(text: &str) {
    let mut stdout = io::stdout().lock();
    let _nobody_reads = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
