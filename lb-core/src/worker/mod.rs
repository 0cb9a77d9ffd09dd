//! The workers: each a thread with a mio event loop, its own listeners, its sessions and the table it routes by.
//!
//! Nothing is shared between workers but what [`crate::control`] hands to them. A connection's way:
//! `admit` (accept) → `dispatch` (drive) → `request` (first bytes, decision) → `attempt` (choose, connect, first write)
//! → `queue` (where its backend is full) → `dispatch` (both directions; `replay` where the backend dies first) →
//! `farewell` (the end). What is decided is in [`crate::session`], each syscall in [`crate::net`]; here the two are joined.

mod admit;
mod attempt;
mod buffers;
mod caught_up;
mod command;
mod desk;
mod dispatch;
mod event_loop;
mod farewell;
mod heads;
mod journal;
mod live;
mod losses;
mod moves;
mod pipes;
mod proxied;
mod queue;
mod replay;
mod request;
#[cfg(test)]
mod simulation;
mod source_limit;
mod splicing;
pub mod stats;
mod timer;
mod token;
mod turn;

use std::io;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::thread::JoinHandle;

use mio::{Poll, Waker};

use crate::config::WorkerConfig;
use crate::control::{Control, Notify};
use crate::net::listen::Fronts;
use event_loop::{Loop, Parts};
use source_limit::SourceLimit;
use token::Target;

/// The running workers: the handle to steer them by and the threads to wait for.
pub struct DataPlane {
    /// Tables in, reports out.
    pub control: Control,
    /// One a worker; a thread that panicked says so when joined.
    pub threads: Vec<JoinHandle<()>>,
}

/// Starts a worker for every set of listeners in `fronts`. They accept at once; without a table they answer 503.
/// `notify` is called on a worker's thread whenever there is something to read from the [`Control`].
pub fn start(config: WorkerConfig, fronts: Fronts, notify: Notify) -> io::Result<DataPlane> {
    let count = fronts.workers();
    let (listeners, claims) = fronts.into_parts();
    let claims = Arc::new(claims);
    let mut polls = Vec::with_capacity(count);
    let mut wakers = Vec::with_capacity(count);
    for _ in 0..count {
        let poll = Poll::new()?;
        wakers.push(Arc::new(Waker::new(poll.registry(), Target::Commands.token())?));
        polls.push(poll);
    }
    let sources = NonZeroU32::new(config.connections_per_source).map(|limit| Arc::new(SourceLimit::new(limit.get())));
    let config = Arc::new(config);
    let (control, ports) = Control::link(wakers, &notify);
    let mut threads = Vec::with_capacity(count);
    for (number, ((poll, listeners), port)) in polls.into_iter().zip(listeners).zip(ports).enumerate() {
        let sessions_max = share(config.connections_max, count, number).max(1);
        let pipes_max = share(config.pipes_max, count, number);
        let (config, sources) = (Arc::clone(&config), sources.clone());
        let parts = Parts { poll, listeners, config, port, number, sessions_max, sources, pipes_max };
        let claims = Arc::clone(&claims);
        let (ready, started) = crossbeam_channel::bounded(1);
        threads.push(std::thread::Builder::new().name(format!("lb-worker-{number}")).spawn(move || {
            // The claims on the ports are given up with the last worker.
            let _claims = claims;
            // Made on its own thread: what sessions share within a worker is counted without atomics.
            match Loop::new(parts) {
                Ok(event_loop) => {
                    let _waiting = ready.send(Ok(()));
                    event_loop.run();
                }
                Err(error) => {
                    let _waiting = ready.send(Err(error));
                }
            }
        })?);
        started.recv().map_err(io::Error::other)??;
    }
    Ok(DataPlane { control, threads })
}

/// What one of `count` workers may have of `all`: together exactly that.
fn share(all: usize, count: usize, number: usize) -> usize {
    all / count + usize::from(number < all % count)
}

#[cfg(test)]
mod tests;
