//! A terminal: `lb` in a pseudo-terminal of its own, what its screen shows, keys that are pressed, and whether it was
//! given back as it was.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::process::signal;
use super::screen::Screen;
use super::wait::{WITHIN, eventually, in_time};

/// What lb runs in.
#[derive(Debug)]
pub(crate) struct Terminal {
    child: Child,
    /// The side of whoever looks and types.
    master: File,
    /// The side that the program has; held, so that its modes can be read when the program has ended.
    slave: OwnedFd,
    modes_before: LocalModes,
    screen: Arc<Mutex<Screen>>,
}

impl Terminal {
    /// Runs `lb` with these words and variables, as the leader of a session whose terminal this is.
    pub(crate) fn run(columns: u16, rows: u16, variables: &[(&str, &str)], words: &[&str]) -> Self {
        Self::run_by(&[env!("CARGO_BIN_EXE_lb")], columns, rows, variables, words)
    }

    /// As a job of a shell: what it runs is `script`, with `lb` as `$0` and these words.
    pub(crate) fn run_in_shell(script: &str, words: &[&str]) -> Self {
        Self::run_by(&["sh", "-mc", script, env!("CARGO_BIN_EXE_lb")], 100, 30, &[], words)
    }

    fn run_by(program: &[&str], columns: u16, rows: u16, variables: &[(&str, &str)], words: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = File::options().read(true).write(true).open(path).unwrap();
        tcsetwinsize(&master, size(columns, rows)).unwrap();
        // Setting the controlling terminal between fork and exec would need `unsafe`; util-linux does it for us.
        let mut command = Command::new("setsid");
        command.arg("--ctty").args(program).args(words);
        command.env_clear().env("TERM", "xterm").env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(variables.iter().copied());
        let end = || slave.try_clone().unwrap();
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let screen = Arc::new(Mutex::new(Screen::new(columns, rows)));
        let master = File::from(master);
        collect(master.try_clone().unwrap(), Arc::clone(&screen));
        let modes_before = tcgetattr(&slave).unwrap().local_modes;
        Self { child, master, slave: slave.into(), modes_before, screen }
    }

    /// What is shown, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.screen.lock().unwrap().lines()
    }

    /// Waits until it is on the screen.
    pub(crate) fn shows(&self, words: &str) {
        let has = || self.lines().iter().any(|line| line.contains(words)).then_some(());
        let Some(()) = in_time(has) else {
            panic!("waited {WITHIN:?} in vain: {words:?} is shown:\n{}", self.lines().join("\n"));
        };
    }

    /// Waits until it is not on the screen any more.
    pub(crate) fn shows_no(&self, words: &str) {
        let gone = || (!self.lines().iter().any(|line| line.contains(words))).then_some(());
        eventually(&format!("{words:?} is gone"), gone);
    }

    pub(crate) fn has_colour(&self) -> bool {
        self.screen.lock().unwrap().has_colour()
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// As when a window is dragged.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.screen.lock().unwrap().resize(columns, rows);
        tcsetwinsize(&self.master, size(columns, rows)).unwrap();
    }

    pub(crate) fn signal(&self, which: Signal) {
        assert!(signal(self.child.id(), which), "it is there");
    }

    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        eventually("lb ends", || self.child.try_wait().unwrap())
    }

    /// Waits until the screen of before is there again, with its cursor, and keys are echoed as they were.
    pub(crate) fn is_given_back(&self) {
        eventually("the terminal is as it was", || {
            let is_plain = self.screen.lock().unwrap().is_plain();
            (is_plain && tcgetattr(&self.slave).unwrap().local_modes == self.modes_before).then_some(())
        });
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn size(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 }
}

/// Until nobody has the other side any more.
fn collect(mut master: File, screen: Arc<Mutex<Screen>>) {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(n @ 1..) = master.read(&mut bytes) {
            screen.lock().unwrap().take(&bytes[..n]);
        }
    });
}
