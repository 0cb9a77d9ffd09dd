//! What the configuration takes from the process it runs in. Read once, here, so that the rest is a function of its
//! arguments and a test can say what the surroundings are.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use rustix::rand::{GetRandomFlags, getrandom};

/// The parts of the environment that a default or a check depends on.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// Our own binary: the launcher, and the sample backend.
    pub(crate) binary: PathBuf,
    /// CPUs that this process may use.
    pub(crate) cpus: usize,
    /// Pages that an unprivileged user may have in pipes.
    pub(crate) pipe_pages: usize,
    /// `PATH`.
    pub(crate) path: Option<OsString>,
    /// `STATE_DIRECTORY`, set by systemd for a unit that has one.
    pub(crate) state_directory: Option<OsString>,
    /// `XDG_STATE_HOME`.
    pub(crate) xdg_state_home: Option<PathBuf>,
    /// What tokens are hashed under in this process, so that two of them can be compared.
    pub(crate) token_key: [u8; 16],
    /// `HOME`.
    pub(crate) home: Option<PathBuf>,
}

/// What Linux allows where nobody has changed it, and where it doesn't say.
const PIPE_PAGES: usize = 16_384;

impl Surroundings {
    /// Those of this process. Fails where the kernel doesn't say what our own binary is, or gives nothing random.
    pub(crate) fn read() -> io::Result<Self> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Ok(Self {
            binary: std::env::current_exe()?,
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            pipe_pages: pipe_pages(),
            path: variable("PATH"),
            state_directory: variable("STATE_DIRECTORY"),
            xdg_state_home: variable("XDG_STATE_HOME").map(PathBuf::from),
            token_key: random_key()?,
            home: variable("HOME").map(PathBuf::from),
        })
    }
}

fn random_key() -> io::Result<[u8; 16]> {
    let mut key = [0; 16];
    // Up to 256 bytes come whole once the pool is ready (getrandom(2)), and it waits until it is.
    let read = getrandom(&mut key, GetRandomFlags::empty())?;
    if read == key.len() { Ok(key) } else { Err(io::Error::other("getrandom gave too few bytes")) }
}

/// 0 there is "no limit".
fn pipe_pages() -> usize {
    let text = std::fs::read_to_string("/proc/sys/fs/pipe-user-pages-soft").unwrap_or_default();
    match text.trim().parse() {
        Ok(0) => usize::MAX,
        Ok(pages) => pages,
        Err(_) => PIPE_PAGES,
    }
}
