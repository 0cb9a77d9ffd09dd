//! The signals that end a process in good order: SIGTERM, SIGINT, SIGQUIT and SIGHUP.
//!
//! Asked for explicitly, because for PID 1 of a container the kernel ignores a signal that nothing waits for, and because
//! the default of SIGHUP (the terminal was closed) and SIGQUIT (Ctrl-\) would leave our replicas behind. A SIGHUP that
//! was ignored when we came stays so: that is what nohup(1) asks for. Where there is a file to read again, SIGHUP asks for
//! that instead of the end. SIGPIPE is ignored already, by the runtime of the language, in every Rust program. SIGUSR1 ends
//! nothing: it asks for the access log to be opened anew.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// All of them, from now on.
#[derive(Debug)]
pub(crate) struct Signals(Vec<Signal>);

impl Signals {
    /// Takes the signals over from the kernel's default; needs a tokio runtime. `hangup_too`: SIGHUP is one of them.
    pub(crate) fn new(hangup_too: bool) -> io::Result<Self> {
        let mut kinds = vec![SignalKind::terminate(), SignalKind::interrupt(), SignalKind::quit()];
        if hangup_too && heeds_hangup() {
            kinds.push(SignalKind::hangup());
        }
        kinds.into_iter().map(signal).collect::<io::Result<_>>().map(Self)
    }

    /// The next of any. Cancel-safe.
    pub(crate) async fn next(&mut self) {
        poll_fn(|context| {
            let came = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if came { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// SIGUSR1, also where nothing is to be opened anew: its default would end the process.
pub(crate) fn reopen() -> io::Result<Signal> {
    signal(SignalKind::user_defined1())
}

/// SIGHUP as the wish for a reload; `None` where it is ignored.
pub(crate) fn hangups() -> io::Result<Option<Signal>> {
    heeds_hangup().then(|| signal(SignalKind::hangup())).transpose()
}

/// Without /proc nobody knows; then it is left as it is.
fn heeds_hangup() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| !ignores(&status, SignalKind::hangup()))
}

/// Whether a process with this /proc/PID/status ignores a signal: `SigIgn` has bit n − 1 for signal n, in hex.
fn ignores(status: &str, kind: SignalKind) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (kind.as_raw_value() - 1) & 1 == 1
}

#[cfg(test)]
mod tests;
