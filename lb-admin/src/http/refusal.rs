//! What hyper can't read as a request it refuses with a bare status line; here that gets the JSON body of every other error.
//!
//! [`Refusing`] lies between hyper and the socket. A write that is nothing but such a refusal is replaced by a whole answer;
//! ours always have a content type and hyper's never, so that they can't be taken for each other. Afterwards some of what
//! the client still sends is read and dropped for a moment: closing a socket with unread input would reset the connection,
//! and destroy the answer on its way. Not here: errors of requests that could be read (`answer`).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long, and how much, is read from a client that was refused.
const LINGER: Duration = Duration::from_millis(500);
const DISCARDED_BYTES_MAX: usize = 1024 * 1024;
const SCRATCH_BYTES: usize = 4096;

/// A connection on which bare refusals get a body.
#[derive(Debug)]
pub(super) struct Refusing<I> {
    io: I,
    answer: Option<Answer>,
}

/// The answer in place of a bare one.
#[derive(Debug)]
struct Answer {
    bytes: Vec<u8>,
    written: usize,
    shut: bool,
    discarded: usize,
    linger: Option<Pin<Box<Sleep>>>,
}

impl<I> Refusing<I> {
    pub(super) fn new(io: I) -> Self {
        Self { io, answer: None }
    }

    /// Takes what hyper writes where it is a bare refusal.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        let Some(bytes) = whole_answer(bytes).filter(|_| self.answer.is_none()) else { return false };
        self.answer = Some(Answer { bytes, written: 0, shut: false, discarded: 0, linger: None });
        true
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> Refusing<I> {
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(answer) = &mut self.answer else { return Poll::Ready(Ok(())) };
        while answer.written < answer.bytes.len() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &answer.bytes[answer.written..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            answer.written += written;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads on until the client has finished, or for a while.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(answer) = &mut self.answer else { return Poll::Ready(()) };
        let linger = answer.linger.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        let mut scratch = [0; SCRATCH_BYTES];
        while answer.discarded < DISCARDED_BYTES_MAX && linger.as_mut().poll(cx).is_pending() {
            let mut read = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.io).poll_read(cx, &mut read)) {
                Ok(()) if !read.filled().is_empty() => answer.discarded += read.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Refusing<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Refusing<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.takes(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut filled = slices.iter().filter(|slice| !slice.is_empty());
        if let (Some(only), None) = (filled.next(), filled.next())
            && self.takes(only)
        {
            return Poll::Ready(Ok(only.len()));
        }
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_answer(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_answer(cx))?;
        if !self.answer.as_ref().is_some_and(|answer| answer.shut) {
            ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
        }
        if let Some(answer) = &mut self.answer {
            answer.shut = true;
            ready!(self.poll_discard(cx));
        }
        Poll::Ready(Ok(()))
    }
}

/// The answer in place of a bare refusal; `None`: it is none.
fn whole_answer(written: &[u8]) -> Option<Vec<u8>> {
    let head = std::str::from_utf8(written).ok()?.strip_suffix("\r\n\r\n")?;
    let status_line = head.split("\r\n").next()?;
    let fields = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    let (mut named, mut has_type) = (0, false);
    for (name, _) in fields {
        named += 1;
        has_type |= name.eq_ignore_ascii_case("content-type");
    }
    let what = match status_line.strip_prefix("HTTP/1.")?.get(2..5)? {
        "400" => "this is not HTTP/1.1, or its head is malformed",
        "414" => "the request line is too long",
        "431" => "the head is over 16 KiB, or has more than 100 lines",
        _ => return None,
    };
    if has_type || named == 0 {
        return None;
    }
    let body = json!({"message": format!("<Error> {what}"), "status": "failure"});
    let fields = "content-type: application/json\r\nconnection: close";
    let answer = format!("{status_line}\r\n{fields}\r\ncontent-length: {}\r\n\r\n{body}\n", body.to_string().len() + 1);
    Some(answer.into_bytes())
}

#[cfg(test)]
mod tests;
