//! Keeps the membership in `STATE_DIR/PORT/members.json`: whole or not at all, on a thread that may hang.
//!
//! A file system can be full, read-only or stuck, and none of it may keep the owner from healing. So a thread of its own
//! writes (under another name, fsync, rename, fsync of the folder; the newest wins where several wait), and whoever needs
//! it on disk waits a second at the most. What couldn't be written is tried again every few seconds. A file that can't
//! be read is set aside as `members.json.bad` and the start goes on without it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::timeout;

use super::saved::Saved;
use crate::supervisor::launcher::Trace;

const FILE: &str = "members.json";
const UNFINISHED: &str = "members.json.new";
const SET_ASIDE: &str = "members.json.bad";
/// Grows when an older `lb` would misread the file.
const FORMAT: u32 = 1;
/// A full file is a few hundred kilobytes.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// How long anybody waits for the disk.
const WRITE_WAIT_MAX: Duration = Duration::from_secs(1);
/// Between two tries of what couldn't be written.
const RETRY_EVERY: Duration = Duration::from_secs(2);

/// How the writing goes, for the metrics.
#[derive(Debug, Default)]
pub struct Saving {
    failing: AtomicBool,
    failures: AtomicU64,
}

impl Saving {
    /// Whether the last write failed, or takes too long.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Writes that failed or took too long, since start.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

/// The file and its writer.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    orders: mpsc::Sender<(u64, Arc<Saved>)>,
    outcomes: watch::Receiver<Outcome>,
    saving: Arc<Saving>,
    /// The newest that was ordered.
    latest: Option<Arc<Saved>>,
    ordered: u64,
    noted: u64,
    retry_at: Option<Instant>,
}

/// The last write that is over.
#[derive(Clone, Debug, Default)]
struct Outcome {
    number: u64,
    error: Option<String>,
}

/// The file's text. `instance` and `boot` say whether the traces in it can be those of our replicas: a process number
/// means nothing after a boot, and nothing of ours where the folder is a copy of somebody else's.
#[derive(Debug, Serialize, Deserialize)]
struct Page<S> {
    format: u32,
    instance: String,
    boot: String,
    state: S,
}

impl Store {
    /// Reads what an earlier run has left in `folder`, and starts the writer.
    ///
    /// # Errors
    /// No thread.
    pub(crate) fn open(folder: &Path, instance: &str) -> io::Result<(Self, Option<Saved>)> {
        let boot = boot_id();
        let saved = read_or_set_aside(folder, instance, &boot);
        let (orders, ordered) = mpsc::channel();
        let (tell, outcomes) = watch::channel(Outcome::default());
        let writer = Writer { folder: folder.to_owned(), instance: instance.to_owned(), boot };
        std::thread::Builder::new().name("lb-state".to_owned()).spawn(move || writer.run(&ordered, &tell))?;
        let store = Self {
            folder: folder.to_owned(),
            orders,
            outcomes,
            saving: Arc::default(),
            latest: None,
            ordered: 0,
            noted: 0,
            retry_at: None,
        };
        Ok((store, saved))
    }

    /// How the writing goes.
    pub(crate) fn saving(&self) -> &Arc<Saving> {
        &self.saving
    }

    /// Changes whenever a write is over.
    pub(crate) fn over(&self) -> impl Future<Output = ()> + use<> {
        let mut outcomes = self.outcomes.clone();
        let noted = self.noted;
        async move {
            let writer_is_gone = outcomes.wait_for(|outcome| outcome.number > noted).await.is_err();
            if writer_is_gone {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Has it written some time soon.
    pub(crate) fn put(&mut self, saved: Arc<Saved>) {
        self.latest = Some(Arc::clone(&saved));
        self.ordered += 1;
        // Fails only where the writer has panicked; then no outcome comes, which `write` notices.
        let _writer_is_gone = self.orders.send((self.ordered, saved));
    }

    /// Has it written and waits for that, a second at the most. False: it isn't known to be written.
    pub(crate) async fn write(&mut self, saved: Arc<Saved>) -> bool {
        self.put(saved);
        let (number, mut outcomes) = (self.ordered, self.outcomes.clone());
        let over = timeout(WRITE_WAIT_MAX, outcomes.wait_for(|outcome| outcome.number >= number)).await;
        let error = match over {
            Ok(Ok(outcome)) => {
                self.noted = outcome.number;
                outcome.error.clone()
            }
            Ok(Err(_)) => Some("the writer is gone".to_owned()),
            Err(_) => Some(format!("not written within {WRITE_WAIT_MAX:?}")),
        };
        self.note(error)
    }

    /// Takes note of writes that are over, and tries again what failed, where it is time.
    pub(crate) fn look_after(&mut self, now: Instant) {
        let outcome = self.outcomes.borrow().clone();
        if outcome.number > self.noted {
            self.noted = outcome.number;
            self.note(outcome.error);
        }
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = Some(now + RETRY_EVERY);
            // While one hangs, another would only wait behind it.
            if outcome.number == self.ordered
                && let Some(latest) = self.latest.clone()
            {
                self.put(latest);
            }
        }
    }

    /// When [`Self::look_after`] has something to do.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.retry_at
    }

    fn note(&mut self, error: Option<String>) -> bool {
        let path = self.folder.join(FILE);
        let written = error.is_none();
        let was_failing = self.saving.failing.swap(!written, Ordering::Relaxed);
        if let Some(error) = error {
            self.saving.failures.fetch_add(1, Ordering::Relaxed);
            self.retry_at.get_or_insert(Instant::now() + RETRY_EVERY);
            if !was_failing {
                let cost = "/add and /rm are refused until it can be written; mend the state directory";
                tracing::error!("{} can't be written: {error}; {cost}", path.display());
            }
        } else {
            self.retry_at = None;
            if was_failing {
                tracing::info!("{} can be written again", path.display());
            }
        }
        written
    }
}

/// The thread's part.
#[derive(Debug)]
struct Writer {
    folder: PathBuf,
    instance: String,
    boot: String,
}

impl Writer {
    fn run(self, ordered: &mpsc::Receiver<(u64, Arc<Saved>)>, tell: &watch::Sender<Outcome>) {
        while let Ok(first) = ordered.recv() {
            let (number, saved) = ordered.try_iter().last().unwrap_or(first);
            let error = self.write(&saved).err().map(|error| error.to_string());
            tell.send_replace(Outcome { number, error });
        }
    }

    fn write(&self, saved: &Saved) -> io::Result<()> {
        let page = Page { format: FORMAT, instance: self.instance.clone(), boot: self.boot.clone(), state: saved };
        let mut text = serde_json::to_vec(&page)?;
        text.push(b'\n');
        // A tidy user may have removed it.
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let unfinished = self.folder.join(UNFINISHED);
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&unfinished, self.folder.join(FILE))?;
        File::open(&self.folder)?.sync_all()
    }
}

/// Why a file is of no use.
/// Whether an earlier run of `instance` has left containers in its books: with those a start is worth it even where the
/// engine doesn't answer.
pub fn has_containers(folder: &Path, instance: &str) -> bool {
    let is_container = |trace: &Option<Trace>| matches!(trace, Some(Trace::Container { .. }));
    let saved = read(&folder.join(FILE), instance, &boot_id());
    saved.is_ok_and(|saved| saved.members.iter().any(|member| is_container(&member.trace)))
}

#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("not what lb writes: {0}")]
    Corrupt(#[from] serde_json::Error),
    #[error("written by a newer lb (format {0}, this one knows {FORMAT})")]
    TooNew(u32),
}

fn read_or_set_aside(folder: &Path, instance: &str, boot: &str) -> Option<Saved> {
    let path = folder.join(FILE);
    match read(&path, instance, boot) {
        Ok(saved) => Some(saved),
        Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            let aside = folder.join(SET_ASIDE);
            let done = match fs::rename(&path, &aside) {
                Ok(()) => format!("it is set aside as {SET_ASIDE}"),
                Err(error) => format!("it can't be set aside either: {error}"),
            };
            tracing::error!("{}: {error}; {done}; starting without the members of before", path.display());
            None
        }
    }
}

fn read(path: &Path, instance: &str, boot: &str) -> Result<Saved, ReadError> {
    let mut text = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX).read_to_end(&mut text)?;
    // The number first: of a newer format the rest may look like anything.
    let Page { format, state, .. } = serde_json::from_slice::<Page<serde_json::Value>>(&text)?;
    if format > FORMAT {
        return Err(ReadError::TooNew(format));
    }
    let page: Page<Saved> = serde_json::from_slice(&text)?;
    drop(state);
    let mut saved = page.state;
    for member in &mut saved.members {
        let is_process = matches!(member.trace, Some(Trace::Process { .. }));
        if page.instance != instance || (is_process && page.boot != boot) {
            member.trace = None;
        }
    }
    Ok(saved)
}

/// Another one after every boot of the machine; empty without /proc.
fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests;
