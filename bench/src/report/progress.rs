//! Progress on stderr: a bar on a terminal, one plain line a step otherwise.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;

use crate::load::Gauge;

/// Between two looks at the gauge.
const REDRAW_EVERY: Duration = Duration::from_millis(100);

/// A bar that follows a [`Gauge`] until it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    redraw: Option<JoinHandle<()>>,
}

impl Progress {
    /// Announces `what` and follows `gauge` up to `total` requests. Must run inside a `LocalSet`.
    pub(crate) fn follow(what: &str, gauge: &Gauge, total: u64) -> Self {
        let (mut progress, gauge) = (Self::steps(what, total), gauge.clone());
        let bar = progress.bar.clone();
        progress.redraw = Some(tokio::task::spawn_local(async move {
            loop {
                bar.set_position(gauge.done());
                tokio::time::sleep(REDRAW_EVERY).await;
            }
        }));
        progress
    }

    /// Announces `what`, which has `total` steps; [`Progress::step`] is called after each.
    pub(crate) fn steps(what: &str, total: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            eprintln!("{what}");
        }
        // Hidden by itself where stderr is no terminal.
        let bar = ProgressBar::new(total).with_message(what.to_owned());
        bar.set_style(style());
        Self { bar, redraw: None }
    }

    /// One more step is done.
    pub(crate) fn step(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(redraw) = &self.redraw {
            redraw.abort();
        }
        self.bar.finish_and_clear();
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}").expect("a constant template is valid")
}
