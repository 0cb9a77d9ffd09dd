//! The ends of a connection: FIN, RST, and how much the peer hasn't received yet.

use std::net::Shutdown;
use std::time::Duration;

use mio::net::TcpStream;
use socket2::SockRef;

/// Says FIN. A peer that is gone already is no error here: reading will tell.
pub fn shut_write(stream: &TcpStream) {
    let _gone = stream.shutdown(Shutdown::Write);
}

/// Closes with RST. What the kernel hasn't sent yet is thrown away.
pub fn reset(stream: TcpStream) {
    let _closed_anyway = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    drop(stream);
}

/// Bytes written that the peer hasn't acknowledged (SIOCOUTQ); 0 where the kernel doesn't say.
pub fn unacknowledged(stream: &TcpStream) -> usize {
    // SAFETY: TIOCOUTQ on a socket writes one int to the pointer that `Getter` provides, and nothing else.
    #[expect(unsafe_code, reason = "neither rustix nor socket2 wraps this ioctl")]
    let outcome = unsafe {
        rustix::ioctl::ioctl(stream, rustix::ioctl::Getter::<{ libc::TIOCOUTQ as rustix::ioctl::Opcode }, i32>::new())
    };
    outcome.map_or(0, |bytes| usize::try_from(bytes).unwrap_or(0))
}
