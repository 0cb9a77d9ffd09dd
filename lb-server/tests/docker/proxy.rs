//! Stands between lb and the engine's socket, and does to it what happens to engines: hangs, cuts, absence, refusals.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

const ENGINE: &str = "/var/run/docker.sock";

/// What it does with what it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mode {
    /// Passes it on.
    Pass,
    /// Takes it and says nothing.
    Hang,
    /// Closes at once.
    Absent,
    /// Answers removals itself, as an engine whose storage is busy does; passes on the rest.
    RefuseRemovals,
}

/// What it says to those.
const REFUSAL: &[u8] =
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 38\r\n\r\n\
    {\"message\":\"device or resource busy\"}\n";

/// A socket that lb takes for the engine's.
#[derive(Debug)]
pub(crate) struct Proxy {
    folder: TempDir,
    mode: Arc<AtomicU8>,
    open: Arc<Mutex<Vec<UnixStream>>>,
}

impl Proxy {
    /// Passing everything on.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
        let (mode, open) = (Arc::new(AtomicU8::new(Mode::Pass as u8)), Arc::<Mutex<Vec<UnixStream>>>::default());
        let (current, connections) = (Arc::clone(&mode), Arc::clone(&open));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (mode, connections) = (Arc::clone(&current), Arc::clone(&connections));
                thread::spawn(move || join(client, &mode, &connections));
            }
        });
        Self { folder, mode, open }
    }

    /// What a shell says so that lb goes through it.
    pub(crate) fn exported(&self) -> String {
        format!("export DOCKER_HOST=unix://{}", self.path().display())
    }

    /// From now on, for what is open too.
    pub(crate) fn turn(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::SeqCst);
        if mode == Mode::Absent {
            self.cut();
        }
    }

    /// Everything that is open is broken off.
    pub(crate) fn cut(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _gone = stream.shutdown(Shutdown::Both);
        }
    }

    /// The socket isn't even there.
    pub(crate) fn vanish(&self) {
        self.turn(Mode::Absent);
        fs::remove_file(self.path()).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }
}

fn join(client: UnixStream, mode: &Arc<AtomicU8>, open: &Mutex<Vec<UnixStream>>) {
    if mode.load(Ordering::SeqCst) == Mode::Absent as u8 {
        return;
    }
    let engine = UnixStream::connect(ENGINE).unwrap();
    open.lock().unwrap().extend([client.try_clone().unwrap(), engine.try_clone().unwrap()]);
    let (to, from) = (engine.try_clone().unwrap(), client.try_clone().unwrap());
    let upwards = Arc::clone(mode);
    thread::spawn(move || copy(from, to, &upwards));
    copy(engine, client, mode);
}

fn copy(mut from: UnixStream, mut to: UnixStream, mode: &AtomicU8) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut bytes) {
        let taken = &bytes[..n];
        let now = mode.load(Ordering::SeqCst);
        let refuses = now == Mode::RefuseRemovals as u8;
        let written = if refuses && taken.starts_with(b"DELETE /") {
            from.write_all(REFUSAL)
        } else if refuses || now == Mode::Pass as u8 {
            to.write_all(taken)
        } else {
            // What is taken while it hangs is never passed on: the connection stays open and silent.
            Ok(())
        };
        if written.is_err() {
            break;
        }
    }
    let _gone = to.shutdown(Shutdown::Both);
}
