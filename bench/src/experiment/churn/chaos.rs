//! All calls at once, the kills, the requests and the listening; nothing is judged here.
//!
//! lb serves 1,024 admin connections at a time and lets others wait to be accepted. So that those that listen and kill
//! needn't wait for a thousand calls, calls beyond [`AT_ONCE`] wait here instead. lb's limit of changes a second is off.
//! lb keeps its last 1,000 events, so they are fetched all the time. Its clock is set against ours at the beginning; what
//! that may be wrong by is taken off a question's time and added to an answer's.

use std::cell::{Cell, RefCell};
use std::fs;
use std::rc::Rc;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep};

use super::Options;
use super::oracle::Answer;
use super::plan::Call;
use crate::balancer::admin::Event;
use crate::balancer::{Admin, Backend, Balancer, http};
use crate::load::{Gauge, Plan, Tally, run as run_load};
use crate::report::progress::Progress;

/// A call may have to wait for others: only so many are served at a time, and an `/add` takes up to 8 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);
/// Calls that are under way at a time, a few fewer than lb serves.
const AT_ONCE: usize = 1_000;
/// Between two looks at the events: far fewer than 1,000 happen meanwhile.
const LISTEN_EVERY: Duration = Duration::from_millis(50);
/// The dead are replaced and the removed have drained by then.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// What came of it.
#[derive(Debug)]
pub(super) struct Chaos {
    /// `/rep` before and after.
    pub(super) first: Vec<String>,
    pub(super) last: Vec<String>,
    pub(super) answers: Vec<Answer>,
    /// From the first call on, without gaps unless lb has thrown some away.
    pub(super) events: Vec<Event>,
    pub(super) kills: usize,
    /// Most replicas that counted at a time.
    pub(super) most: usize,
    pub(super) load: Tally,
    pub(super) took: Duration,
}

/// lb's clock by ours.
#[derive(Clone, Copy, Debug)]
struct Clock {
    zero: Instant,
    now_ms: f64,
    error_ms: f64,
}

impl Clock {
    fn now_ms(self) -> f64 {
        self.now_ms + self.zero.elapsed().as_secs_f64() * 1000.0
    }
}

impl Chaos {
    /// Everything side by side, until the membership is at rest again.
    pub(super) async fn run(balancer: &Balancer, options: &Options, calls: Vec<Call>) -> anyhow::Result<Self> {
        let first = balancer.admin.replicas().await?;
        let zero = Instant::now();
        let listened = balancer.admin.events().await?.context("this lb has no /v1/events")?;
        let error_ms = zero.elapsed().as_secs_f64() * 1000.0;
        let clock = Clock { zero, now_ms: listened.now_ms, error_ms };
        let ears =
            Ears { last: Cell::new(listened.events.last().map_or(0, |event| event.id)), heard: RefCell::default() };
        let (gauge, over) = (Gauge::default(), Cell::new(false));
        let plan = Plan {
            requests_max: u64::MAX,
            concurrency: options.concurrency.into(),
            ..Plan::each_once(balancer.front, 100_000)
        };
        let steering = async {
            let steered = steer(balancer, options, calls, clock, &ears, &over).await;
            gauge.stop();
            steered
        };
        let (load, steered) = tokio::join!(run_load(&plan, &gauge), steering);
        let Steered { answers, kills, most, took, last } = steered?;
        Ok(Self { first, last, answers, events: ears.heard.take(), kills, most, load, took })
    }
}

struct Steered {
    answers: Vec<Answer>,
    kills: usize,
    most: usize,
    took: Duration,
    last: Vec<String>,
}

async fn steer(
    balancer: &Balancer,
    options: &Options,
    calls: Vec<Call>,
    clock: Clock,
    ears: &Ears,
    over: &Cell<bool>,
) -> anyhow::Result<Steered> {
    let asking = async {
        let answers = ask_all(balancer.admin, calls, clock).await;
        over.set(true);
        (answers, clock.zero.elapsed())
    };
    let listening = async {
        while !over.get() {
            ears.listen(balancer.admin).await?;
            sleep(LISTEN_EVERY).await;
        }
        anyhow::Ok(())
    };
    let ((answers, took), (kills, most), listened) =
        tokio::join!(asking, kill_until(balancer, Duration::from_millis(options.kill_every), over), listening);
    listened?;
    let last = loop {
        settle(balancer.admin, ears).await?;
        let heard = ears.last.get();
        let last = balancer.admin.replicas().await?;
        ears.listen(balancer.admin).await?;
        // A kill of the last moment may show only now.
        if ears.last.get() == heard {
            break last;
        }
    };
    Ok(Steered { answers, kills, most, took, last })
}

async fn ask_all(admin: Admin, calls: Vec<Call>, clock: Clock) -> Vec<Answer> {
    let progress = Progress::steps("churn: concurrent /add and /rm, and kills", calls.len() as u64);
    let (mut asked, places) = (JoinSet::new(), Rc::new(Semaphore::new(AT_ONCE)));
    for call in calls {
        let places = Rc::clone(&places);
        asked.spawn_local(async move {
            let _place = places.acquire().await.expect("the semaphore is never closed");
            let from_ms = clock.now_ms() - clock.error_ms;
            let method = if call.is_add { "POST" } else { "DELETE" };
            let got = http::ask_within(ANSWER_WITHIN, admin.addr(), method, call.path(), &call.body()).await;
            Answer {
                call,
                from_ms,
                to_ms: clock.now_ms() + clock.error_ms,
                got: got.map_err(|error| format!("{error:#}")),
            }
        });
    }
    let mut answers = Vec::new();
    while let Some(answer) = asked.join_next().await {
        answers.push(answer.expect("a call neither panics nor is cancelled"));
        progress.step();
    }
    answers
}

/// Kills one that is ready, again and again. How many, and how many there were at the most.
async fn kill_until(balancer: &Balancer, every: Duration, over: &Cell<bool>) -> (usize, usize) {
    let (mut kills, mut most) = (0, 0);
    while !over.get() {
        sleep(every).await;
        let Ok(Some(backends)) = balancer.admin.backends().await else { continue };
        most = most.max(backends.iter().filter(|backend| backend.is_member()).count());
        let victims: Vec<Pid> = backends
            .iter()
            .filter(|backend| backend.is_ready())
            .filter_map(|backend| child(balancer, backend))
            .collect();
        // One always stays: what nobody can answer says nothing.
        if victims.len() > 1
            && let Some(victim) = fastrand::choice(&victims)
        {
            kills += usize::from(kill_process(*victim, Signal::KILL).is_ok());
        }
    }
    (kills, most)
}

/// Its process, if that is a child of our lb now.
fn child(balancer: &Balancer, backend: &Backend) -> Option<Pid> {
    let pid = backend.pid?;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which is in brackets: state, parent. One that is dead already must not count as one that stays.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let lives = fields.next()? != "Z";
    let parent = fields.next()?.parse().ok().filter(|_| lives).and_then(Pid::from_raw);
    (parent.is_some() && parent == balancer.pid()).then(|| Pid::from_raw(pid))?
}

/// Collects events.
struct Ears {
    last: Cell<u64>,
    heard: RefCell<Vec<Event>>,
}

impl Ears {
    async fn listen(&self, admin: Admin) -> anyhow::Result<()> {
        let listened = admin.events().await?.context("this lb has no /v1/events")?;
        let last = self.last.get();
        let new = listened.events.into_iter().filter(|event| event.id > last);
        self.heard.borrow_mut().extend(new);
        self.last.set(self.heard.borrow().last().map_or(last, |event| event.id));
        Ok(())
    }
}

/// Until everybody who counts is ready and nobody drains.
async fn settle(admin: Admin, ears: &Ears) -> anyhow::Result<()> {
    let deadline = Instant::now() + SETTLED_WITHIN;
    loop {
        ears.listen(admin).await?;
        let backends = admin.backends().await?.context("this lb has no /v1/backends")?;
        if backends.iter().all(Backend::is_ready) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("not at rest after {SETTLED_WITHIN:?}: {backends:?}");
        }
        sleep(LISTEN_EVERY).await;
    }
}
