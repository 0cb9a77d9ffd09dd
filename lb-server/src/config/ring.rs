//! The ring: `--hash`, `--slots`, `--vnodes`, `--probing`, `--ring-seed`, and that it holds as many as are asked for.

use lb_admin::config::{AutoscaleConfig, StaticBackend};
use lb_core::backend::{Seat, Weight};
use lb_core::ring::{Member, Probing, Ring, RingConfig, Rule, VNODES_DEFAULT};

use super::ConfigError;
use crate::cli::serve::ServeArgs;
use crate::cli::values;

/// The rule with its parameters, able to seat the replicas and backends of the start.
pub(super) fn resolve(
    args: &ServeArgs,
    replicas: u32,
    autoscale: Option<AutoscaleConfig>,
    backends: &[StaticBackend],
) -> Result<RingConfig, ConfigError> {
    let hash = args.hash.unwrap_or(values::Hash::Rendezvous);
    if args.vnodes.is_some() && hash != values::Hash::Ring {
        return Err(ConfigError::VnodesWithoutRing);
    }
    if args.probing.is_some() && hash != values::Hash::Assignment {
        return Err(ConfigError::ProbingWithoutAssignment);
    }
    let rule = match hash {
        values::Hash::Rendezvous => Rule::Rendezvous,
        values::Hash::Ring => Rule::Ring { vnodes: args.vnodes.unwrap_or(VNODES_DEFAULT) },
        values::Hash::Maglev => Rule::Maglev,
        values::Hash::Assignment => Rule::Assignment { probing: probing(args.probing) },
    };
    let config = RingConfig::new(rule, args.slots, args.ring_seed.unwrap_or(0))
        .map_err(|source| ConfigError::Ring { hash: rule.name(), source })?;
    if hash == values::Hash::Assignment
        && let Some(backend) = backends.iter().find(|backend| backend.weight != Weight::ONE)
    {
        return Err(ConfigError::WeightWithAssignment(backend.name.clone()));
    }
    let seats = |replicas: u32| replicas + backends.len() as u32;
    fits(config, seats(replicas)).map_err(|(asked, fit)| ConfigError::RingFull { asked, fit })?;
    if let Some(AutoscaleConfig { max, .. }) = autoscale {
        fits(config, seats(max)).map_err(|(asked, fit)| ConfigError::AutoscaleRing { asked, fit })?;
    }
    Ok(config)
}

fn probing(asked: Option<values::Probing>) -> Probing {
    match asked {
        Some(values::Probing::Quadratic) => Probing::Quadratic,
        Some(values::Probing::Linear) | None => Probing::Linear,
    }
}

/// `assignment` runs out of slots; which seat is the first that finds none depends on the numbers, so it is tried.
/// Otherwise: as many as were asked for, and how many fit.
fn fits(config: RingConfig, asked: u32) -> Result<(), (u32, u32)> {
    let mut ring = Ring::new(config);
    for number in 1..=asked {
        let member = Member { seat: Seat::numbered(number), weight: Weight::ONE };
        if ring.add(member).is_err() {
            return Err((asked, number - 1));
        }
    }
    Ok(())
}
