//! What a change must do, computed from the memberships before and after it by `lb_core::ring`.

use anyhow::Context;
use lb_core::backend::{Seat, Weight};
use lb_core::ring::{Diff, Member, Owners, Ring, RingConfig, Rule, diff};
use serde_json::{Value, json};

use super::number;

/// One entry of `members` in `/v1/epochs`.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    seat: u32,
}

/// One epoch, with its owners as they are computed here.
#[derive(Debug)]
pub(super) struct Mapping {
    pub(super) epoch: u64,
    pub(super) members: Vec<Listed>,
    owners: Owners,
}

impl Mapping {
    /// From its entry in `/v1/epochs`; everybody is a replica, so seats are numbered.
    pub(super) fn of(entry: &Value) -> anyhow::Result<Self> {
        let mut ring = Ring::new(RingConfig::new(Rule::Rendezvous, None, 0).context("the default ring")?);
        let (mut members, mut drained) = (Vec::new(), Vec::new());
        for listed in entry["members"].as_array().context("an epoch without members")? {
            let name = listed["name"].as_str().context("a member without a name")?.to_owned();
            let seat = u32::try_from(number(&listed["seat"])).context("a seat's number")?;
            let weight = listed["weight"].as_f64().context("a member without a weight")?;
            let parsed = Weight::from_thousandths((weight * 1000.0).round() as u32).context("a weight")?;
            ring.add(Member { seat: Seat::numbered(seat), weight: parsed }).context("a member")?;
            if listed["drained"] == true {
                drained.push(Seat::numbered(seat));
            }
            members.push(Listed { name, seat });
        }
        let owners = Owners::new(&ring.slot_map(), |member| !drained.contains(&member.seat));
        Ok(Self { epoch: number(&entry["epoch"]), members, owners })
    }

    /// Who owns a slot.
    pub(super) fn owner(&self, slot: u32) -> Option<&str> {
        let seat = self.owners.owner(slot)?;
        self.members.iter().find(|member| member.seat == seat.number()).map(|member| member.name.as_str())
    }

    pub(super) fn diff(&self, after: &Self) -> Diff {
        diff(&self.owners, &after.owners).expect("both are of one ring")
    }

    /// The effect of a change from this to `after`, by seats.
    pub(super) fn effect_on(&self, after: &Self) -> Value {
        let diff = self.diff(after);
        let seat = |seat: Option<Seat>| seat.map(|seat| seat.number());
        let mut moves: Vec<_> =
            diff.moves.iter().map(|step| (seat(step.from), seat(step.to), u64::from(step.slots))).collect();
        moves.sort_unstable();
        let share = |owners: &Owners, seat: u32| {
            let shares = owners.shares();
            shares.iter().find(|share| share.member.seat.number() == seat).map_or(0, |share| share.slots)
        };
        let everybody = self.members.iter().chain(&after.members).map(|member| member.seat);
        let mut seats: Vec<u32> = everybody.collect();
        seats.sort_unstable();
        seats.dedup();
        let shares = seats.iter().map(|&seat| (seat, share(&self.owners, seat), share(&after.owners, seat)));
        json!({
            "moved": diff.moved, "unnecessary": diff.unnecessary, "ideal": six(diff.ideal * 100.0 / f64::from(diff.slots)),
            "moves": moves, "shares": shares.collect::<Vec<_>>(),
        })
    }
}

/// An effect as it was answered, by seats: names are made up anew each time.
pub(super) fn by_seat(effect: &Value, before: &Mapping, after: &Mapping) -> Value {
    let shares = effect["shares"].as_array().cloned().unwrap_or_default();
    let named = |name: &Value| {
        let said = shares.iter().find(|share| share["name"] == *name).map(|share| number(&share["seat"]) as u32);
        let known = before.members.iter().chain(&after.members).find(|member| *name == member.name.as_str());
        said.or_else(|| known.map(|member| member.seat))
    };
    let moves = effect["moves"].as_array().cloned().unwrap_or_default();
    let mut moves: Vec<_> =
        moves.iter().map(|step| (named(&step["from"]), named(&step["to"]), number(&step["slots"]))).collect();
    moves.sort_unstable();
    let slots = number(&effect["slots"]) as f64;
    let owned = |share: &Value| (share.as_f64().unwrap_or_default() * slots).round() as u32;
    let mut shares: Vec<_> = shares
        .iter()
        .map(|share| (number(&share["seat"]) as u32, owned(&share["before"]), owned(&share["after"])))
        .collect();
    shares.sort_unstable();
    json!({
        "moved": effect["moved"], "unnecessary": effect["unnecessary"],
        "ideal": six(effect["ideal_percent"].as_f64().unwrap_or(-1.0)), "moves": moves, "shares": shares,
    })
}

/// As many digits as are answered.
fn six(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
