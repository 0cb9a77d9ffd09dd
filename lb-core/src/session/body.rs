//! Where the first request on a connection ends, for `--affinity request`.
//!
//! Bytes are counted, never changed or kept: [`RequestEnd::admit`] says how many of the next bytes belong to the
//! request. With `--affinity connection`, after CONNECT and after an upgrade the end is never looked for.
//! Framing rules: RFC 9112, section 6 and 7.1. A head that two readers could frame differently is malformed.

use httparse::Header;

use super::first_line::{Line, NotAHead};

/// How much of the request is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestEnd {
    /// Every byte belongs to the session.
    Never,
    /// That many bytes.
    Bytes(u64),
    /// Chunks, as far as they have been read.
    Chunked(Chunked),
}

/// Where in a chunked body the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunked {
    /// In a size; `digits` of it have been read.
    Size {
        /// So far.
        size: u64,
        /// At most 16.
        digits: u8,
    },
    /// After a size, up to the line end.
    Extension {
        /// Of the chunk that follows.
        size: u64,
    },
    /// In the data and the line end behind it.
    Data {
        /// Bytes left, the two of the line end included.
        left: u64,
    },
    /// In the trailer; `line_bytes` of the current line have been read, `\r` not counted.
    Trailer {
        /// 0 at a line's begin, so that an empty line is recognised.
        line_bytes: u32,
    },
    /// The framing was broken: nothing more is forwarded.
    Broken,
}

impl RequestEnd {
    /// What the head says of its body. Both framings at once, or one that can't be read, is malformed.
    pub fn of(line: &Line<'_>, headers: &[Header<'_>]) -> Result<Self, NotAHead> {
        if line.method == "CONNECT" || asks_for_upgrade(headers) {
            return Ok(Self::Never);
        }
        let lengths = || fields(headers, "content-length");
        if let Some(encoding) = fields(headers, "transfer-encoding").last() {
            let chunked_last = encoding.rsplit(|byte| *byte == b',').next().map(<[u8]>::trim_ascii);
            let is_chunked = chunked_last.is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"));
            if !is_chunked || lengths().next().is_some() {
                return Err(NotAHead::Malformed);
            }
            return Ok(Self::Chunked(Chunked::Size { size: 0, digits: 0 }));
        }
        let mut length = None;
        for field in lengths() {
            let value = decimal(field).ok_or(NotAHead::Malformed)?;
            if length.is_some_and(|earlier| earlier != value) {
                return Err(NotAHead::Malformed);
            }
            length = Some(value);
        }
        Ok(Self::Bytes(length.unwrap_or(0)))
    }

    /// Whether nothing more of the request is to come.
    pub fn reached(&self) -> bool {
        matches!(self, Self::Bytes(0) | Self::Chunked(Chunked::Broken))
    }

    /// How many of `bytes` belong to the request; the rest is surplus.
    pub fn admit(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Never => bytes.len(),
            Self::Bytes(left) => {
                let taken = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                taken
            }
            Self::Chunked(_) => self.admit_chunked(bytes),
        }
    }

    fn admit_chunked(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while let Self::Chunked(state) = self {
            if *state == Chunked::Broken || taken == bytes.len() {
                return taken;
            }
            if let Chunked::Data { left } = state {
                let here = (bytes.len() - taken).min(usize::try_from(*left).unwrap_or(usize::MAX));
                taken += here;
                *left -= here as u64;
                if *left == 0 {
                    *state = Chunked::Size { size: 0, digits: 0 };
                }
                continue;
            }
            match state.after(bytes[taken]) {
                Some(next) => *state = next,
                None => *self = Self::Bytes(0),
            }
            taken += 1;
        }
        taken
    }
}

impl Chunked {
    /// The state after one byte outside of chunk data; `None` when it was the last of the body.
    fn after(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Size { size, digits }, byte) if byte.is_ascii_hexdigit() => {
                let digit = u64::from(char::from(byte).to_digit(16).unwrap_or(0));
                // 15 digits stay far below 2^64, line end included.
                if digits >= 15 { Self::Broken } else { Self::Size { size: size * 16 + digit, digits: digits + 1 } }
            }
            (Self::Size { digits: 0, .. }, _) => Self::Broken,
            (Self::Size { size, .. } | Self::Extension { size }, b'\n') => match size {
                0 => Self::Trailer { line_bytes: 0 },
                size => Self::Data { left: size + 2 },
            },
            (Self::Size { size, .. }, b'\r' | b';' | b' ' | b'\t') | (Self::Extension { size }, _) => {
                Self::Extension { size }
            }
            (Self::Size { .. }, _) => Self::Broken,
            (Self::Trailer { line_bytes: 0 }, b'\n') => return None,
            (Self::Trailer { .. }, b'\n') => Self::Trailer { line_bytes: 0 },
            (Self::Trailer { line_bytes }, b'\r') => Self::Trailer { line_bytes },
            (Self::Trailer { line_bytes }, _) => Self::Trailer { line_bytes: line_bytes.saturating_add(1) },
            (Self::Data { .. } | Self::Broken, _) => Self::Broken,
        })
    }
}

/// `Upgrade` with `Connection: upgrade` (RFC 9110, 7.8).
fn asks_for_upgrade(headers: &[Header<'_>]) -> bool {
    let named = |value: &[u8]| value.split(|b| *b == b',').any(|t| t.trim_ascii().eq_ignore_ascii_case(b"upgrade"));
    fields(headers, "upgrade").next().is_some() && fields(headers, "connection").any(named)
}

pub(super) fn fields<'a>(headers: &'a [Header<'_>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.trim_ascii())
}

pub(super) fn decimal(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).ok()?;
    // `parse` alone would accept a sign.
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Writes `head` to `out` with its Connection fields replaced by one `Connection: close`, everything else unchanged.
pub fn with_connection_close(head: &[u8], first_line_len: usize, out: &mut Vec<u8>) {
    const CLOSE: &[u8] = b"Connection: close\r\n";
    out.reserve(head.len() + CLOSE.len());
    out.extend_from_slice(&head[..first_line_len]);
    out.extend_from_slice(CLOSE);
    for line in head[first_line_len..].split_inclusive(|byte| *byte == b'\n') {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        if !name.trim_ascii().eq_ignore_ascii_case(b"connection") {
            out.extend_from_slice(line);
        }
    }
}

#[cfg(test)]
mod tests;
