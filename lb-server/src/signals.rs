//! The signals that end a process: SIGTERM and SIGINT.
//!
//! Asked for explicitly, because for PID 1 of a container the kernel ignores a signal that nothing waits for. SIGPIPE is
//! ignored already, by the runtime of the language, in every Rust program.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Both signals, from now on.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals over from the kernel's default; needs a tokio runtime.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The next of either. Cancel-safe.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
