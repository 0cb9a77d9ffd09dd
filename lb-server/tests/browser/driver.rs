//! chromedriver as a child, on a port of its own choosing. Dropping it ends all that it has started: they are a process
//! group.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

/// What it says before its port.
const STARTED: &str = "started successfully on port ";

/// So often at most, where it ends at once.
const STARTS: u32 = 5;

/// A running chromedriver.
pub(crate) struct Driver {
    child: Child,
    pub(crate) url: String,
}

impl Driver {
    /// `None` where there is none. It takes a free port of IPv4 and then wants the same one of IPv6, which somebody else may
    /// have by then: it ends, and the next one finds another.
    pub(crate) fn start() -> Option<Self> {
        let mut said = Vec::new();
        for _ in 0..STARTS {
            let mut driver = Self::spawned()?;
            let lines = BufReader::new(driver.child.stdout.take().unwrap()).lines().map_while(Result::ok);
            for line in lines {
                if let Some((_, port)) = line.split_once(STARTED) {
                    driver.url = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
                    return Some(driver);
                }
                said.push(line);
            }
        }
        panic!("chromedriver was started {STARTS} times and never said its port: {said:#?}");
    }

    fn spawned() -> Option<Self> {
        let mut command = Command::new(std::env::var("LB_CHROMEDRIVER").as_deref().unwrap_or("chromedriver"));
        command.args(["--port=0", "--log-level=SEVERE"]).process_group(0);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        Some(Self { child, url: String::new() })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _gone = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _reaped = self.child.wait();
    }
}
