//! The files that replicas write to: `STATE_DIR/replicas/NAME.ID.log`.
//!
//! The id keeps two replicas of one name apart, the one that drains and its successor. A replica that was stopped leaves
//! no file; of those that died by themselves the last 16 are kept while we run, so that somebody can look. At our own
//! normal end nothing is left. Names are hostnames (`membership::names`), so they can't be a path.

use std::collections::{HashSet, VecDeque};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lb_core::backend::BackendId;

use super::launcher::Order;
use super::output::OUTPUT_BYTES_MAX;

/// Files of dead replicas that are kept.
const KEPT_MAX: usize = 16;
/// Of a file, so much of its end is looked at for the last line.
const TAIL_BYTES_MAX: u64 = 4096;
/// Of the last line, so much is shown.
const LINE_CHARS_MAX: usize = 300;

/// The folder of the replicas' files.
#[derive(Debug)]
pub(super) struct Logs {
    state_dir: PathBuf,
    kept: Mutex<VecDeque<PathBuf>>,
    /// What was there before us.
    older: Mutex<HashSet<PathBuf>>,
}

impl Logs {
    /// Makes the folder.
    pub(super) fn new(state_dir: PathBuf) -> io::Result<Self> {
        let logs = Self { state_dir, kept: Mutex::default(), older: Mutex::default() };
        logs.make_folder()?;
        lock(&logs.older).extend(fs::read_dir(logs.folder())?.flatten().map(|entry| entry.path()));
        Ok(logs)
    }

    /// An empty file for a replica, readable by us only: what a program prints may be private. Where none can be made
    /// (the disk is full, became read-only, the folder was removed for good), the replica is more worth than its words:
    /// they go to /dev/null.
    ///
    /// # Errors
    /// Where that can't be opened either: no descriptor is left.
    pub(super) fn create(&self, order: &Order) -> io::Result<(File, Option<PathBuf>)> {
        let path = self.path_of(order);
        // Ours from now on.
        lock(&self.older).remove(&path);
        match self.make_folder().and_then(|()| create_private(&path)) {
            Ok(file) => Ok((file, Some(path))),
            Err(error) => {
                let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
                tracing::warn!("{}: {error}; what {} writes is lost", path.display(), order.name);
                Ok((nowhere, None))
            }
        }
    }

    /// The file of a replica that an earlier run has started, if it is there.
    pub(super) fn find(&self, order: &Order) -> Option<PathBuf> {
        Some(self.path_of(order)).filter(|path| path.exists())
    }

    /// The last lines in a replica's file.
    ///
    /// # Errors
    /// It can't be read: its words went nowhere, say.
    pub(super) fn last_lines(&self, order: &Order, lines: usize) -> io::Result<Vec<u8>> {
        let mut bytes = tail(&self.path_of(order), OUTPUT_BYTES_MAX as u64)?;
        // A newline at the very end ends the last line and begins none.
        let ends = bytes.iter().enumerate().rev().skip(1).filter(|(_, byte)| **byte == b'\n');
        let begin = { ends }.nth(lines.saturating_sub(1)).map_or(0, |(index, _)| index + 1);
        bytes.drain(..begin);
        Ok(bytes)
    }

    /// Removes what replicas of earlier runs have left, except those that are `known`.
    pub(super) fn remove_others(&self, known: &HashSet<BackendId>) {
        for path in lock(&self.older).drain() {
            if id_of(&path).is_some_and(|id| !known.contains(&id)) {
                remove(&path);
            }
        }
    }

    /// Keeps a dead replica's file, and the oldest no longer.
    pub(super) fn keep(&self, path: PathBuf) {
        let mut kept = lock(&self.kept);
        kept.push_back(path);
        if kept.len() > KEPT_MAX
            && let Some(oldest) = kept.pop_front()
        {
            remove(&oldest);
        }
    }

    /// Again before every file: a second lb on the same port of another address, or a tidy user, may have removed it.
    fn make_folder(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(self.folder())
    }

    fn path_of(&self, order: &Order) -> PathBuf {
        self.folder().join(format!("{}.{}.log", order.name, order.id.0))
    }

    fn folder(&self) -> PathBuf {
        self.state_dir.join("replicas")
    }
}

impl Drop for Logs {
    /// A normal end: nothing is left behind, except what somebody else put there.
    fn drop(&mut self) {
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        kept.iter().for_each(|path| remove(path));
        // Fails where a folder isn't empty, which is what we want.
        let _not_empty = fs::remove_dir(self.folder()).and_then(|()| fs::remove_dir(&self.state_dir));
    }
}

/// The incarnation in a file's name.
fn id_of(path: &Path) -> Option<BackendId> {
    let id = path.file_name()?.to_str()?.strip_suffix(".log")?.rsplit_once('.')?.1;
    id.parse().ok().map(BackendId)
}

/// A collection of paths is whole after every change, so what a panicking holder left behind is still good.
fn lock<T>(paths: &Mutex<T>) -> MutexGuard<'_, T> {
    paths.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file of that name can only be left over from a run that was killed.
fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)
}

/// Removes a file; a failure is worth a word, not more.
pub(super) fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!("{} could not be removed: {error}", path.display());
    }
}

/// The last line of a file that isn't blank, control characters escaped; empty where there is none.
pub(super) fn last_line(path: &Path) -> String {
    let bytes = tail(path, TAIL_BYTES_MAX).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let printable = |char: char| {
        if char.is_control() { char.escape_default().collect::<String>() } else { char.to_string() }
    };
    line.chars().take(LINE_CHARS_MAX).map(printable).collect()
}

fn tail(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes_max)))?;
    let mut bytes = Vec::new();
    file.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}
