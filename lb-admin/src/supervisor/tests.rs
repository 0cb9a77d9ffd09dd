//! Tests of the supervisor on a scripted replica and paused time, and of its small parts.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Mutex;

use tokio::sync::Notify;

use super::logs::{Logs, last_line, remove};
use super::output::OutputError;
use super::plan::Recipe;
use super::ports::Ports;
use super::*;

fn order(id: u64) -> Order {
    Order { id: BackendId(id), name: "S1".into(), seat: 7 }
}

/// A replica that ends when it is told to in the way that the script says.
#[derive(Clone, Default)]
struct Script {
    heeds_terminate: bool,
    told: Arc<Mutex<Vec<&'static str>>>,
    end: Arc<Notify>,
}

impl Launcher for Script {
    type Replica = Self;

    async fn launch(&self, _order: &Order) -> Result<Self, Exit> {
        Ok(self.clone())
    }

    async fn adopt(&self, _order: &Order, _trace: Option<&Trace>) -> Result<Self, Exit> {
        Ok(self.clone())
    }

    async fn sweep(&self, _known: &[BackendId]) {}

    async fn cpu_times(&self, of: &[(BackendId, Trace)]) -> Vec<(BackendId, Duration)> {
        of.iter().map(|(id, _)| (*id, Duration::from_secs(id.0))).collect()
    }

    async fn output(&self, order: &Order, _trace: &Trace, lines: usize) -> Result<Vec<u8>, String> {
        Ok(format!("{} {lines}", order.name).into())
    }

    async fn settle(&self) {}
}

impl Script {
    fn note(&self, what: &'static str) {
        self.told.lock().expect("no test panics with it").push(what);
    }

    fn told(&self) -> Vec<&'static str> {
        self.told.lock().expect("no test panics with it").clone()
    }
}

impl Replica for Script {
    const KILL_GRACE: Duration = Duration::from_secs(2);

    fn pid(&self) -> Option<u32> {
        None
    }

    fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, 20_000).into()
    }

    fn trace(&self) -> Trace {
        Trace::Process { pid: 1, start_ticks: 1, port: 20_000 }
    }

    async fn news(&mut self) -> News {
        self.end.notified().await;
        News::Ended(Exit::because("ended"))
    }

    fn terminate(&self) {
        self.note("terminate");
        if self.heeds_terminate {
            self.end.notify_one();
        }
    }

    fn kill(&self) {
        self.note("kill");
        self.end.notify_one();
    }

    fn retire(&self) {
        self.note("retire");
    }

    fn forget(self) {
        self.note("forget");
    }

    fn release(self) {
        self.note("release");
    }
}

/// Launches a scripted replica and stops it; what it was told, and how long that took.
async fn launch_and_stop(script: Script) -> (Vec<&'static str>, Duration) {
    let (results, mut inputs) = mpsc::unbounded_channel();
    let mut supervisor = Supervisor::new(Arc::new(script.clone()), results);
    supervisor.launch(order(1));
    assert!(matches!(inputs.recv().await, Some(Input::Launched { id: BackendId(1), .. })));
    let start = tokio::time::Instant::now();
    supervisor.stop(BackendId(1));
    assert!(matches!(inputs.recv().await, Some(Input::Exited { id: BackendId(1), .. })));
    (script.told(), start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn only_replicas_that_run_are_asked_for_their_cpu_time() {
    let (results, mut inputs) = mpsc::unbounded_channel();
    let script = Script::default();
    let mut supervisor = Supervisor::new(Arc::new(script.clone()), results);
    let usage = supervisor.usage();
    assert!(usage.cpu_times().await.is_empty());
    supervisor.launch(order(3));
    assert!(matches!(inputs.recv().await, Some(Input::Launched { .. })));
    assert_eq!(usage.cpu_times().await, HashMap::from([(BackendId(3), Duration::from_secs(3))]));
    script.end.notify_one();
    assert!(matches!(inputs.recv().await, Some(Input::Exited { .. })));
    assert!(usage.cpu_times().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_heeds_sigterm_is_not_killed() {
    let script = Script { heeds_terminate: true, ..Script::default() };
    assert_eq!(launch_and_stop(script).await.0, ["terminate", "forget"]);
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_ignores_sigterm_is_killed_after_the_grace() {
    let (told, took) = launch_and_stop(Script::default()).await;
    assert_eq!(told, ["terminate", "kill", "forget"]);
    assert!(took >= STOP_GRACE, "{took:?} of paused time");
}

#[tokio::test]
async fn an_end_that_nobody_asked_for_is_reported_and_its_output_kept() {
    let (results, mut inputs) = mpsc::unbounded_channel();
    let script = Script::default();
    let mut supervisor = Supervisor::new(Arc::new(script.clone()), results);
    supervisor.launch(order(1));
    assert!(matches!(inputs.recv().await, Some(Input::Launched { .. })));
    script.end.notify_one();
    assert!(matches!(inputs.recv().await, Some(Input::Exited { .. })));
    assert_eq!(script.told(), [""; 0]);
}

#[test]
fn a_plan_fills_port_and_name_into_each_argument_by_itself() {
    let mark = process::mark::Mark::new("abc".into());
    let argv = ["serve", "--port={port}", "{name}:{port}", "a b; {n}"].map(String::from).to_vec();
    let recipe = Recipe {
        launcher: vec!["lb".into(), "{port}".into()],
        argv,
        server_id: "[{name}] {n}".into(),
        mark: mark.clone(),
    };
    let plan = recipe.plan(&order(1), 20_001);
    assert_eq!(plan.argv, ["lb", "{port}", "serve", "--port=20001", "S1:20001", "a b; {n}"]);
    assert_eq!(plan.env[..2], [("PORT", "20001".to_owned()), ("SERVER_ID", "[S1] 7".to_owned())]);
    assert_eq!(plan.env[2..], mark.variables(BackendId(1)));
    assert!(
        plan.env.contains(&("LB_INSTANCE", "abc".to_owned())) && plan.env.contains(&("LB_REPLICA", "1".to_owned()))
    );
}

#[test]
fn leased_ports_are_distinct_free_and_below_the_ephemeral_range() {
    let ports = Ports::default();
    let leases: Vec<_> = (0..50).map(|_| ports.lease().expect("plenty are free")).collect();
    let mut numbers: Vec<_> = leases.iter().map(|lease| lease.port()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 50);
    assert!(numbers.iter().all(|port| (20_000..32_768).contains(port)));
}

#[test]
fn a_port_that_somebody_listens_on_is_not_free() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("port 0");
    let port = listener.local_addr().expect("bound").port();
    assert!(!ports::is_free(port));
}

#[test]
fn the_last_line_is_printable_short_and_not_blank() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log");
    for (text, expected) in [
        (String::new(), String::new()),
        ("one\ntwo\n\n  \n".to_owned(), "two".to_owned()),
        ("no end".to_owned(), "no end".to_owned()),
        ("\u{1b}[31mred\0".to_owned(), "\\u{1b}[31mred\\u{0}".to_owned()),
        ("x".repeat(100_000), "x".repeat(300)),
    ] {
        fs::write(&path, text).expect("written");
        assert_eq!(last_line(&path), expected);
    }
    assert_eq!(last_line(&folder.path().join("missing")), "");
}

#[test]
fn sixteen_files_of_dead_replicas_are_kept_and_none_is_left_in_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let state_dir = folder.path().join("a/b");
    let logs = Logs::new(state_dir.clone()).expect("made");
    for id in 0..20 {
        let (mut file, path) = logs.create(&order(id)).expect("made");
        let path = path.expect("in the folder");
        file.write_all(b"x").expect("written");
        if id == 19 { remove(&path) } else { logs.keep(path) }
    }
    let files = fs::read_dir(state_dir.join("replicas")).expect("it is there").count();
    assert_eq!(files, 16);
    drop(logs);
    assert!(!state_dir.exists() && folder.path().join("a").exists());
}

#[test]
fn a_replica_is_started_whatever_has_become_of_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let state_dir = folder.path().join("a");
    let logs = Logs::new(state_dir.clone()).expect("made");
    fs::remove_dir_all(&state_dir).expect("removed");
    let (_file, path) = logs.create(&order(1)).expect("made again");
    assert!(path.is_some_and(|path| path.exists()));

    fs::remove_dir_all(&state_dir).expect("removed");
    fs::write(&state_dir, "in the way").expect("written");
    let (mut file, path) = logs.create(&order(2)).expect("its words go nowhere");
    assert_eq!(path, None);
    file.write_all(b"x").expect("written");
}

#[test]
fn the_last_lines_of_a_file_are_as_many_as_are_asked_for_and_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let logs = Logs::new(folder.path().join("a")).expect("made");
    let (mut file, _path) = logs.create(&order(1)).expect("made");
    let last = |lines| String::from_utf8(logs.last_lines(&order(1), lines).expect("readable")).expect("text");
    assert_eq!(last(5), "");
    file.write_all(b"one\n\ntwo\nthree\n").expect("written");
    assert_eq!([last(1), last(2), last(3)], ["three\n", "two\nthree\n", "\ntwo\nthree\n"]);
    assert_eq!([last(4), last(5)], ["one\n\ntwo\nthree\n"; 2]);
    file.write_all(b"begun").expect("written");
    assert_eq!([last(1), last(2)], ["begun", "three\nbegun"]);
    assert!(logs.last_lines(&order(2), 1).is_err(), "nobody of that number");
}

#[tokio::test]
async fn only_a_replica_that_runs_is_asked_for_its_words() {
    let (results, mut inputs) = mpsc::unbounded_channel();
    let script = Script::default();
    let mut supervisor = Supervisor::new(Arc::new(script.clone()), results);
    let outputs = supervisor.outputs();
    assert_eq!(outputs.read(order(1), 7).await, Err(OutputError::NotRunning));
    supervisor.launch(order(1));
    assert!(matches!(inputs.recv().await, Some(Input::Launched { .. })));
    tokio::task::yield_now().await;
    assert_eq!(outputs.read(order(1), 7).await, Ok(format!("{} 7", order(1).name).into()));
    script.end.notify_one();
    assert!(matches!(inputs.recv().await, Some(Input::Exited { .. })));
    assert_eq!(outputs.read(order(1), 7).await, Err(OutputError::NotRunning));
}
