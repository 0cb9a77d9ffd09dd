//! A `lb` process under test: started with nothing of our own environment that it would read, its stderr line by line
//! with a deadline, and killed when the test is over whatever its outcome.

#![expect(dead_code, reason = "each test binary uses a part of this")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Far more than anything here takes; a test that gets here has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
/// Between two looks at a fact that nobody announces.
const POLL: Duration = Duration::from_millis(5);

/// The variable by which a test finds what it has started, and what that has started in turn.
const MARK: &str = "LB_TEST_MARK";

/// A running `lb`.
pub(crate) struct Lb {
    child: Child,
    lines: Receiver<String>,
    mark: String,
}

/// How one ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stderr: Vec<String>,
}

/// `lb` with these words, ready to be spawned or changed further.
pub(crate) fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lb"));
    command.args(words).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

impl Lb {
    /// Starts it.
    pub(crate) fn start(words: &[&str]) -> Self {
        Self::spawn(&mut command(words))
    }

    /// Starts what [`command`] has made.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mark = format!("{}-{:?}", std::process::id(), Instant::now());
        let mut child = command.env(MARK, &mark).spawn().expect("lb starts");
        let stderr = child.stderr.take().expect("stderr is piped");
        let (send, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, mark }
    }

    /// Its stdout.
    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().expect("stdout is piped and not taken yet")
    }

    /// Its process id, for a signal.
    pub(crate) fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// The next line that begins with `start`, without it.
    pub(crate) fn line_after(&self, start: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let line = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|_| panic!("no line begins with '{start}'"));
            if let Some(rest) = line.strip_prefix(start) {
                return rest.to_owned();
            }
        }
    }

    /// Waits for its end; its stderr is at its end then too, since nobody else holds it.
    pub(crate) fn end(mut self) -> Ended {
        let deadline = Instant::now() + DEADLINE;
        let mut stderr = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            stderr.push(line);
        }
        assert!(Instant::now() < deadline, "it runs on: {stderr:?}");
        let code = self.child.wait().expect("our child").code();
        let left = marked(&self.mark);
        assert!(left.is_empty(), "left running: {left:?}");
        Ended { code, stderr }
    }
}

impl Drop for Lb {
    fn drop(&mut self) {
        // Already gone in most tests.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The processes that carry the mark: what was started by the one under test, however far down.
fn marked(mark: &str) -> Vec<String> {
    let wanted = format!("{MARK}={mark}");
    let carries = |environ: &[u8]| environ.split(|&byte| byte == 0).any(|variable| variable == wanted.as_bytes());
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let found = processes.filter(|entry| std::fs::read(entry.path().join("environ")).is_ok_and(|e| carries(&e)));
    found.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Waits for a fact.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        // Nobody unparks us: this gives the others their turn between two looks.
        thread::park_timeout(POLL);
    }
}

/// Everything that comes, as text.
pub(crate) fn read_all(mut from: impl Read) -> String {
    let mut text = String::new();
    from.read_to_string(&mut text).expect("text");
    text
}
