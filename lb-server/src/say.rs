//! Words for whoever reads stderr and stdout.
//!
//! `eprintln!` and `println!` panic where nobody reads any more (`lb 2>&1 | head`, a full disk behind `2>log`), and a
//! panic here would end a balancer that serves well and leave its replicas behind. These go on instead. Clippy refuses
//! the macros in this crate. Not here: what is said (each caller's business) and the log (`boot` sets it up).

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

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
pub(crate) fn text(text: &str) {
    let mut stdout = io::stdout().lock();
    let _nobody_reads = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
