//! What bulk is spliced through: `--pipe-size`, `--pipes`, and the kernel's own limit of pages in pipes.
//!
//! Not here: what the file limit allows, which is only known at boot ([`crate::limits`]).

use lb_core::config::{LARGE_PIPE_BYTES, PIPE_BYTES};

use super::{ConfigError, Surroundings, within};

/// The smallest pipe: a page.
const SIZE_LEAST: u64 = 4096;
/// The largest that may be asked for; without privileges the kernel gives up to /proc/sys/fs/pipe-max-size (1 MiB).
const SIZE_MOST: u64 = 16 * 1024 * 1024;
/// The most pipes, whatever the limits: two gigabytes at the usual size if every reader stalls.
const PIPES_MOST: usize = 8192;
/// This part of the pages that a user may have in pipes is ours: other programs of the same user want some too.
const PAGES_PART: usize = 2;

/// The pipes of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pipes {
    /// What one holds; 0 where nothing is spliced.
    pub(crate) bytes: usize,
    /// What those hold that are lent first; as much as the others where a size was asked for.
    pub(crate) large_bytes: usize,
    /// `--pipes`.
    pub(crate) asked: Option<usize>,
    /// What the limit of pages allows.
    pub(crate) by_pages: usize,
}

pub(super) fn resolve(size: Option<usize>, asked: Option<usize>, around: &Surroundings) -> Result<Pipes, ConfigError> {
    let bytes = size.unwrap_or(PIPE_BYTES);
    if bytes == 0 {
        return Ok(Pipes { bytes: 0, large_bytes: 0, asked: Some(0), by_pages: 0 });
    }
    within("--pipe-size", bytes as u64, SIZE_LEAST, SIZE_MOST)?;
    if let Some(pipes) = asked {
        within("--pipes", pipes as u64, 0, PIPES_MOST as u64)?;
    }
    let pages = bytes.next_power_of_two() / SIZE_LEAST as usize;
    let large_bytes = size.unwrap_or(LARGE_PIPE_BYTES);
    Ok(Pipes { bytes, large_bytes, asked, by_pages: (around.pipe_pages / PAGES_PART / pages).min(PIPES_MOST) })
}
