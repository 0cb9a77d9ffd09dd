//! How many client connections fit into the file descriptors that this process may have.
//!
//! A session costs two (client and backend), a pipe as many; the rest of the process needs some whatever happens, and a
//! connection that can't be served is better left in the accept queue than accepted and dropped. The admin API has a share
//! of its own, so that a crowd there takes nothing from the clients, nor they from it.

use lb_admin::http::CONNECTIONS_MAX;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::{Pipes, REPLICAS_MAX};

/// Descriptors of a session: the client's and the backend's socket.
const FDS_PER_SESSION: u64 = 2;
/// Descriptors of a pipe: its ends.
const FDS_PER_PIPE: u64 = 2;
/// Pipes have this part of all descriptors where nobody says how many, and at most [`PIPES_MOST_PART`] where somebody
/// does: most sessions never need one, and without one they copy.
const PIPES_PART: u64 = 16;
const PIPES_MOST_PART: u64 = 4;
/// Standard streams, the runtime's epoll, signal pipe and waker, the admin listener, a state file or two.
const FDS_PROCESS: u64 = 16;
/// Per worker, beside its listeners: epoll, waker, the reserve descriptor.
const FDS_PER_WORKER: u64 = 3;
/// Per replica: its pidfd and the socket of its health check.
const FDS_PER_REPLICA: u64 = 2;
/// Kept for replicas that are added later: this part of all, up to what as many as there may be need.
const SPARE_PART: u64 = 16;
const SPARE_MAX: u64 = REPLICAS_MAX as u64 * FDS_PER_REPLICA;
/// Kept for connections of the admin API: this part of all, within these bounds. One that is accepted before its place is
/// free is among the process's.
const ADMIN_PART: u64 = 16;
const ADMIN_MIN: u64 = 2;
const ADMIN_MAX: u64 = CONNECTIONS_MAX as u64;

/// What the reserve depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    /// Data-plane threads.
    pub(crate) workers: usize,
    /// Front addresses; each has a listener a worker.
    pub(crate) fronts: usize,
    /// Replicas and backends at the start.
    pub(crate) backends: usize,
    /// What bulk is spliced through.
    pub(crate) pipes: Pipes,
}

/// What fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Client connections that may be open at once.
    pub(crate) connections: usize,
    /// Pipes that sessions may have at once.
    pub(crate) pipes: usize,
    /// Connections of the admin API that may be open at once.
    pub(crate) admin_connections: u32,
}

/// The limit is below what one connection needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{limit} file descriptors are too few, at least {least} are needed: raise the limit (ulimit -n, LimitNOFILE=)")]
pub(crate) struct TooFewFiles {
    limit: u64,
    least: u64,
}

/// Raises the soft limit to the hard one and says what it is then. A kernel that refuses leaves the old limit, which
/// is then what is counted with.
pub(crate) fn raise_nofile() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok() {
        return maximum.unwrap_or(u64::MAX);
    }
    current.unwrap_or(u64::MAX)
}

/// More connections are asked for than the file limit has descriptors for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "--connections {asked}: {limit} file descriptors allow {fit}: lower it, or raise the limit (ulimit -n, LimitNOFILE=)"
)]
pub(crate) struct TooManyConnections {
    asked: usize,
    fit: usize,
    limit: u64,
}

/// More pipes are asked for than the file limit has descriptors for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "--pipes {asked}: {limit} file descriptors allow {fit}: lower it, or raise the limit (ulimit -n, LimitNOFILE=)"
)]
pub(crate) struct TooManyPipes {
    asked: usize,
    fit: usize,
    limit: u64,
}

impl Room {
    /// The same, if it has all the pipes that were asked for.
    pub(crate) fn holding(self, pipes: Pipes, nofile: u64) -> Result<Self, TooManyPipes> {
        match pipes.asked {
            Some(asked) if asked > self.pipes => Err(TooManyPipes { asked, fit: self.pipes, limit: nofile }),
            _ => Ok(self),
        }
    }

    /// As many connections as `--connections` asks for, where that fits; else all that fit.
    pub(crate) fn lowered(self, asked: Option<usize>, nofile: u64) -> Result<Self, TooManyConnections> {
        let fit = self.connections;
        match asked {
            Some(asked) if asked > fit => Err(TooManyConnections { asked, fit, limit: nofile }),
            asked => Ok(Self { connections: asked.unwrap_or(fit), ..self }),
        }
    }
}

/// Connections and pipes that may be open at once under `nofile` descriptors.
pub(crate) fn room(nofile: u64, needs: Needs) -> Result<Room, TooFewFiles> {
    let (workers, fronts, backends) = (needs.workers as u64, needs.fronts as u64, needs.backends as u64);
    let fixed = FDS_PROCESS + workers * (FDS_PER_WORKER + fronts) + backends * FDS_PER_REPLICA;
    let pipes = pipes_max(nofile, needs.pipes);
    let admin = (nofile / ADMIN_PART).clamp(ADMIN_MIN, ADMIN_MAX);
    let reserve = fixed + (nofile / SPARE_PART).min(SPARE_MAX) + admin + pipes * FDS_PER_PIPE;
    let connections = nofile.saturating_sub(reserve) / FDS_PER_SESSION;
    if connections == 0 {
        // Counted as if the most were asked for in pipes; one number for all settings.
        const { assert!(ADMIN_PART == SPARE_PART) };
        let divisor = SPARE_PART * PIPES_MOST_PART - 2 * PIPES_MOST_PART - SPARE_PART;
        let least = (fixed + FDS_PER_SESSION) * SPARE_PART * PIPES_MOST_PART / divisor + 1;
        return Err(TooFewFiles { limit: nofile, least });
    }
    let whole = |number| usize::try_from(number).unwrap_or(usize::MAX);
    let admin_connections = u32::try_from(admin).unwrap_or(u32::MAX);
    Ok(Room { connections: whole(connections), pipes: whole(pipes), admin_connections })
}

fn pipes_max(nofile: u64, pipes: Pipes) -> u64 {
    match pipes.asked {
        Some(asked) => (asked as u64).min(nofile / PIPES_MOST_PART / FDS_PER_PIPE),
        None => (pipes.by_pages as u64).min(nofile / PIPES_PART / FDS_PER_PIPE),
    }
}

#[cfg(test)]
mod tests;
