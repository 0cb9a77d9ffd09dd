//! Whether somebody wants what a plan says: asked only where somebody can answer.

use std::io::{self, IsTerminal, Write};

/// What became of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Confirmed {
    Yes,
    No,
}

/// Whether there is somebody to ask.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Shows the plan on stderr and reads one line.
pub(super) fn confirm(plan: &str) -> Confirmed {
    let _nobody_reads = write!(io::stderr(), "{plan}\napply? [y/N] ");
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(_) => judged(&line),
        Err(_) => Confirmed::No,
    }
}

/// `y` or `yes` is a yes; anything else, an empty line and the end of the input too, is a no.
fn judged(line: &str) -> Confirmed {
    let word = line.trim().to_ascii_lowercase();
    if matches!(&*word, "y" | "yes") { Confirmed::Yes } else { Confirmed::No }
}

#[cfg(test)]
mod tests;
