//! The health checks: `--check` and what goes with it, `--max-ejected`.

use std::time::Duration;

use lb_admin::config::{Check, CheckKind, StaticBackend, StatusSet};

use super::{ConfigError, within};
use crate::cli::period::Period;
use crate::cli::serve::ServeArgs;

/// What replicas answer when they are well.
const REPLICA_CHECK_PATH: &str = "/heartbeat";
/// Quicker than this a check is a load of its own.
const CHECK_TIME_MIN: Duration = Duration::from_millis(10);
/// Slower than this it isn't one any more.
const CHECK_TIME_MAX: Duration = Duration::from_secs(3600);
/// Most good or bad checks in a row that may be asked for.
const IN_A_ROW_MAX: u32 = 100;
/// The share of members beyond which the checks are suspected.
pub(super) const MAX_EJECTED_PERCENT: u32 = 50;

/// What the control plane checks by.
#[derive(Clone, Debug)]
pub(super) struct Checks {
    pub(super) replica: Check,
    pub(super) backend: Check,
    pub(super) max_ejected_percent: u32,
}

/// The check of replicas, that of backends, and when they are suspected. `backends`: those known at the start.
pub(super) fn resolve(args: &ServeArgs, backends: &[StaticBackend]) -> Result<Checks, ConfigError> {
    let asked = args.check.as_deref().map(str::parse::<CheckKind>).transpose().map_err(ConfigError::Check)?;
    let max_ejected_percent = args.max_ejected.unwrap_or(MAX_EJECTED_PERCENT);
    within("--max-ejected", u64::from(max_ejected_percent), 0, 100)?;
    // Labels of containers may ask for paths too.
    let asks_nothing = |backend: &StaticBackend| !matches!(backend.check.asks, Some(CheckKind::Http(_)));
    if asked == Some(CheckKind::Tcp)
        && args.check_status.is_some()
        && args.discover.is_none()
        && backends.iter().all(asks_nothing)
    {
        return Err(ConfigError::StatusOfTcp);
    }
    let replica = checked(args, asked.clone().unwrap_or_else(|| CheckKind::Http(REPLICA_CHECK_PATH.to_owned())))?;
    let backend = Check { asks: asked.unwrap_or(CheckKind::Tcp), ..replica.clone() };
    Ok(Checks { replica, backend, max_ejected_percent })
}

fn checked(args: &ServeArgs, asks: CheckKind) -> Result<Check, ConfigError> {
    let default = Check::new(asks);
    let check = Check {
        status: args.check_status.as_deref().map_or(Ok(StatusSet::default()), str::parse)?,
        port: args.check_port,
        interval: time("--check-interval", args.check_interval, default.interval)?,
        timeout: time("--check-timeout", args.check_timeout, default.timeout)?,
        rise: args.check_rise.unwrap_or(default.rise),
        fall: args.check_fall.unwrap_or(default.fall),
        ..default
    };
    within("--check-port", u64::from(check.port.unwrap_or(1)), 1, 65_535)?;
    within("--check-rise", u64::from(check.rise), 1, u64::from(IN_A_ROW_MAX))?;
    within("--check-fall", u64::from(check.fall), 1, u64::from(IN_A_ROW_MAX))?;
    Ok(check)
}

/// Zero isn't "none" here: a backend that nobody checks would never get a session.
fn time(flag: &'static str, asked: Option<Period>, default: Duration) -> Result<Duration, ConfigError> {
    let time = asked.map_or(default, |period| period.0);
    if (CHECK_TIME_MIN..=CHECK_TIME_MAX).contains(&time) {
        Ok(time)
    } else {
        Err(ConfigError::CheckTime { flag, time })
    }
}
