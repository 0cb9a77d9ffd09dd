//! What the worker has done with each of its connections, kept when both ends are gone: for [`super::judge`].
//!
//! A peer that resets throws away what it hasn't read, so only the kernel knows what a backend was sent: whether a request
//! went out twice, and whether a byte of a response had been read by then. It also knows how many connections a backend
//! had at the same moment, in the middle of a turn too.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::net::SocketId;

/// Enough for a PROXY header of version 1 and the begin of a request with its client's number.
const BEGIN_BYTES: usize = 200;

/// One connection to a backend.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) addr: SocketAddr,
    /// Bytes that the worker has read.
    pub(super) read: usize,
    /// Bytes that the kernel has taken from the worker.
    pub(super) written: usize,
    /// The first of them.
    pub(super) begin: Vec<u8>,
}

/// All connections to backends.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    accounts: BTreeMap<SocketId, Account>,
    open: BTreeMap<SocketAddr, usize>,
    most_open: BTreeMap<SocketAddr, usize>,
}

impl Ledger {
    pub(super) fn note_connect(&mut self, id: SocketId, addr: SocketAddr) {
        self.accounts.insert(id, Account { addr, read: 0, written: 0, begin: Vec::new() });
        let open = self.open.entry(addr).or_default();
        *open += 1;
        let most = self.most_open.entry(addr).or_default();
        *most = (*most).max(*open);
    }

    pub(super) fn note_close(&mut self, id: SocketId) {
        if let Some(account) = self.accounts.get(&id) {
            *self.open.get_mut(&account.addr).expect("it was opened") -= 1;
        }
    }

    pub(super) fn note_read(&mut self, id: SocketId, count: usize) {
        if let Some(account) = self.accounts.get_mut(&id) {
            account.read += count;
        }
    }

    pub(super) fn note_written(&mut self, id: SocketId, bytes: &[u8]) {
        if let Some(account) = self.accounts.get_mut(&id) {
            account.written += bytes.len();
            let room = BEGIN_BYTES.saturating_sub(account.begin.len());
            account.begin.extend(&bytes[..bytes.len().min(room)]);
        }
    }

    /// In the order of their connects.
    pub(super) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// The connections to a backend that the worker has now, and the most that it ever had.
    pub(super) fn open_to(&self, addr: SocketAddr) -> (usize, usize) {
        let count = |counts: &BTreeMap<SocketAddr, usize>| counts.get(&addr).copied().unwrap_or(0);
        (count(&self.open), count(&self.most_open))
    }
}
