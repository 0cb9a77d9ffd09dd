//! What happens to connections outside of the worker: clients come, peers end, and the wire moves what was said.

use std::net::SocketAddr;

use super::{BACKLOG, Host, Net, SocketId};
use crate::worker::simulation::epoll::Wake;
use crate::worker::simulation::socket::{End, Socket, WIRE_BYTES_MAX};

impl Net {
    /// A client's handshake; `None` where the queue is full or nobody listens any more.
    pub(in super::super) fn client_connects(&mut self, listener: usize) -> Option<SocketId> {
        let known = &self.listeners[listener];
        if known.refuses_new || known.queue.len() >= BACKLOG {
            return None;
        }
        let fd = known.fd;
        let id = self.insert(Socket::connected(self.room));
        self.listeners[listener].queue.push_back(id);
        self.epoll.wake(fd, Wake::In);
        Some(id)
    }

    /// The peer closes its socket; how that looks to the worker (fact 6).
    pub(in super::super) fn peer_close(&mut self, id: SocketId) -> End {
        let end = self.socket(id).peer_close();
        self.peer_gone(id);
        end
    }

    /// The peer resets the connection.
    pub(in super::super) fn peer_reset(&mut self, id: SocketId) {
        self.socket(id).peer_reset();
        self.peer_gone(id);
    }

    fn peer_gone(&mut self, id: SocketId) {
        if self.sockets.get(&id).is_some_and(Socket::is_forgotten) {
            self.sockets.remove(&id);
        }
    }

    /// Moves up to `most` bytes, or an end, of one connection, one way.
    pub(in super::super) fn deliver(&mut self, id: SocketId, to_worker: bool, most: usize) {
        if let Some(&addr) = self.connecting_to.get(&id) {
            self.answer_handshake(id, addr);
            return;
        }
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let wake = if to_worker { socket.deliver_to_worker(most) } else { socket.deliver_to_peer(most) };
        self.wake(id, wake);
    }

    fn answer_handshake(&mut self, id: SocketId, addr: SocketAddr) {
        let wake = match self.hosts.get(&addr) {
            Some(Host::BlackHole) => return,
            Some(Host::Near | Host::Far) => {
                self.arrived.push_back((addr, id));
                self.socket(id).establish()
            }
            _ => self.socket(id).refuse(),
        };
        self.connecting_to.remove(&id);
        self.wake(id, wake);
    }

    /// Moves something somewhere.
    pub(in super::super) fn deliver_something(&mut self) {
        let Some(id) = self.any_socket() else { return };
        let most = match self.random.u8(..4) {
            0 => 1,
            1 => self.random.usize(1..64),
            _ => self.random.usize(1..WIRE_BYTES_MAX),
        };
        let to_worker = self.random.bool();
        self.deliver(id, to_worker, most);
    }

    /// Moves all that can be moved.
    pub(in super::super) fn deliver_all(&mut self) {
        for id in self.sockets.keys().copied().collect::<Vec<_>>() {
            // Twice: an end comes behind the bytes.
            for _ in 0..2 {
                self.deliver(id, true, usize::MAX);
                self.deliver(id, false, usize::MAX);
            }
        }
    }

    /// Behind a call of the worker.
    pub(in super::super) fn jostle(&mut self) {
        if let Some(id) = self.behind_next_call.take() {
            self.deliver(id, true, usize::MAX);
        }
        if self.jostle_chance == 0 || self.random.u8(..) >= self.jostle_chance {
            return;
        }
        // A reset between a read and the write behind it is rare and worth most.
        let breaking: Vec<SocketId> =
            self.sockets.iter().filter(|(_, socket)| socket.is_breaking()).map(|(&id, _)| id).collect();
        match self.random.choice(&breaking) {
            Some(&id) if self.random.bool() => self.deliver(id, true, usize::MAX),
            _ => self.deliver_something(),
        }
    }

    fn any_socket(&mut self) -> Option<SocketId> {
        let (first, last) = (self.sockets.keys().next()?.0, self.last_id);
        let from = SocketId(self.random.u32(first..=last));
        self.sockets.range(from..).next().or_else(|| self.sockets.iter().next()).map(|(&id, _)| id)
    }
}
