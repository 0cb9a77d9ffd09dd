//! chromedriver as a child, on a port of its own choosing. Dropping it ends all that it has started: they are a process
//! group.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

/// What it says before its port.
const STARTED: &str = "started successfully on port ";

/// A running chromedriver.
pub(crate) struct Driver {
    child: Child,
    pub(crate) url: String,
}

impl Driver {
    /// `None` where there is none.
    pub(crate) fn start() -> Option<Self> {
        let mut command = Command::new(std::env::var("LB_CHROMEDRIVER").as_deref().unwrap_or("chromedriver"));
        command.args(["--port=0", "--log-level=SEVERE"]).process_group(0);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut driver = Self { child, url: String::new() };
        let mut lines = BufReader::new(driver.child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| Some(line.split_once(STARTED)?.1.trim_end_matches('.').to_owned()));
        driver.url = format!("http://127.0.0.1:{}", port.expect("chromedriver says its port"));
        Some(driver)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _gone = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _reaped = self.child.wait();
    }
}
