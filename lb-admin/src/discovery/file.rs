//! `--backends-file`: one backend a line, as after `--backend`; `#` begins a comment. Looked at every second.
//!
//! A file is one word: with a bad line in it nothing of it counts, the last good set stays, and it is said once. Editors
//! and deployments replace files in many ways (renamed over, a symlink turned, rewritten in place), so a look compares
//! what names the content ([`Stamp`]) and then the content itself. One that is rewritten in place may be seen half written:
//! what is new counts once two looks in a row have seen the same. Neighbour: `membership` applies what has changed.

use std::collections::HashSet;
use std::fs::Metadata;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::Source;
use crate::config::{BackendError, StaticBackend};
use crate::membership::state::Input;

/// Between two looks.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Between two looks while what was seen is new.
const SECOND_LOOK: Duration = Duration::from_millis(50);
/// A file that was written within so short a time may be written again without a trace in its times.
const TIMES_GRAIN: Duration = Duration::from_secs(2);
/// Nobody writes so many backends; whatever this is, it isn't read whole.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Why a file gives no backends.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Missing, or may not be read, or is no text.
    #[error("--backends-file {}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Over a mebibyte.
    #[error("--backends-file {}: over 1 MiB, which no list of backends is", .0.display())]
    TooLong(PathBuf),
    /// A line that is no backend.
    #[error("--backends-file {}, line {line}: {source}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        source: BackendError,
    },
    /// Two lines with one name.
    #[error("--backends-file {}, line {line}: the name '{name}' is given twice: names must differ", path.display())]
    Twice {
        /// Which file.
        path: PathBuf,
        /// The second one, counted from 1.
        line: usize,
        /// The name.
        name: String,
    },
}

/// Reads the backends of a file once.
///
/// # Errors
/// The file can't be read, or not every line of it is a backend.
pub fn read(path: &Path) -> Result<Vec<StaticBackend>, FileError> {
    parse(path, &text(path)?)
}

fn text(path: &Path) -> Result<String, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > FILE_BYTES_MAX { Err(FileError::TooLong(path.to_owned())) } else { Ok(text) }
}

fn parse(path: &Path, text: &str) -> Result<Vec<StaticBackend>, FileError> {
    let mut backends: Vec<StaticBackend> = Vec::new();
    let mut names = HashSet::new();
    for (line, said) in (1..).zip(text.lines()) {
        // No backend is written with a `#`, except within the path of a check, where nobody needs one.
        let said = said.split('#').next().unwrap_or_default().trim();
        if said.is_empty() {
            continue;
        }
        let wrong = |source| FileError::Line { path: path.to_owned(), line, source };
        let backend: StaticBackend = said.parse().map_err(wrong)?;
        if !names.insert(backend.name.clone()) {
            return Err(FileError::Twice { path: path.to_owned(), line, name: backend.name });
        }
        backends.push(backend);
    }
    Ok(backends)
}

/// Tells `found` the set of the file as it changes, until the control plane ends.
pub(crate) async fn watch(path: PathBuf, found: mpsc::UnboundedSender<Input>) {
    let mut watch = Watch::new(path);
    loop {
        // A file on a file system that hangs must not hold up the control plane.
        let look = tokio::task::spawn_blocking(move || {
            let told = watch.look(SystemTime::now());
            (watch, told)
        });
        // An error is a runtime that ends.
        let Ok((looked, told)) = look.await else { return };
        watch = looked;
        match told {
            // Also where nothing has changed: a name that was taken may be free by now.
            Look::Set(backends) => {
                if found.send(Input::Discovered { source: Source::File, backends }).is_err() {
                    return;
                }
            }
            Look::Wrong(error) => tracing::warn!("{error}; the backends stay as they were"),
            Look::Again => {
                sleep(SECOND_LOOK).await;
                continue;
            }
            Look::Nothing => {}
        }
        sleep(LOOK_INTERVAL).await;
    }
}

/// What names a content without reading it: another file under the name, or another time of writing or of renaming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    bytes: u64,
    written: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            bytes: metadata.size(),
            written: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// What the looks have seen.
#[derive(Debug)]
struct Watch {
    path: PathBuf,
    /// Of the content that was read last, where nothing can have been written since without changing it.
    stamp: Option<Stamp>,
    /// The last content, good or not, and whether a second look has seen it too.
    content: Option<(String, bool)>,
    good: Option<Vec<StaticBackend>>,
    unreadable: bool,
}

/// What follows from one.
#[derive(Debug)]
enum Look {
    /// The set, new or as before.
    Set(Vec<StaticBackend>),
    /// Something new that is no set; said once.
    Wrong(FileError),
    /// Something new: look once more.
    Again,
    /// Still no set.
    Nothing,
}

impl Watch {
    fn new(path: PathBuf) -> Self {
        Self { path, stamp: None, content: None, good: None, unreadable: false }
    }

    /// `now`, by the clock that files are stamped by.
    fn look(&mut self, now: SystemTime) -> Look {
        let stamp = std::fs::metadata(&self.path).ok();
        if stamp.is_some() && stamp.as_ref().map(Stamp::of) == self.stamp {
            return self.as_before();
        }
        let text = match text(&self.path) {
            Ok(text) => text,
            Err(_) if std::mem::replace(&mut self.unreadable, true) => return Look::Nothing,
            Err(error) => return Look::Wrong(error),
        };
        self.unreadable = false;
        // Of the file as it was before it was read: what was written meanwhile is seen by the next look.
        let is_settled = |metadata: &Metadata| metadata.modified().is_ok_and(|at| at + TIMES_GRAIN < now);
        self.stamp = stamp.filter(is_settled).as_ref().map(Stamp::of);
        match &mut self.content {
            Some((seen, true)) if *seen == text => self.as_before(),
            Some((seen, twice)) if *seen == text => {
                *twice = true;
                self.take(&text)
            }
            _ => {
                self.stamp = None;
                self.content = Some((text, false));
                Look::Again
            }
        }
    }

    fn take(&mut self, text: &str) -> Look {
        match parse(&self.path, text) {
            Ok(backends) => {
                self.good = Some(backends.clone());
                Look::Set(backends)
            }
            Err(error) => Look::Wrong(error),
        }
    }

    fn as_before(&self) -> Look {
        self.good.clone().map_or(Look::Nothing, Look::Set)
    }
}

#[cfg(test)]
mod tests;
