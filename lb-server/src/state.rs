//! This front's folder in the state directory, its lock, and the hash secret and instance id that are kept in it.
//!
//! One folder per front port; for a front on a free port (0), which is another one each time, it goes away at the end.
//! A folder that can't be made or written never stops the start: the run goes on with a
//! folder under the temporary directory and a secret of its own, and says loudly what that costs. One that another `lb`
//! holds does stop it: two would take over each other's replicas. Secret and instance stay over a normal stop; what else
//! is in the folder is lb-admin's.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::config::{Secret, secret_from_text};

const SECRET_FILE: &str = "hash-key";
const INSTANCE_FILE: &str = "instance";
const LOCK_FILE: &str = "lock";
/// A child that was forked when its `lb` was killed holds the lock until its exec, a moment later.
const LOCK_TRIES: u32 = 20;
const LOCK_RETRY: Duration = Duration::from_millis(10);
/// Nobody but us has business in there.
const DIR_MODE: u32 = 0o700;
const SECRET_MODE: u32 = 0o600;

/// The folder of one front. One that nobody could find again is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct StateDir {
    path: PathBuf,
    keep: bool,
    /// Holds the lock for as long as we run, however that ends. Nobody else has a folder with an unguessable name.
    _lock: Option<File>,
}

/// Why there is no folder to work in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// Another `lb serve` works in it.
    #[error("{} is in use by another lb serve: stop it or give --state-dir", .0.display())]
    InUse(PathBuf),
    /// Not even a temporary one could be made.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl StateDir {
    /// The folder of the front on `port`, kept at the end where `keep` says so or where it was there before; a warning
    /// where it had to be a temporary one.
    pub(crate) fn open(root: &Path, port: u16, keep: bool) -> Result<(Self, Option<String>), StateError> {
        let path = root.join(port.to_string());
        let keep = keep || path.exists();
        match create(&path).and_then(|()| lock(&path)).and_then(|lock| probe(&path).map(|()| lock)) {
            Ok(Some(lock)) => Ok((Self { path, keep, _lock: Some(lock) }, None)),
            Ok(None) => Err(StateError::InUse(path)),
            Err(error) => {
                let warning = format!(
                    "state directory {}: {error}; nothing will survive a restart (mend it, or give --state-dir)",
                    path.display()
                );
                Ok((Self::temporary()?, Some(warning)))
            }
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The secret kept here, made now where there is none; a warning where it could not be kept.
    pub(crate) fn secret(&self) -> io::Result<(Secret, Option<String>)> {
        let path = self.path.join(SECRET_FILE);
        match kept_secret(&path) {
            Ok(secret) => Ok((secret, None)),
            Err(error) => {
                let warning = format!(
                    "hash key {}: {error}; ids go elsewhere after a restart (mend it, or give --hash-key-file)",
                    path.display()
                );
                random_secret().map(|secret| (secret, Some(warning)))
            }
        }
    }

    /// The mark of this state's replicas, made now where there is none; a warning where it could not be kept.
    pub(crate) fn instance(&self) -> io::Result<(String, Option<String>)> {
        let path = self.path.join(INSTANCE_FILE);
        let (secret, warning) = match kept_secret(&path) {
            Ok(secret) => (secret, None),
            Err(error) => {
                let cost = "the next start won't know this one's replicas (mend it, or remove it)";
                (random_secret()?, Some(format!("instance {}: {error}; {cost}", path.display())))
            }
        };
        Ok((in_hex(secret), warning))
    }

    /// A folder with a name that nobody could have guessed and made beforehand: creating it fails where it exists.
    fn temporary() -> io::Result<Self> {
        let name = format!("lb-{}-{:016x}", std::process::id(), fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        DirBuilder::new().mode(DIR_MODE).create(&path)?;
        Ok(Self { path, keep: false, _lock: None })
    }
}

impl Drop for StateDir {
    fn drop(&mut self) {
        if !self.keep {
            // Best effort: what is left is a small file that nobody reads.
            let _gone = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn create(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIR_MODE).create(path)
}

/// The lock on a folder; `None` where somebody else has it.
fn lock(path: &Path) -> io::Result<Option<File>> {
    // Close-on-exec, as all that std opens: replicas must not keep it.
    let file =
        OpenOptions::new().create(true).write(true).truncate(false).mode(SECRET_MODE).open(path.join(LOCK_FILE))?;
    for _ in 0..LOCK_TRIES {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(file)),
            Err(Errno::WOULDBLOCK) => thread::sleep(LOCK_RETRY),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// Permission bits don't tell about a read-only or full file system; writing does.
fn probe(path: &Path) -> io::Result<()> {
    let file = path.join(format!(".probe-{}", std::process::id()));
    File::create(&file)?.write_all(b"x")?;
    std::fs::remove_file(&file)
}

fn kept_secret(path: &Path) -> io::Result<Secret> {
    match read_secret(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => create_secret(path),
        other => other,
    }
}

fn in_hex(secret: Secret) -> String {
    format!("{:032x}", u128::from_be_bytes(secret.0))
}

fn read_secret(path: &Path) -> io::Result<Secret> {
    let text = std::fs::read_to_string(path)?;
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "must hold 32 hex digits; remove it to have a new one");
    secret_from_text(&text).ok_or_else(damaged)
}

/// Written whole under another name, then linked: a reader never sees half a key, and of two that start at once one
/// key wins for both.
fn create_secret(path: &Path) -> io::Result<Secret> {
    let secret = random_secret()?;
    let unfinished = path.with_extension(format!("{}.new", std::process::id()));
    let written = write_secret(&unfinished, secret).and_then(|()| std::fs::hard_link(&unfinished, path));
    // Whether or not the link was made: the other name has done its duty.
    let _gone = std::fs::remove_file(&unfinished);
    match written {
        Ok(()) => Ok(secret),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_secret(path),
        Err(error) => Err(error),
    }
}

fn write_secret(path: &Path, secret: Secret) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(SECRET_MODE).open(path)?;
    writeln!(file, "{}", in_hex(secret))?;
    file.sync_all()
}

fn random_secret() -> io::Result<Secret> {
    let mut bytes = [0; 16];
    // Up to 256 bytes come whole once the pool is ready (getrandom(2)), and it waits until it is.
    let read = getrandom(&mut bytes, GetRandomFlags::empty())?;
    if read == bytes.len() { Ok(Secret(bytes)) } else { Err(io::Error::other("getrandom gave too few bytes")) }
}

#[cfg(test)]
mod tests;
