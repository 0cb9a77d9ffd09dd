//! Where lines go: stdout, or a file that may be renamed under us and opened anew.
//!
//! Lines are gathered in one buffer and written in one go. What fails (a full disk, a pipe that nobody reads any more)
//! costs these lines and is said once, not for every line; the next time it works is said too.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::config::AccessLogTarget;

/// Bytes that are written at once.
const BUFFER_BYTES: usize = 64 * 1024;
/// What a client asked for may be private: others don't read it.
const MODE: u32 = 0o640;

/// Why the log can't begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Stdout.
    #[error("stdout: {0}")]
    Stdout(io::Error),
    /// No thread.
    #[error("no thread for it: {0}")]
    Thread(io::Error),
}

/// What became of the lines of one buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flushed {
    pub(super) written: u64,
    pub(super) lost: u64,
}

/// The open log.
#[derive(Debug)]
pub(super) struct Sink {
    target: AccessLogTarget,
    file: File,
    buffer: Vec<u8>,
    is_failing: bool,
    /// A write ended in the middle of a line; the next begins a new one.
    is_torn: bool,
}

impl Sink {
    pub(super) fn open(target: AccessLogTarget) -> Result<Self, OpenError> {
        let file = match &target {
            AccessLogTarget::Stdout => duplicate(io::stdout()).map_err(OpenError::Stdout)?,
            AccessLogTarget::File(path) => {
                open(path).map_err(|source| OpenError::File { path: path.clone(), source })?
            }
        };
        Ok(Self { target, file, buffer: Vec::with_capacity(BUFFER_BYTES), is_failing: false, is_torn: false })
    }

    /// What lines are added to.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Whether it is time to write.
    pub(super) fn is_full(&self) -> bool {
        self.buffer.len() >= BUFFER_BYTES
    }

    /// Opens the file anew. Where that fails the old one, whatever it is called now, is better than none.
    pub(super) fn reopen(&mut self) {
        let AccessLogTarget::File(path) = &self.target else { return };
        match open(path) {
            Ok(file) => {
                self.file = file;
                self.is_torn = false;
                tracing::info!("access log {}: opened anew", path.display());
            }
            Err(error) => {
                tracing::warn!(
                    "access log {} can't be opened anew, the old file is written on: {error}",
                    path.display()
                );
            }
        }
    }

    /// Writes the buffer.
    pub(super) fn flush(&mut self) -> Flushed {
        if self.buffer.is_empty() {
            return Flushed::default();
        }
        let (taken, outcome) = self.write();
        let count = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let flushed = Flushed { written: count(&self.buffer[..taken]), lost: count(&self.buffer[taken..]) };
        self.is_torn = match taken {
            0 => self.is_torn,
            _ => self.buffer[taken - 1] != b'\n',
        };
        self.buffer.clear();
        self.say(outcome);
        flushed
    }

    /// Gives how many bytes of the buffer were taken.
    fn write(&mut self) -> (usize, io::Result<()>) {
        if self.is_torn {
            match self.file.write_all(b"\n") {
                Ok(()) => self.is_torn = false,
                Err(error) => return (0, Err(error)),
            }
        }
        let mut taken = 0;
        while taken < self.buffer.len() {
            match self.file.write(&self.buffer[taken..]) {
                Ok(0) => return (taken, Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => taken += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (taken, Err(error)),
            }
        }
        (taken, Ok(()))
    }

    fn say(&mut self, outcome: io::Result<()>) {
        match outcome {
            Err(error) if !self.is_failing => {
                self.is_failing = true;
                tracing::warn!("access log {}: {error}; lines are lost and counted until it is mended", self.name());
            }
            Ok(()) if self.is_failing => {
                self.is_failing = false;
                tracing::info!("access log {}: written again", self.name());
            }
            _ => {}
        }
    }

    fn name(&self) -> String {
        match &self.target {
            AccessLogTarget::Stdout => "stdout".to_owned(),
            AccessLogTarget::File(path) => path.display().to_string(),
        }
    }
}

/// The stream without the standard library's buffer and lock.
fn duplicate(stream: impl AsFd) -> io::Result<File> {
    stream.as_fd().try_clone_to_owned().map(File::from)
}

/// At its end. Opening must not wait, for the reader of a pipe say; writing may.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().append(true).create(true).mode(MODE).custom_flags(flags).open(path)?;
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}

#[cfg(test)]
mod tests;
