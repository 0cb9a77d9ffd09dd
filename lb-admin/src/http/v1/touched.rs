//! How many open sessions a change concerns, or would: counted by the workers, who alone know which session has which key.
//!
//! A plan asks of all sessions that are open. A change that has been made asks of those that were routed before it: most of
//! them are still where they were, unless `--on-move close` has been quicker than the question.

use std::sync::Arc;
use std::time::Duration;

use lb_core::control::{Control, MappingStep};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::membership::change::Changed;

/// A worker looks at 512 sessions a turn, some 50 µs; one that hasn't counted by then is stalled.
const COUNTED_WITHIN: Duration = Duration::from_millis(200);

/// The exact number, or `None` where it wasn't there in time.
pub(super) async fn count(control: &Control, changed: &Changed, is_plan: bool) -> Option<u64> {
    let until_version = if is_plan { u64::MAX } else { changed.snapshot.version.saturating_sub(1) };
    let [before, after] = [&changed.before, &changed.after].map(|mapping| Arc::clone(&mapping.owners));
    let (sender, counted) = oneshot::channel();
    let done = move |count| {
        // Whoever asked may have given up.
        let _hung_up = sender.send(count);
    };
    let _asked = control.count_moved(MappingStep { before, after, until_version }, done);
    timeout(COUNTED_WITHIN, counted).await.ok()?.ok()
}
