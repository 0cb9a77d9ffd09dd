//! Does a download at full speed make others wait? Small requests at a fixed rate on a thousand kept connections, first
//! alone and then beside a firehose through the same one worker.
//!
//! The firehose's readers have a thread of their own. Its bytes and the small answers come of different processes where
//! the balancer lets us choose, so that it is the balancer which is shared. Claimed: the small ones' p99 grows by no
//! more than a generous bound (on a machine where everything has a core it is a few milliseconds), and nothing fails.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use super::front::{Against, Front};
use crate::balancer::{Turns, sibling_lb};
use crate::load::{Arrivals, Connections, Gauge, IdOrder, Plan, Tally, run as run_load};
use crate::peer::{BACKENDS, Servers};
use crate::report::chart::{Ideal, Kind, Series};
use crate::report::progress::Progress;
use crate::report::{Chart, Report};

/// What the row asks for on a machine of its own.
const P99_AIM_MS: f64 = 5.0;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// What a reader of the firehose asks for, again and again.
const FIREHOSE: &[u8] = b"GET /bytes/1000000000?request_id=1 HTTP/1.1\r\nHost: fairness\r\nConnection: close\r\n\r\n";
const READ_BYTES: usize = 256 * 1024;

/// `lb-bench fairness`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Our binary
    #[arg(long, value_name = "PATH", default_value_os_t = sibling_lb())]
    lb: PathBuf,
    /// Who is in between
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Against::Lb)]
    against: Against,
    /// Small clients, each with a connection that it keeps
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=9_000))]
    clients: u16,
    /// Their requests a second, all together
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// For how many seconds, once without and once with the firehose
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Downloads at the same time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    firehoses: u16,
    /// The verdict fails where the firehose makes the small requests' p99 longer by more than this, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 50)]
    worst: u64,
}

/// Measures the small ones twice.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let start = |name: &&str| Servers::start(&[name], 0);
    let servers = ["B1", "B2", "B3"][..BACKENDS].iter().map(start).collect::<anyhow::Result<Vec<_>>>()?;
    let addrs: Vec<SocketAddr> = servers.iter().map(|server| server.addrs[0]).collect();
    let front = Front::of(options.against, &options.lb, &addrs, &["--workers", "1"]).await?;
    let progress = Progress::steps("fairness: small requests alone, then beside a firehose", 2);
    let without = small(options, &front).await;
    progress.step();
    let firehose = Firehose::open(front.addr, options.firehoses)?;
    let with = small(options, &front).await;
    let megabytes_per_s = firehose.close();
    progress.step();
    drop(progress);
    Ok(report(options, &without, &with, megabytes_per_s, front.turns().await?))
}

async fn small(options: &Options, front: &Front) -> Tally {
    let plan = Plan {
        order: IdOrder::SixDigits,
        arrivals: Arrivals::PerSecond(f64::from(options.rate)),
        concurrency: options.clients.into(),
        connections: Connections::KeepAlive,
        request_timeout: REQUEST_TIMEOUT,
        ..Plan::each_once(front.addr, u64::from(options.rate) * options.seconds)
    };
    run_load(&plan, &Gauge::default()).await
}

/// Readers that take what they can, on a thread of their own.
#[derive(Debug)]
struct Firehose {
    closed: Arc<AtomicBool>,
    bytes: Arc<AtomicU64>,
    opened: Instant,
    thread: Option<JoinHandle<()>>,
}

impl Firehose {
    fn open(front: SocketAddr, readers: u16) -> anyhow::Result<Self> {
        let (closed, bytes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (their_closed, their_bytes) = (Arc::clone(&closed), Arc::clone(&bytes));
        let thread = std::thread::spawn(move || {
            LocalSet::new().block_on(&runtime, async {
                let mut all = JoinSet::new();
                for _ in 0..readers {
                    all.spawn_local(read_on(front, Arc::clone(&their_closed), Arc::clone(&their_bytes)));
                }
                let _all = all.join_all().await;
            });
        });
        Ok(Self { closed, bytes, opened: Instant::now(), thread: Some(thread) })
    }

    /// MB/s until now.
    fn close(mut self) -> f64 {
        let rate = self.bytes.load(Ordering::Relaxed) as f64 / 1e6 / self.opened.elapsed().as_secs_f64();
        self.end();
        rate
    }

    fn end(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Its bytes are counted already.
            let _ended = thread.join();
        }
    }
}

impl Drop for Firehose {
    fn drop(&mut self) {
        self.end();
    }
}

async fn read_on(front: SocketAddr, closed: Arc<AtomicBool>, bytes: Arc<AtomicU64>) {
    let mut buffer = vec![0; READ_BYTES];
    while !closed.load(Ordering::Relaxed) {
        let Ok(mut stream) = TcpStream::connect(front).await else {
            tokio::task::yield_now().await;
            continue;
        };
        if stream.write_all(FIREHOSE).await.is_err() {
            continue;
        }
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            bytes.fetch_add(count as u64, Ordering::Relaxed);
            if closed.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}

fn report(options: &Options, without: &Tally, with: &Tally, megabytes_per_s: f64, turns: Turns) -> Report {
    let p99_ms = with.latency_ms(99.0);
    let met = if p99_ms < P99_AIM_MS { "met" } else { "missed" };
    let mut lines = vec![
        format!("small requests alone:         {without}"),
        format!("small requests with firehose: {with}"),
        format!("firehose: {megabytes_per_s:.0} MB/s in {} connections", options.firehoses),
        format!("p99 of the small ones beside it: {p99_ms:.2} ms (aim < {P99_AIM_MS} ms: {met})"),
    ];
    if options.against == Against::Lb {
        lines.push(turns.in_words());
    }
    let mut violations = Vec::new();
    // A busy machine delays them without a firehose too, and that is nobody's unfairness.
    let longer_ms = p99_ms - without.latency_ms(99.0);
    if longer_ms > options.worst as f64 {
        violations
            .push(format!("p99 of the small requests is {longer_ms:.2} ms longer, {} are allowed", options.worst));
    }
    let failed = without.failed() + with.failed();
    if failed > 0 {
        violations.push(format!("{failed} small requests failed"));
    }
    if megabytes_per_s <= 0.0 {
        violations.push("nothing came out of the firehose, so nothing was tested".to_owned());
    }
    Report {
        title: format!(
            "fairness of {}: {} small clients, {} requests/s, beside {} downloads at full speed; one worker",
            options.against.name(),
            options.clients,
            options.rate,
            options.firehoses
        ),
        lines,
        data: json!({
            "against": options.against.name(), "without": without.to_json(), "with": with.to_json(),
            "firehose_mb_per_s": megabytes_per_s, "p99_aim_ms": P99_AIM_MS, "turns": turns.to_json(),
        }),
        violations,
        charts: vec![chart(options.against, without, with, megabytes_per_s)],
    }
}

fn chart(against: Against, without: &Tally, with: &Tally, megabytes_per_s: f64) -> Chart {
    let percents = [50.0, 90.0, 99.0];
    let of = |name: &str, tally: &Tally| Series {
        name: name.to_owned(),
        values: percents.map(|percent| tally.latency_ms(percent)).to_vec(),
    };
    Chart {
        stem: "fairness",
        title: format!(
            "Beside {megabytes_per_s:.0} MB/s of downloads through {} the small requests' p99 is {:.2} ms",
            against.name(),
            with.latency_ms(99.0)
        ),
        x_label: "percentile of the small requests".to_owned(),
        y_label: "latency (ms)".to_owned(),
        kind: Kind::Bars {
            groups: percents.map(|percent| format!("p{percent}")).to_vec(),
            series: vec![of("alone", without), of("beside the firehose", with)],
            ideal: Some(Ideal { label: "aim".to_owned(), value: P99_AIM_MS, noise: 0.0 }),
        },
    }
}
