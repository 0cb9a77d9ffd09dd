//! How many sessions a backend may have, how many may wait, and when the next gets them: `--max-connections`, `--queue`,
//! `--queue-timeout`, `--balance-factor`.

use std::time::Duration;

use lb_core::backend::places::{PlaceLimits, WAITING_DEFAULT};
use lb_core::session::balance::BalanceFactor;

use super::{ConfigError, or_secs, within};
use crate::cli::serve::ServeArgs;

/// Most places a backend may be given: no machine has ports for more connections to one address times a few addresses.
const CONNECTIONS_MAX: u32 = 1_000_000;
/// Most sessions that may wait for one backend: each holds a descriptor and will have waited in vain for its time.
const QUEUE_MAX: u32 = 1_000_000;
/// Sessions that may wait where `--queue` isn't given.
pub(super) const QUEUE: u32 = WAITING_DEFAULT;

/// What was asked for, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// `None`: nothing needs counting.
    pub(super) limits: Option<PlaceLimits>,
    pub(super) queue_timeout: Duration,
    pub(super) balance_factor: Option<BalanceFactor>,
}

pub(super) fn resolve(args: &ServeArgs) -> Result<Places, ConfigError> {
    let places = args.max_connections.unwrap_or(0);
    within("--max-connections", u64::from(places), 0, u64::from(CONNECTIONS_MAX))?;
    let waiting = args.queue.unwrap_or(QUEUE);
    within("--queue", u64::from(waiting), 0, u64::from(QUEUE_MAX))?;
    for (flag, is_given) in [("--queue", args.queue.is_some()), ("--queue-timeout", args.queue_timeout.is_some())] {
        if is_given && places == 0 {
            return Err(ConfigError::QueueWithoutLimit { flag });
        }
    }
    let balance_factor = args.balance_factor.as_deref().map(BalanceFactor::parse).transpose()?;
    let is_counted = places > 0 || balance_factor.is_some();
    Ok(Places {
        limits: is_counted.then_some(PlaceLimits { places, waiting }),
        queue_timeout: or_secs(args.queue_timeout, 5),
        balance_factor,
    })
}
