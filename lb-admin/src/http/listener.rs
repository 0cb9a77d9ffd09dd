//! Where the admin API listens: a TCP address or a Unix socket.
//!
//! [`bind`] needs no runtime, so that a taken address is found before anything is started. A Unix socket's file is
//! ours while the [`Listener`] lives and removed with it; one that a killed process left behind is replaced, one that
//! somebody listens on is "in use". Who may connect to it is a matter of the directory's and the umask's permissions.

use std::fmt;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use tokio::net::{TcpStream, UnixStream};

use crate::config::AdminAddr;

/// A bound admin listener.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    addr: AdminAddr,
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
            let addr = AdminAddr::Tcp(socket.local_addr()?);
            Ok(Listener { socket: Socket::Tcp(socket), addr })
        }
        AdminAddr::Unix(path) => {
            let socket = bind_unix(path).map_err(|error| named(error, &path.display()))?;
            let file = SocketFile::at(path)?;
            Ok(Listener { socket: Socket::Unix(socket, file), addr: addr.clone() })
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
    std::os::unix::net::UnixListener::bind(path)
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
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Acceptor {
    pub(super) async fn accept(&self) -> io::Result<Stream> {
        Ok(match self {
            Self::Tcp(listener) => Stream::Tcp(listener.accept().await?.0),
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
