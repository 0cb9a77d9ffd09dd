//! Numbers, spans of time and events for people, in as few characters as a table has. Pure.

use std::time::{Duration, SystemTime};

use super::super::events::Event;

const DAY: Duration = Duration::from_secs(86_400);
/// Where nothing is known.
pub(super) const NOTHING: &str = "-";

/// 65,536.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// At most five characters: 7, 1234, 12k, 3M.
pub(super) fn brief(n: u64) -> String {
    match n {
        0..10_000 => n.to_string(),
        10_000..10_000_000 => format!("{}k", n / 1000),
        _ => format!("{}M", n / 1_000_000),
    }
}

/// Something a second: 0, 4.2, 42, 12k.
pub(super) fn rate(rate: f64) -> String {
    if rate > 0.0 && rate < 9.95 { format!("{rate:.1}") } else { brief(rate.round() as u64) }
}

/// A share of one in percent, without the sign: 18.4, 100.
pub(super) fn percent(share: Option<f64>) -> String {
    match share {
        None => NOTHING.to_owned(),
        Some(share) if share >= 0.9995 => "100".to_owned(),
        Some(share) => format!("{:.1}", share * 100.0),
    }
}

/// A span of time in its largest unit: 4s, 3m, 2h, 6d.
pub(super) fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// The same in its largest two: 4s, 3m, 2h 5m, 6d 1h.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..3600 => age(span),
        3600..86_400 => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// Seconds as 0.4ms, 12ms, 1.5s.
fn short(seconds: f64) -> String {
    let ms = seconds * 1000.0;
    if ms < 9.95 {
        format!("{ms:.1}ms")
    } else if ms < 999.5 {
        format!("{ms:.0}ms")
    } else {
        format!("{seconds:.1}s")
    }
}

/// Two of them, in one unit where they may be: 0.4/2.1ms.
pub(super) fn shorts(one: Option<f64>, other: Option<f64>) -> String {
    let (Some(one), Some(other)) = (one.map(short), other.map(short)) else { return NOTHING.to_owned() };
    match (one.strip_suffix("ms"), other.ends_with("ms")) {
        (Some(bare), true) => format!("{bare}/{other}"),
        _ => format!("{one}/{other}"),
    }
}

/// The time of day in UTC, 15:01:30; from the day before on how long ago it was.
pub(super) fn clock(at: SystemTime, now: SystemTime) -> String {
    let ago = now.duration_since(at).unwrap_or_default();
    if ago >= DAY {
        return format!("{} ago", age(ago));
    }
    let text = humantime::format_rfc3339_seconds(at).to_string();
    text.split_once('T').map_or(NOTHING, |(_, time)| time.trim_end_matches('Z')).to_owned()
}

/// What an event is about, for the eye: a sign, and whether that is good or bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Bad,
    Good,
    Change,
}

impl Mark {
    pub(super) fn of(event: &Event) -> Option<Self> {
        match &*event.kind {
            "down" | "died" | "start_failed" | "fail_open" => Some(Self::Bad),
            "ready" | "fail_open_ended" => Some(Self::Good),
            // Whatever changes the mapping is told so, too: one mark is enough for it.
            "mapped" => Some(Self::Change),
            _ => None,
        }
    }

    pub(super) fn sign(self) -> char {
        match self {
            Self::Bad => '✕',
            Self::Good => '●',
            Self::Change => '◆',
        }
    }
}

/// An event in plain words, without its time.
pub(super) fn sentence(event: &Event) -> String {
    let words = match &*event.kind {
        "started" => "was started",
        "ready" => "takes requests",
        "down" => "is down",
        "ejected" => "is out of the ring",
        "added" => "was added",
        "removed" => "was removed",
        "stopped" => "has stopped",
        "replacing" => "gets a replacement in its seat",
        "start_failed" => "could not be started",
        "connect_refused" => "refused a connection",
        "scaled" | "mapped" => "",
        "fail_open" => "Checks are suspected, all are routed to",
        "fail_open_ended" => "Checks are believed again",
        kind => &kind.replace('_', " "),
    };
    // Some are nobody's in particular.
    let nobodys = event.kind == "mapped" || event.kind.starts_with("fail_open");
    let subject = if nobodys { "" } else { &event.name };
    let said = [subject, words].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    [&*said, &event.detail].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests;
