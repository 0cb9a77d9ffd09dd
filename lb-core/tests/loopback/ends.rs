//! FIN and RST from either side arrive at the other as what they are, after all bytes that went before them.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc;

use socket2::{Domain, Socket, Type};

use super::support::*;

const REQUEST: &[u8] = b"GET /r?id=1 HTTP/1.1\r\n\r\n";

/// Taking the first FIN for the end of both directions tears the other down (envoy #2067).
#[test]
fn client_half_close_keeps_the_response_open() {
    let backend = Scripted::new(|mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        write!(stream, "got {} bytes and the end", all.len()).unwrap();
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    client.write_all(REQUEST).unwrap();
    client.write_all(b"more").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_text(&mut client), format!("got {} bytes and the end", REQUEST.len() + 4));
    plane.all_closed();
}

#[test]
fn backend_half_close_keeps_the_upload_open() {
    let (said, heard) = mpsc::channel();
    let backend = Scripted::new(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(b"early").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        said.send(read_text(&mut stream)).unwrap();
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    client.write_all(REQUEST).unwrap();
    assert_eq!(read_text(&mut client), "early");
    client.write_all(b"late upload").unwrap();
    drop(client);
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), "late upload");
    plane.all_closed();
}

#[test]
fn a_client_that_ends_right_after_its_request_is_served() {
    let plane = Plane::before(config(), &Scripted::saying("hello"));
    for _ in 0..50 {
        let mut client = plane.connect();
        client.write_all(REQUEST).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert!(read_text(&mut client).ends_with("hello"));
    }
    plane.all_closed();
}

#[test]
fn a_client_reset_reaches_the_backend_as_a_reset() {
    let (said, heard) = mpsc::channel();
    let backend = Scripted::new(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(b"begun").unwrap();
        said.send(stream.read(&mut [0; 8]).map_err(|error| error.kind())).unwrap();
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    client.write_all(REQUEST).unwrap();
    client.read_exact(&mut [0; 5]).unwrap();
    reset(client);
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), Err(ErrorKind::ConnectionReset));
    plane.all_closed();
    assert_eq!(plane.count(|stats| &stats.resets), 1);
}

/// A reset turned into FIN makes half a response look whole (envoy #2703, #44148).
#[test]
fn a_backend_reset_mid_response_is_never_a_clean_end() {
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npartial").unwrap();
        // The reset must come after the bytes were taken, or the kernel may drop them on its own.
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 3);
        reset(stream);
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    client.write_all(REQUEST).unwrap();
    let mut got = vec![0; 47];
    client.read_exact(&mut got).unwrap();
    assert!(got.ends_with(b"partial"));
    client.write_all(b"now").unwrap();
    assert_eq!(client.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    plane.all_closed();
}

/// What one side sent before it hung up was dropped with it (haproxy #2749, sozu #1138).
#[test]
fn a_backend_that_resets_with_bytes_unread_by_a_slow_client_loses_none_that_were_read() {
    const BYTES: usize = 2_000_000;
    let (said, has_reset) = mpsc::channel();
    let backend = Scripted::new(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(&[b'x'; BYTES]).unwrap();
        // All is out of this process once the peer's window took it; ask the kernel rather than guess.
        until("the front has read everything", || unacknowledged(&stream) == 0);
        reset(stream);
        said.send(()).unwrap();
    });
    let plane = Plane::before(config(), &backend);
    let mut client = slow_client(plane.addr);
    client.write_all(REQUEST).unwrap();
    has_reset.recv_timeout(PATIENCE).unwrap();
    let mut got = 0;
    let mut buffer = vec![0; 4096];
    let end = loop {
        match client.read(&mut buffer) {
            Ok(0) => break None,
            Ok(count) => got += count,
            Err(error) => break Some(error.kind()),
        }
    };
    assert_eq!((got, end), (BYTES, Some(ErrorKind::ConnectionReset)));
    plane.all_closed();
}

#[test]
fn a_backend_that_closes_while_the_client_sends_resets_the_client_after_the_response() {
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\n").unwrap();
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    client.write_all(b"POST /r?id=1 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n").unwrap();
    let mut got = vec![0; 45];
    client.read_exact(&mut got).unwrap();
    let mut refused = false;
    until("the client is told that nobody listens", || {
        refused |= client.write_all(&[0; 1024]).is_err();
        refused
    });
    plane.all_closed();
}

#[test]
fn a_client_gone_while_the_backend_is_thinking_leaves_nothing_behind() {
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        let _ends_with_the_session = stream.read(&mut [0; 8]);
    });
    let plane = Plane::before(config(), &backend);
    for _ in 0..20 {
        let mut client = plane.connect();
        client.write_all(REQUEST).unwrap();
        until("it is routed", || plane.count(|stats| &stats.routed) == plane.count(|stats| &stats.accepted));
        reset(client);
    }
    plane.all_closed();
}

/// A client with a small window, so that what it hasn't read yet stays with the front's kernel.
pub(crate) fn slow_client(addr: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&addr.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

pub(crate) fn unacknowledged(stream: &TcpStream) -> usize {
    let queued = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port = |addr: SocketAddr| format!(":{:04X}", addr.port());
    let (local, peer) = (port(stream.local_addr().unwrap()), port(stream.peer_addr().unwrap()));
    let line = queued.lines().find(|line| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next().is_some_and(|field| field.ends_with(&local))
            && fields.next().is_some_and(|field| field.ends_with(&peer))
    });
    let sent = line.and_then(|line| line.split_whitespace().nth(4)?.split(':').next().map(str::to_owned));
    usize::from_str_radix(&sent.unwrap(), 16).unwrap()
}
