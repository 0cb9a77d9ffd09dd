//! The control plane on real processes, without workers: a replica is a few lines of Python, and whoever publishes a
//! table has applied it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::path::Path;

use lb_core::backend::BackendState;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::*;
use crate::config::{Access, AdminAddr, sample};
use crate::events::EventKind;
use crate::membership::command::{Add, ChangeError, Remove};
use crate::membership::snapshot::{BackendView, Snapshot};
use crate::reload::fixed::Fixed;
use crate::supervisor::process::mark::Mark;

/// Says which descriptors beyond the third it has and answers every request with 200. Where it is given a second argument, it starts a child in a process group of its own
/// and writes that child's number there.
const REPLICA: &str = r#"
import os, socket, subprocess, sys
for fd in os.listdir("/proc/self/fd"):
    print(os.readlink("/proc/self/fd/" + fd) if int(fd) > 2 and os.path.exists("/proc/self/fd/" + fd) else "", flush=True)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if len(sys.argv) > 2:
    child = subprocess.Popen(["sleep", "1000"], process_group=0)
    open(sys.argv[2] + "/" + sys.argv[1], "w").write(str(child.pid))
while True:
    client, _ = listener.accept()
    client.recv(4096)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    client.close()
"#;

mod restart;

/// Longer than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

fn config(replicas: u32, state_dir: &Path) -> AdminConfig {
    // Each test marks its replicas in its own way: a start ends what carries its mark.
    let instance = state_dir.display().to_string();
    AdminConfig { state_dir: state_dir.join("state"), instance, ..sample::config(replicas) }
}

/// A running control plane and the folder that it works in.
struct Running {
    plane: ControlPlane,
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Running {
    fn start(replicas: u32, argv: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = config(replicas, folder.path());
        Self::start_in(folder, &config, argv)
    }

    fn start_in(folder: tempfile::TempDir, config: &AdminConfig, argv: &[&str]) -> Self {
        let argv = argv.iter().map(|arg| arg.replace("{folder}", &folder.path().display().to_string())).collect();
        // setsid(1) plays the part of our binary's `launch` verb, exit codes included.
        let recipe = Recipe {
            launcher: vec!["setsid".into()],
            argv,
            server_id: "id-{name}-{n}".into(),
            mark: Mark::new(config.instance.clone()),
        };
        let launcher = ProcessLauncher::new(recipe, config.state_dir.clone(), Started::default())
            .expect("a folder for the output");
        let (applied, applied_by_all) = watch::channel(0);
        let publisher = Publisher::to(move |table| {
            applied.send_replace(table.version());
        });
        let prepared = Prepared::new(config, 1, launcher, publisher, applied_by_all).expect("it fits");
        let plane = {
            let membership = prepared.membership.clone();
            let (reloads, ..) = Fixed::good(Access::default()).reloads(membership, ChangeRate::new(0));
            prepared.start(reloads, |_stop| async {})
        }
        .expect("a thread");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { plane, folder, runtime }
    }

    /// With `replicas` ready replicas.
    fn ready(replicas: u32) -> Self {
        let running = Self::start(replicas, &["python3", "-c", REPLICA, "{port}"]);
        let ready = running.plane.wait_ready(Instant::now() + DEADLINE);
        assert_eq!(ready, replicas as usize, "{:?}", running.plane.events().all());
        running
    }

    fn until(&self, what: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let mut snapshots = self.plane.membership().watch();
        let found = self.runtime.block_on(async {
            let found = timeout(DEADLINE, snapshots.wait_for(|snapshot| what(snapshot))).await;
            found.map(|snapshot| snapshot.map(|snapshot| Arc::clone(&snapshot)))
        });
        found.unwrap_or_else(|_| panic!("not in time: {:?}", self.plane.events().all())).expect("it runs")
    }

    fn add(&self, names: &[&str]) -> Result<Arc<Snapshot>, ChangeError> {
        let hostnames = names.iter().map(|name| (*name).to_owned()).collect();
        let request = Add { n: None, hostnames, wait: DEADLINE };
        self.runtime.block_on(self.plane.membership().add(request))
    }

    fn remove(&self, names: &[&str]) -> Result<Arc<Snapshot>, ChangeError> {
        let hostnames = names.iter().map(|name| (*name).to_owned()).collect();
        self.runtime.block_on(self.plane.membership().remove(Remove { n: None, hostnames }))
    }

    fn count(&self, kind: EventKind) -> usize {
        self.plane.events().all().iter().filter(|event| event.kind == kind).count()
    }

    /// Stops it and checks that nothing is left.
    fn stop(self) {
        let pids = pids(&self.plane.membership().snapshot());
        self.plane.stop();
        for pid in pids {
            assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{pid} is left, at least as a zombie");
        }
        assert!(!self.folder.path().join("state/replicas").exists(), "what the replicas wrote is gone");
    }
}

fn pids(snapshot: &Snapshot) -> Vec<u32> {
    snapshot.backends.iter().filter_map(|view| view.pid).collect()
}

fn view<'a>(snapshot: &'a Snapshot, name: &str) -> &'a BackendView {
    snapshot.backends.iter().find(|view| *view.name == *name).expect("it is there")
}

fn kill(pid: u32) {
    kill_process(pid_of(pid), Signal::KILL).expect("it is ours");
}

fn pid_of(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("not 0")
}

/// Waits until a process that isn't our child has ended, reaped or not.
fn wait_gone(pid: u32) {
    let Ok(pidfd) = pidfd_open(pid_of(pid), PidfdFlags::empty()) else { return };
    let deadline = Timespec { tv_sec: DEADLINE.as_secs() as i64, tv_nsec: 0 };
    let ended = poll(&mut [PollFd::from_borrowed_fd(pidfd.as_fd(), PollFlags::IN)], Some(&deadline));
    assert_eq!(ended, Ok(1), "process {pid} is left");
}

#[test]
fn a_killed_replica_is_replaced_in_its_seat_under_a_new_name() {
    let running = Running::ready(3);
    let before = running.plane.membership().snapshot();
    assert_eq!(before.listed().collect::<Vec<_>>(), ["S1", "S2", "S3"]);
    let dead = view(&before, "S2");
    kill(dead.pid.expect("a process"));
    let after = running.until(|now| now.listed().all(|name| name != "S2") && now.ready() == 3);
    let names: Vec<_> = after.listed().collect();
    assert_eq!(names[..2], ["S1", "S3"]);
    assert_eq!(view(&after, names[2]).seat, dead.seat);
    assert_eq!((after.target, after.replaced), (3, 1));
    running.stop();
}

#[test]
fn added_replicas_are_ready_with_the_answer_and_removed_ones_stop() {
    let running = Running::ready(1);
    let added = running.add(&["A", "B"]).expect("they start");
    assert_eq!(added.listed().collect::<Vec<_>>(), ["S1", "A", "B"]);
    assert_eq!(added.ready(), 3);
    let pid = view(&added, "A").pid.expect("a process");
    let removed = running.remove(&["A"]).expect("it is there");
    assert_eq!(removed.listed().collect::<Vec<_>>(), ["S1", "B"]);
    running.until(|now| now.backends.iter().all(|view| view.state != BackendState::Draining));
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "reaped");
    assert_eq!((running.count(EventKind::Stopped), running.count(EventKind::Died)), (1, 0));
    running.stop();
}

#[test]
fn a_replica_has_only_three_descriptors_its_own_session_and_its_environment() {
    let running = Running::ready(1);
    let snapshot = running.plane.membership().snapshot();
    let replica = view(&snapshot, "S1");
    let proc = format!("/proc/{}", replica.pid.expect("a process"));
    let link = |fd: &str| fs::read_link(format!("{proc}/fd/{fd}")).expect("it is open");
    assert_eq!(link("0"), Path::new("/dev/null"));
    assert!(link("1").ends_with("state/replicas/S1.1.log") && link("1") == link("2"), "{:?}", link("1"));
    // What was passed on to us by whoever runs the tests is not ours to close here; `launch` does that.
    let parents = fs::read_dir(format!("/proc/{}/fd", std::os::unix::process::parent_id())).expect("it lives");
    let parents: Vec<_> = parents.flatten().filter_map(|fd| fs::read_link(fd.path()).ok()).collect();
    let output = fs::read_to_string(link("1")).expect("it is ours");
    let ours = output.lines().filter(|line| !line.is_empty() && !parents.iter().any(|fd| fd == Path::new(line)));
    assert_eq!(ours.count(), 0, "{output}");
    let environment = fs::read_to_string(format!("{proc}/environ")).expect("it is ours");
    let port = replica.backend.as_ref().expect("it listens").addr.port();
    let has = |variable: String| environment.split('\0').any(|entry| entry == variable);
    assert!(has(format!("PORT={port}")) && has("SERVER_ID=id-S1-1".to_owned()), "{environment}");
    running.stop();
}

#[test]
fn a_command_that_is_not_there_fails_the_add_with_what_was_said() {
    let running = Running::start(0, &["no-such-command"]);
    let failed = running.add(&["A"]).expect_err("it can't start");
    let ChangeError::StartFailed { name, why } = failed else { panic!("{failed:?}") };
    assert_eq!(name, "A");
    assert!(why.starts_with("exit status 127: ") && why.contains("no-such-command"), "{why}");
    assert_eq!(running.plane.membership().snapshot().target, 0);
    running.stop();
}

#[test]
fn a_command_that_ends_at_once_is_tried_again_ever_more_slowly() {
    let running = Running::start(1, &["sh", "-c", "echo 'cannot\u{7} work'; exit 3"]);
    running.until(|_| running.count(EventKind::StartFailed) >= 5);
    let events = running.plane.events().all();
    let failed: Vec<_> = events.iter().filter(|event| event.kind == EventKind::StartFailed).collect();
    assert!(failed.iter().all(|event| &*event.name == "S1" && event.detail.contains("3: cannot\\u{7} work")));
    // 0, 100, 200 and 400 ms, less their jitter.
    assert!(failed[4].at_ms - failed[0].at_ms >= 500.0, "{events:?}");
    assert!(running.plane.membership().snapshot().listed().next().is_none());
    running.stop();
}

#[test]
fn children_of_a_replica_go_with_it_when_it_is_killed_and_when_it_is_stopped() {
    let running = Running::start(1, &["python3", "-c", REPLICA, "{port}", "{folder}"]);
    let child_of = |view: &BackendView| {
        let port = view.backend.as_ref().expect("it listens").addr.port();
        let pid = fs::read_to_string(running.folder.path().join(port.to_string())).expect("written before it listens");
        pid.parse::<u32>().expect("a pid")
    };
    let first = running.until(|now| now.ready() == 1);
    let replica = view(&first, "S1");
    let orphan = child_of(replica);
    kill(replica.pid.expect("a process"));
    let second = running.until(|now| now.ready() == 1 && now.replaced == 1);
    wait_gone(orphan);
    let child = child_of(&second.backends[0]);
    running.stop();
    wait_gone(child);
}

#[test]
fn stop_does_not_wait_for_replicas_that_are_still_starting() {
    let running = Running::start(2, &["sleep", "1000"]);
    running.until(|now| pids(now).len() == 2);
    running.stop();
}

#[test]
fn while_draining_a_killed_replica_is_not_replaced() {
    let running = Running::ready(2);
    running.plane.begin_drain();
    let before = running.until(|now| now.draining);
    kill(view(&before, "S1").pid.expect("a process"));
    let after = running.until(|now| now.ready() == 1);
    assert_eq!(after.listed().collect::<Vec<_>>(), ["S2"]);
    assert_eq!(running.add(&["A"]).err(), Some(ChangeError::Stopping));
    assert!(!running.plane.ended());
    running.stop();
}

#[test]
fn the_admin_api_answers_until_the_stop_and_its_port_is_free_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = http::bind(&AdminAddr::Tcp(([127, 0, 0, 1], 0).into())).expect("port 0");
    let AdminAddr::Tcp(addr) = *listener.addr() else { panic!("it is TCP") };
    let config = config(0, folder.path());
    let outside = Outside {
        control: Control::without_workers(),
        hasher: KeyHasher::new([7; 16], false),
        balance_factor: None,
        connections_max: 1000,
        wake: Arc::default(),
        listener: Some(listener),
        configuration: Fixed::good(Access::default()),
    };
    let plane = start(config, outside).expect("it starts");
    let mut client = TcpStream::connect(addr).expect("it listens");
    client.write_all(b"GET /rep HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("it answers and closes");
    assert!(answer.ends_with("{\"message\":{\"N\":0,\"replicas\":[]},\"status\":\"successful\"}\n"), "{answer}");
    plane.stop();
    assert!(TcpStream::connect(addr).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused));
}
