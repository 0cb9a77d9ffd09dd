//! Where the admin API listens: a TCP address or a Unix socket.
//!
//! [`bind`] needs no runtime, so that a taken address is found before anything is started. A Unix socket's file is
//! ours while the [`Listener`] lives and removed with it; one that a killed process left behind is replaced, one that
//! somebody listens on is "in use". Only its owner (and root) may connect to it: its mode is 0600 from its first moment,
//! less what the umask takes; whoever shall share it is let in by a change of its group and mode afterwards.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, fchmod};
use rustix::net::listen;
use socket2::{Domain, SockAddr, Type};
use tokio::net::{TcpStream, UnixStream};

use super::visit::Peer;
use crate::config::AdminAddr;

/// Connections served at a time where nobody says how many fit. The admin API is for a few tools and a dashboard: this is
/// ample, and bounds its share of descriptors and memory.
pub const CONNECTIONS_MAX: u32 = 1024;
/// Connections that the kernel keeps until we accept them. std's 128 are too few for a crowd that comes at once: what
/// doesn't fit comes again after a second, and so would everybody else.
const BACKLOG: i32 = 4096;
/// Of a Unix socket's file.
const SOCKET_MODE: Mode = Mode::from_raw_mode(0o600);

/// A bound admin listener.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    addr: AdminAddr,
    connections_max: u32,
}

#[derive(Debug)]
enum Socket {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener, SocketFile),
}

/// Binds the admin API's address; port 0 takes a free one ([`Listener::addr`] says which).
///
/// # Errors
/// `AddrInUse` where somebody listens there; `AlreadyExists` where the path is a file that is no socket; else what the
/// kernel says. The text names the address.
pub fn bind(addr: &AdminAddr) -> io::Result<Listener> {
    let named = |error: io::Error, what: &dyn fmt::Display| io::Error::new(error.kind(), format!("{what}: {error}"));
    match addr {
        AdminAddr::Tcp(addr) => {
            let socket = std::net::TcpListener::bind(addr).map_err(|error| match error.kind() {
                io::ErrorKind::AddrInUse => named(in_use(), addr),
                _ => named(error, addr),
            })?;
            listen(&socket, BACKLOG)?;
            let addr = AdminAddr::Tcp(socket.local_addr()?);
            Ok(Listener { socket: Socket::Tcp(socket), addr, connections_max: CONNECTIONS_MAX })
        }
        AdminAddr::Unix(path) => {
            let socket = bind_unix(path).map_err(|error| named(error, &path.display()))?;
            let file = SocketFile::at(path)?;
            let socket = Socket::Unix(socket, file);
            Ok(Listener { socket, addr: addr.clone(), connections_max: CONNECTIONS_MAX })
        }
    }
}

fn bind_unix(path: &Path) -> io::Result<std::os::unix::net::UnixListener> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "is there already and is not a socket; remove it or choose another --admin",
            ));
        }
        // A connect is the only way to tell a socket that somebody serves from a file left behind.
        Ok(_) => match std::os::unix::net::UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path)?,
            _ => return Err(in_use()),
        },
        Err(_) => {}
    }
    let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // Linux makes the file with the mode that the socket has when it is bound: there is no moment in which others could
    // connect.
    fchmod(&socket, SOCKET_MODE)?;
    socket.bind(&SockAddr::unix(path)?)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn in_use() -> io::Error {
    let what = "in use: another program (or another lb) listens there; stop it or choose another --admin";
    io::Error::new(io::ErrorKind::AddrInUse, what)
}

impl Listener {
    /// The bound address, with the real port where 0 was asked for.
    pub fn addr(&self) -> &AdminAddr {
        &self.addr
    }

    /// The same with so many connections at a time, which must be more than none.
    pub fn with_connections_max(self, connections_max: u32) -> Self {
        Self { connections_max, ..self }
    }

    pub(super) fn connections_max(&self) -> u32 {
        self.connections_max
    }

    /// Puts the listener on the running tokio runtime.
    pub(super) fn into_acceptor(self) -> io::Result<Acceptor> {
        match self.socket {
            Socket::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                Ok(Acceptor::Tcp(tokio::net::TcpListener::from_std(socket)?))
            }
            Socket::Unix(socket, file) => {
                socket.set_nonblocking(true)?;
                Ok(Acceptor::Unix(tokio::net::UnixListener::from_std(socket)?, file))
            }
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.addr {
            AdminAddr::Tcp(addr) => write!(f, "http://{addr}"),
            AdminAddr::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A [`Listener`] that can be awaited.
#[derive(Debug)]
pub(super) enum Acceptor {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener, #[expect(dead_code, reason = "held for its drop")] SocketFile),
}

/// An accepted connection.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

impl Stream {
    pub(super) fn peer(&self) -> Peer {
        match self {
            Self::Tcp(_, addr) => Peer::Tcp(*addr),
            // The kernel doesn't say it of one that is gone already.
            Self::Unix(stream) => Peer::Unix(stream.peer_cred().ok().map(|cred| cred.uid())),
        }
    }
}

impl Acceptor {
    pub(super) async fn accept(&self) -> io::Result<Stream> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, addr) = listener.accept().await?;
                Stream::Tcp(stream, addr)
            }
            Self::Unix(listener, _) => Stream::Unix(listener.accept().await?.0),
        })
    }

    /// A browser can be talked into connecting to any TCP address, but not to a Unix socket.
    pub(super) fn browsers_can_connect(&self) -> bool {
        matches!(self, Self::Tcp(_))
    }
}

/// The file of a bound Unix socket; removed on drop, unless somebody has put another one in its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    device_and_inode: (u64, u64),
}

impl SocketFile {
    fn at(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), device_and_inode: device_and_inode(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if device_and_inode(&self.path).is_ok_and(|now| now == self.device_and_inode)
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "the admin socket's file could not be removed");
        }
    }
}

fn device_and_inode(path: &Path) -> io::Result<(u64, u64)> {
    let found = std::fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

#[cfg(test)]
mod tests;
