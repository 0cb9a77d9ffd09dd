//! Between how many replicas the load decides: `--autoscale min=…,max=…,target-inflight=…[,cooldown=…][,target-cpu=…]`.
//!
//! Every key once, in any order; each value is checked by itself and `min` against `max` and `--replicas` against both.
//! That the ring can hold `max` is [`super::ring`]'s to say.

use std::time::Duration;

use lb_admin::config::AutoscaleConfig;

use super::{ConfigError, REPLICAS_MAX};
use crate::cli::period::Period;
use crate::cli::serve::ServeArgs;

/// Where no other is given: longer than a replica takes to start, and than most lulls.
const COOLDOWN: Duration = Duration::from_secs(30);
/// The shortest; looks are a second apart.
const COOLDOWN_MIN: Duration = Duration::from_secs(1);
/// The longest: whoever wants replicas for days adds them.
const COOLDOWN_MAX: Duration = Duration::from_secs(24 * 3600);
/// Most sessions that one replica may be meant to have.
const INFLIGHT_MAX: u32 = 1_000_000;
/// Most CPU that one replica may be meant to use, in percent of one: a hundred of them.
const CPU_PERCENT_MAX: u32 = 10_000;

/// What was asked for, checked; `None`: the number of replicas is the user's business.
pub(super) fn resolve(args: &ServeArgs) -> Result<Option<AutoscaleConfig>, ConfigError> {
    let Some(text) = args.autoscale.as_deref() else { return Ok(None) };
    let config = parse(text).map_err(|why| ConfigError::Autoscale { text: text.to_owned(), why })?;
    let AutoscaleConfig { min, max, .. } = config;
    if let Some(replicas) = args.replicas
        && !(min..=max).contains(&replicas)
    {
        return Err(ConfigError::ReplicasOutsideAutoscale { replicas, min, max });
    }
    Ok(Some(config))
}

/// The values as they come, each as last checked.
#[derive(Debug, Default)]
struct Typed {
    min: Option<u32>,
    max: Option<u32>,
    target_inflight: Option<u32>,
    target_cpu: Option<u32>,
    cooldown: Option<Duration>,
}

fn parse(text: &str) -> Result<AutoscaleConfig, String> {
    let mut typed = Typed::default();
    for pair in text.split(',') {
        let (key, value) = pair.split_once('=').ok_or_else(|| format!("'{pair}' is no KEY=VALUE"))?;
        let (key, value) = (key.trim(), value.trim());
        let is_new = match key {
            "min" => typed.min.replace(number(key, value, REPLICAS_MAX)?).is_none(),
            "max" => typed.max.replace(number(key, value, REPLICAS_MAX)?).is_none(),
            "target-inflight" => typed.target_inflight.replace(number(key, value, INFLIGHT_MAX)?).is_none(),
            "target-cpu" => typed.target_cpu.replace(number(key, value, CPU_PERCENT_MAX)?).is_none(),
            "cooldown" => typed.cooldown.replace(cooldown(value)?).is_none(),
            _ => return Err(format!("there is no key '{key}'")),
        };
        if !is_new {
            return Err(format!("{key} is given twice"));
        }
    }
    let missing = |key: &str| format!("{key} is missing");
    let (min, max) = (typed.min.ok_or_else(|| missing("min"))?, typed.max.ok_or_else(|| missing("max"))?);
    if min > max {
        return Err(format!("min={min} is more than max={max}"));
    }
    Ok(AutoscaleConfig {
        min,
        max,
        target_inflight: typed.target_inflight.ok_or_else(|| missing("target-inflight"))?,
        target_cpu: typed.target_cpu,
        cooldown: typed.cooldown.unwrap_or(COOLDOWN),
    })
}

fn number(key: &str, value: &str, most: u32) -> Result<u32, String> {
    let number = value.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("{key} must be 1 to {most}, not '{value}'"))
}

fn cooldown(value: &str) -> Result<Duration, String> {
    let Period(time) = value.parse().map_err(|error| format!("cooldown: {error}"))?;
    if (COOLDOWN_MIN..=COOLDOWN_MAX).contains(&time) { Ok(time) } else { Err("cooldown must be 1s to 24h".to_owned()) }
}
