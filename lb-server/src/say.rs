//! Words for whoever reads stderr and stdout.
//!
//! `eprintln!` and `println!` panic where nobody reads any more (`lb 2>&1 | head`, a full disk behind `2>log`), and a
//! panic here would end a balancer that serves well and leave its replicas behind. Words go on instead; data that was
//! asked for and can't be written is a failure, but for a reader who has had enough. Clippy refuses the macros in this crate. Not here: what is said (each caller's business) and the log (`boot` sets it up).

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use crate::exit::Exit;

/// Whether lines on stderr are objects (`--log json`): whoever reads them so wants no others in between.
static IN_JSON: AtomicBool = AtomicBool::new(false);

/// From now on lines are objects, as those of the log are.
pub(crate) fn in_json() {
    IN_JSON.store(true, Ordering::Relaxed);
}

/// One line on stderr, in one write, so that it isn't torn by what others write there.
pub(crate) fn line(text: impl Display) {
    let text = text.to_string();
    let line = if IN_JSON.load(Ordering::Relaxed) { object(&text).to_string() } else { text };
    let _nobody_reads = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// With the keys that the log's lines have.
fn object(text: &str) -> serde_json::Value {
    let level = match text.split_once(": ") {
        Some(("error", _)) => "ERROR",
        Some(("warning", _)) => "WARN",
        _ => "INFO",
    };
    let now = humantime::format_rfc3339_micros(SystemTime::now()).to_string();
    serde_json::json!({"timestamp": now, "level": level, "message": text})
}

/// A text on stdout, as it is.
///
/// # Errors
/// It could not be written: the disk is full, or nobody reads any more.
pub(crate) fn text(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
}

/// What a command has to show, on stdout, and how it ends.
pub(crate) fn data(data: &str) -> Exit {
    text(data).map_or_else(|error| unheard(&error), |()| Exit::Ok)
}

/// How a command ends whose stdout took no more.
pub(crate) fn unheard(error: &io::Error) -> Exit {
    // `| head`: whoever reads has what they wanted.
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::Ok;
    }
    line(format_args!("error: stdout: {error}"));
    Exit::Failed
}
