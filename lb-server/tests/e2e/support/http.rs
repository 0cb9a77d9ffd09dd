//! A plain HTTP/1.1 client on blocking sockets: what a user's curl would send, and the answer in full.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use super::WITHIN;

/// A complete response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Status line and header fields, without the blank line.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// A header field's value; names are compared without case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let fields = self.head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    /// The replica that answered, by the sample backend's body.
    pub(crate) fn replica(&self) -> String {
        let body = self.json();
        let greeting = body["response"]["message"].as_str().or(body["message"].as_str()).unwrap_or_default();
        greeting.strip_prefix("Hello from Server: ").unwrap_or_else(|| panic!("no replica: {self:?}")).to_owned()
    }
}

/// Connects with deadlines on reads and writes, so that no test hangs.
pub(crate) fn connect(addr: SocketAddr) -> TcpStream {
    try_connect(addr).unwrap_or_else(|error| panic!("connect to {addr}: {error}"))
}

pub(crate) fn try_connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&addr, WITHIN)?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    Ok(stream)
}

/// `GET path` on a connection of its own.
pub(crate) fn get(addr: SocketAddr, path: &str) -> Response {
    send(addr, "GET", path, "")
}

/// One request on a connection of its own.
pub(crate) fn send(addr: SocketAddr, method: &str, path: &str, body: &str) -> Response {
    try_send(addr, method, path, body).unwrap_or_else(|error| panic!("{method} {path} at {addr}: {error}"))
}

pub(crate) fn try_send(addr: SocketAddr, method: &str, path: &str, body: &str) -> io::Result<Response> {
    let mut stream = try_connect(addr)?;
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n{length}\r\n");
    stream.write_all(format!("{head}{body}").as_bytes())?;
    read_response(&mut stream)
}

/// Reads one response to its end by `Content-Length`, else to the end of the connection. Nothing may follow it.
pub(crate) fn read_response(stream: &mut impl Read) -> io::Result<Response> {
    let mut stream = BufReader::new(stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_until(b'\n', &mut head)? == 0 {
            let so_far = String::from_utf8_lossy(&head).into_owned();
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("end within the head: {so_far:?}")));
        }
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?.trim_end().to_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no status line: {head:?}")))?;
    let mut response = Response { status, head, body: Vec::new() };
    match response.field("content-length").map(str::parse) {
        Some(length) => {
            response.body.resize(length.map_err(io::Error::other)?, 0);
            stream.read_exact(&mut response.body)?;
        }
        None => drop(stream.read_to_end(&mut response.body)?),
    }
    Ok(response)
}

/// Sends bytes as they are and reads everything until the other side finishes.
pub(crate) fn exchange(addr: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(addr);
    stream.write_all(bytes).unwrap();
    read_to_end(&mut stream)
}

/// Everything until the other side finishes cleanly.
pub(crate) fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap_or_else(|error| panic!("after {} bytes: {error}", bytes.len()));
    bytes
}
