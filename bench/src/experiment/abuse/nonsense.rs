//! Requests that nobody means: a seeded mix of malformed heads, bodies, paths, methods and hosts, sent at a fixed rate from a
//! thread of its own, and what the answer to each was.
//!
//! Each comes on a connection of its own and is finished by the client (FIN) once it is sent. None of them may be
//! served: the answer must be a typed 4xx, or the connection may just be closed.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Between two handfuls.
const TICK: Duration = Duration::from_millis(10);
const TICKS_PER_SECOND: u32 = 100;
/// Longer than lb's deadline for a head: who waits so long is forgotten.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    /// A 4xx with the JSON of an error.
    Typed,
    /// Closed or reset before an answer.
    Closed,
    /// The connect failed.
    Refused,
    /// Anything else with a status: a success, a 5xx, a 4xx without JSON.
    Wrong,
    /// Nothing in time.
    Hung,
}

impl Ending {
    fn name(self) -> &'static str {
        match self {
            Self::Typed => "typed 4xx",
            Self::Closed => "closed without an answer",
            Self::Refused => "not connected",
            Self::Wrong => "answered wrongly",
            Self::Hung => "never ended",
        }
    }
}

/// All endings, and one of the wrong answers.
#[derive(Debug, Default)]
pub(super) struct Judged {
    endings: BTreeMap<Ending, u64>,
    wrong: Option<String>,
}

/// Whoever sends it.
#[derive(Debug)]
pub(super) struct Crowd {
    called_back: Arc<AtomicBool>,
    thread: Option<JoinHandle<Judged>>,
}

impl Crowd {
    /// Lets them go; they send `per_second` requests a second until they are called back.
    pub(super) fn let_go(admin: SocketAddr, per_second: u32, seed: u64) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let called_back = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&called_back);
        let thread = std::thread::spawn(move || {
            LocalSet::new().block_on(&runtime, send_until(theirs, admin, per_second, Rng::with_seed(seed)))
        });
        Ok(Self { called_back, thread: Some(thread) })
    }

    /// Nothing more is sent; waits for what is on its way.
    pub(super) fn call_back(mut self) -> Judged {
        self.called_back.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("taken here alone, and on drop");
        thread.join().expect("it doesn't panic")
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.called_back.store(true, Ordering::Relaxed);
    }
}

async fn send_until(called_back: Arc<AtomicBool>, admin: SocketAddr, per_second: u32, mut random: Rng) -> Judged {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut sent, mut due) = (JoinSet::new(), 0);
    let mut judged = Judged::default();
    while !called_back.load(Ordering::Relaxed) {
        ticks.tick().await;
        due += per_second;
        while due >= TICKS_PER_SECOND {
            due -= TICKS_PER_SECOND;
            sent.spawn_local(send(admin, request(&mut random)));
        }
        while let Some(Ok(ended)) = sent.try_join_next() {
            judged.count(ended);
        }
    }
    sent.join_all().await.into_iter().for_each(|ended| judged.count(ended));
    judged
}

async fn send(admin: SocketAddr, request: Vec<u8>) -> (Ending, Vec<u8>) {
    let Ok(mut stream) = TcpStream::connect(admin).await else { return (Ending::Refused, Vec::new()) };
    let mut answer = Vec::new();
    let exchanged = async {
        // Whoever is refused early may be cut off while it still sends; what counts is what came back.
        let _sent = stream.write_all(&request).await;
        let _finished = stream.shutdown().await;
        let _ended = (&mut stream).take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await;
    };
    let ended = timeout(ANSWER_WITHIN, exchanged).await.is_ok();
    (if ended { judge(&answer) } else { Ending::Hung }, answer)
}

fn judge(answer: &[u8]) -> Ending {
    if answer.is_empty() {
        return Ending::Closed;
    }
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Ending::Wrong };
    let status = head.split(' ').nth(1).unwrap_or_default();
    // HEAD has no body; its head says what it would be.
    let is_json = head.to_ascii_lowercase().contains("json") && (body.is_empty() || is_error(body));
    if status.len() == 3 && status.starts_with('4') && is_json { Ending::Typed } else { Ending::Wrong }
}

fn is_error(body: &str) -> bool {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    body["status"] == "failure" || body["status"].is_u64()
}

/// Bodies that `/add` and `/rm` must refuse.
const BODIES: [&str; 12] = [
    "",
    "{",
    "[]",
    "null",
    r#"{"n":-1}"#,
    r#"{"n":0}"#,
    r#"{"n":1.5}"#,
    r#"{"n":1e400}"#,
    r#"{"n":"4"}"#,
    r#"{"n":1,"n":0}"#,
    r#"{"n":1,"hostnames":["a","b"]}"#,
    r#"{"n":1,"hostnames":["../../etc/passwd"]}"#,
];
/// Fields that a change must be refused for.
const FIELDS: [&str; 5] = [
    "Origin: http://evil.example",
    "Origin: null",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site",
    "Host: 127.0.0.1",
];
/// Hosts that aren't served.
const HOSTS: [&str; 5] = ["evil.example", "localhost.evil.example", "user@127.0.0.1", "127.0.0.1.nip.io:5001", "[::1"];

/// The next request.
fn request(random: &mut Rng) -> Vec<u8> {
    let (method, path) = random.choice([("POST", "/add"), ("DELETE", "/rm"), ("POST", "/rm")]).expect("there are some");
    let good = r#"{"n":1}"#;
    match random.u8(..10) {
        0 | 1 => with_body(method, path, "", random.choice(BODIES).expect("there are some")),
        2 => with_body(method, path, &format!("{}\r\n", random.choice(FIELDS).expect("there are some")), good),
        3 => {
            let host = random.choice(HOSTS).expect("there are some");
            format!("GET /rep HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").into_bytes()
        }
        4 => {
            let method = random.choice(["BREW", "TRACE", "OPTIONS", "PUT", "PATCH", "get"]).expect("there are some");
            with_body(method, "/rep", "", "")
        }
        5 => {
            let path: String = (0..random.usize(1..200)).map(|_| random.char('!'..='~')).collect();
            with_body("POST", &format!("/nothing/{}", path.replace(['#', '?'], "_")), "", good)
        }
        6 => {
            let deep = random.usize(200..20_000);
            with_body(method, path, "", &format!("{}{}", "[".repeat(deep), "]".repeat(deep)))
        }
        7 => with_body(method, path, "", &format!(r#"{{"n":1,"x":"{}"}}"#, "x".repeat(random.usize(66_000..100_000)))),
        8 => {
            let fields: String = (0..random.usize(110..400)).map(|n| format!("X{n}: {n}\r\n")).collect();
            with_body("GET", "/rep", &fields, "")
        }
        _ => (0..random.usize(1..600)).map(|_| random.u8(..)).collect(),
    }
}

fn with_body(method: &str, path: &str, fields: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let host = "Host: 127.0.0.1\r\nConnection: close\r\n";
    format!("{method} {path} HTTP/1.1\r\n{host}{fields}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

impl Judged {
    fn count(&mut self, (ending, answer): (Ending, Vec<u8>)) {
        *self.endings.entry(ending).or_default() += 1;
        if ending == Ending::Wrong && self.wrong.is_none() {
            self.wrong = Some(String::from_utf8_lossy(&answer).chars().take(200).collect());
        }
    }

    /// How many there were.
    pub(super) fn sent(&self) -> u64 {
        self.endings.values().sum()
    }

    pub(super) fn violations(&self) -> Vec<String> {
        let bad = [Ending::Wrong, Ending::Hung, Ending::Refused];
        let counted = bad.iter().filter_map(|ending| Some((ending, self.endings.get(ending)?)));
        let mut violations: Vec<String> =
            counted.map(|(ending, n)| format!("nonsense: {n} {}", ending.name())).collect();
        violations.extend(self.wrong.iter().map(|answer| format!("nonsense was answered {answer:?}")));
        if !self.endings.contains_key(&Ending::Typed) {
            violations.push("no nonsense was answered, so nothing was tested".to_owned());
        }
        violations
    }

    pub(super) fn to_json(&self) -> Value {
        let endings: BTreeMap<&str, u64> = self.endings.iter().map(|(ending, n)| (ending.name(), *n)).collect();
        json!(endings)
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sent", self.sent())?;
        self.endings.iter().try_for_each(|(ending, n)| write!(f, ", {n} {}", ending.name()))
    }
}

#[cfg(test)]
mod tests;
