//! More clients at once than there are file descriptors: an lb with `nofile` 64, and 200 clients that each want one answer.
//!
//! All connect before any sends, so that they really are there at the same time. Whoever isn't accepted waits in the
//! kernel's queue; what must not happen is that somebody waits for ever.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::balancer::Turns;
use crate::experiment::front::Front;
use crate::load::tally::FailureKind;
use crate::peer::{BACKENDS, Servers};

/// Files that lb may open.
pub(super) const NOFILE: u32 = 64;
/// Everybody has an end by then.
const DONE_WITHIN: Duration = Duration::from_secs(2);
/// A client that waits longer hangs; it isn't waited for any more.
const HANGS_AFTER: Duration = Duration::from_secs(8);
const REQUEST: &[u8] = b"GET /request?request_id=1 HTTP/1.1\r\nHost: overload\r\nConnection: close\r\n\r\n";

/// How a client's wish ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// A whole 200.
    Served,
    /// An answer of the front, a reset, or a closed connection.
    Refused,
    /// None.
    Hung,
}

/// What came of (a).
#[derive(Debug)]
pub(super) struct Files {
    pub(super) clients: u16,
    endings: Vec<(Ending, Duration)>,
    turns: Turns,
    /// A client that came when all were gone was served.
    serves_again: bool,
}

/// Starts an lb with few files and lets them come.
pub(super) async fn measure(lb: &Path, clients: u16) -> anyhow::Result<Files> {
    let servers = Servers::start(&["B1", "B2", "B3"][..BACKENDS], 0)?;
    let mut limited = Command::new("sh");
    limited.args(["-c", &format!("ulimit -n {NOFILE} && exec \"$0\" \"$@\"")]).arg(lb);
    let front = Front::lb(limited, &servers.addrs, &["--workers", "1"]).await?;
    let mut all = JoinSet::new();
    let there = Rc::new(Barrier::new(clients.into()));
    for _ in 0..clients {
        let (addr, there) = (front.addr, Rc::clone(&there));
        all.spawn_local(async move {
            let stream = timeout(HANGS_AFTER, TcpStream::connect(addr)).await;
            there.wait().await;
            let asked = Instant::now();
            let ending = match stream {
                Ok(Ok(stream)) => timeout(HANGS_AFTER, ask(stream)).await.unwrap_or(Ending::Hung),
                Ok(Err(error)) if FailureKind::of_io(&error) == FailureKind::LocalResource => Ending::Hung,
                Ok(Err(_)) => Ending::Refused,
                Err(_) => Ending::Hung,
            };
            (ending, asked.elapsed())
        });
    }
    let endings = all.join_all().await;
    let again = TcpStream::connect(front.addr).await?;
    let serves_again = timeout(DONE_WITHIN, ask(again)).await.is_ok_and(|ending| ending == Ending::Served);
    Ok(Files { clients, endings, turns: front.turns().await?, serves_again })
}

async fn ask(mut stream: TcpStream) -> Ending {
    let mut answer = Vec::new();
    let exchanged = async {
        stream.write_all(REQUEST).await?;
        stream.read_to_end(&mut answer).await
    };
    let whole = exchanged.await.is_ok() && answer.ends_with(b"}\n");
    if whole && answer.starts_with(b"HTTP/1.1 200") { Ending::Served } else { Ending::Refused }
}

impl Files {
    fn count(&self, wanted: Ending) -> usize {
        self.endings.iter().filter(|(ending, _)| *ending == wanted).count()
    }

    fn late(&self) -> usize {
        self.endings.iter().filter(|(ending, took)| *ending != Ending::Hung && *took > DONE_WITHIN).count()
    }

    fn slowest_ms(&self) -> f64 {
        self.endings.iter().map(|(_, took)| took.as_secs_f64() * 1000.0).fold(0.0, f64::max)
    }

    pub(super) fn in_words(&self) -> Vec<String> {
        vec![
            format!(
                "{} clients against nofile {NOFILE}: {} served, {} refused, {} hung; the slowest took {:.0} ms",
                self.clients,
                self.count(Ending::Served),
                self.count(Ending::Refused),
                self.count(Ending::Hung),
                self.slowest_ms()
            ),
            format!("  a client that came afterwards was {}", if self.serves_again { "served" } else { "NOT served" }),
            format!("  {}", self.turns.in_words()),
        ]
    }

    pub(super) fn violations(&self) -> Vec<String> {
        let mut violations = Vec::new();
        let hung = self.count(Ending::Hung);
        if hung > 0 {
            violations.push(format!("{hung} of {} clients against nofile {NOFILE} hung", self.clients));
        }
        if self.late() > 0 {
            violations.push(format!("{} clients against nofile {NOFILE} waited over {DONE_WITHIN:?}", self.late()));
        }
        if !self.serves_again {
            violations.push("when all clients had gone, the next one was not served".to_owned());
        }
        violations
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "clients": self.clients, "nofile": NOFILE, "served": self.count(Ending::Served),
            "refused": self.count(Ending::Refused), "hung": self.count(Ending::Hung), "late": self.late(),
            "slowest_ms": self.slowest_ms(), "serves_again": self.serves_again, "turns": self.turns.to_json(),
        })
    }
}
