//! One session as one line of JSON. Its keys are a promise to whoever reads them: docs/logging.md says what each means.

use std::borrow::Cow;
use std::fmt::Display;
use std::net::SocketAddr;
use std::time::{Duration, UNIX_EPOCH};

use lb_core::access_log::{Record, Stage};
use serde::{Serialize, Serializer};

/// Of a key so many bytes are shown.
const KEY_BYTES_MAX: usize = 256;

/// In the order in which it is read: who, what for, whom, how long, how it ended.
#[derive(Serialize)]
struct Line<'a> {
    time: Shown<humantime::Rfc3339Timestamp>,
    id: Shown<Id>,
    client: SocketAddr,
    key_source: Option<&'static str>,
    key_hash: Option<Shown<Hex>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Cow<'a, str>>,
    slot: Option<u32>,
    epoch: u64,
    table_version: u64,
    backend: Option<&'a str>,
    backend_address: Option<SocketAddr>,
    attempts: u32,
    replays: u32,
    head_ms: f64,
    queue_ms: f64,
    connect_ms: f64,
    first_byte_ms: f64,
    data_ms: f64,
    total_ms: f64,
    bytes_to_backend: u64,
    bytes_to_client: u64,
    status: Option<u16>,
    end: Shown<Letters>,
    reason: &'static str,
}

/// Appends a line. `raw_keys`: with the key itself, where it has one.
pub(super) fn write(out: &mut Vec<u8>, record: &Record, raw_keys: bool) {
    let key = record.key.as_ref();
    let raw = key.and_then(|key| key.raw.as_deref()).filter(|_| raw_keys);
    let ms = |stage: Stage| milliseconds(record.spent_us[stage as usize]);
    // A clock that was never set must not end the thread.
    let accepted = record.closed.checked_sub(Duration::from_micros(record.total_us)).unwrap_or(UNIX_EPOCH);
    let line = Line {
        time: Shown(humantime::format_rfc3339_micros(accepted.max(UNIX_EPOCH))),
        id: Shown(Id(record.worker, record.number)),
        client: record.client,
        key_source: key.map(|key| key.by.word()),
        key_hash: key.map(|key| Shown(Hex(key.hash.0))),
        key: raw.map(|raw| String::from_utf8_lossy(&raw[..raw.len().min(KEY_BYTES_MAX)])),
        slot: key.and_then(|key| key.slot),
        epoch: record.epoch,
        table_version: record.table_version,
        backend: record.backend.as_ref().map(|backend| &*backend.name),
        backend_address: record.backend.as_ref().map(|backend| backend.addr),
        attempts: record.attempts,
        replays: record.replays,
        head_ms: ms(Stage::Announcement) + ms(Stage::Head),
        queue_ms: ms(Stage::Queue),
        connect_ms: ms(Stage::Connect),
        first_byte_ms: ms(Stage::Wait),
        data_ms: ms(Stage::Data),
        total_ms: milliseconds(record.total_us),
        bytes_to_backend: record.bytes_to_backend,
        bytes_to_client: record.bytes_to_client,
        status: record.end.status(),
        end: Shown(Letters(record.end.letters())),
        reason: record.end.reason(),
    };
    serde_json::to_writer(&mut *out, &line).expect("plain values into a Vec");
    out.push(b'\n');
}

fn milliseconds(us: u64) -> f64 {
    us as f64 / 1000.0
}

/// What is written as it is shown.
struct Shown<T>(T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A session's: its worker and its number there.
struct Id(usize, u64);

impl Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

struct Hex(u64);

impl Display for Hex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

struct Letters([char; 2]);

impl Display for Letters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [who, when] = self.0;
        write!(f, "{who}{when}")
    }
}

#[cfg(test)]
mod tests;
