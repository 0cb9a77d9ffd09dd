//! The seam between the supervisor and what runs replicas: processes today, containers later.
//!
//! A [`Launcher`] starts one replica for an [`Order`]; the [`Replica`] it gives says when it has ended and can be told
//! to end. Neither decides anything: when to start, how long to wait and what a failure means is the membership's and
//! the supervisor's business. Neighbour: [`super::process`] is the launcher for the `process` runtime.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use lb_core::backend::BackendId;

/// A replica to start.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The incarnation; never used twice.
    pub(crate) id: BackendId,
    /// What users call it; a hostname.
    pub(crate) name: Arc<str>,
    /// Its seat's number.
    pub(crate) seat: u32,
}

/// How a replica ended, or why it couldn't be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    /// "exit status 1", "killed by signal 9", …
    pub(crate) how: String,
    /// There is no point in trying again at once: the command doesn't exist, for example.
    pub(crate) hopeless: bool,
    /// The last line that it wrote, printable; may be empty.
    pub(crate) output: String,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.how)?;
        if !self.output.is_empty() {
            write!(f, ": {}", self.output)?;
        }
        Ok(())
    }
}

/// Starts replicas.
pub(crate) trait Launcher: Send + Sync + 'static {
    /// What it starts.
    type Replica: Replica;

    /// Starts one. It need not answer its checks yet.
    fn launch(&self, order: &Order) -> impl Future<Output = Result<Self::Replica, Exit>> + Send;
}

/// A replica that was started.
pub(crate) trait Replica: Send {
    /// Its process, where it is one.
    fn pid(&self) -> Option<u32>;

    /// Where it (will) listen.
    fn addr(&self) -> SocketAddr;

    /// Waits until it has ended; nothing of it is left then. May be dropped and called again.
    fn ended(&mut self) -> impl Future<Output = Exit> + Send;

    /// Asks it to end.
    fn terminate(&self);

    /// Ends it.
    fn kill(&self);

    /// It ended because it was told to: nothing of it is worth keeping.
    fn forget(self);
}
