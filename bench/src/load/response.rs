//! Reads one HTTP/1.x response, piece by piece as it arrives. Pure: bytes in, verdict out.
//!
//! Only what a load generator needs: the status, where the body ends (length, chunks, or the end of the connection),
//! whether the connection may be kept, and the first bytes of the body. The rest of a body is counted and dropped, so
//! memory is bounded whatever the peer sends.

use std::fmt;

/// Longest head that is read.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Longest line with a chunk's size, its extensions included.
const CHUNK_LINE_BYTES_MAX: usize = 4 * 1024;

/// The state of one response.
#[derive(Debug)]
pub(crate) struct ResponseReader {
    /// Head bytes while it is incomplete, then the beginning of the body.
    kept: Vec<u8>,
    body_kept_max: usize,
    phase: Phase,
    status: u16,
    keep_alive: bool,
}

#[derive(Debug)]
enum Phase {
    Head,
    Length { remaining: u64 },
    Chunks(Chunk),
    UntilClose,
    Complete,
}

#[derive(Debug)]
enum Chunk {
    SizeLine { size: u64, in_extension: bool, bytes: usize },
    Data { remaining: u64 },
    DataEnd,
    Trailer { line_bytes: usize, bytes: usize },
}

/// Why bytes are no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an HTTP response: {}", self.0)
    }
}

impl ResponseReader {
    /// At the start of a response; `body_kept_max` bytes of its body are kept.
    pub(crate) fn new(body_kept_max: usize) -> Self {
        Self { kept: Vec::with_capacity(512), body_kept_max, phase: Phase::Head, status: 0, keep_alive: false }
    }

    /// Back to the start for the next response, keeping the allocation.
    pub(crate) fn restart(&mut self) {
        self.kept.clear();
        self.phase = Phase::Head;
    }

    /// Takes what has arrived; true when the response is complete. Bytes after its end are an error: nobody asked.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Result<bool, Malformed> {
        while !bytes.is_empty() {
            bytes = match &mut self.phase {
                Phase::Head => self.feed_head(bytes)?,
                Phase::Length { remaining } => {
                    let taken = bytes.len().min(usize::try_from(*remaining).unwrap_or(usize::MAX));
                    *remaining -= taken as u64;
                    if *remaining == 0 {
                        self.phase = Phase::Complete;
                    }
                    self.keep(&bytes[..taken]);
                    &bytes[taken..]
                }
                Phase::Chunks(_) => self.feed_chunks(bytes)?,
                Phase::UntilClose => {
                    self.keep(bytes);
                    &[]
                }
                Phase::Complete => return Err(Malformed("bytes after its end")),
            };
        }
        Ok(self.is_complete())
    }

    /// The peer has finished; true when that completes the response.
    pub(crate) fn end(&mut self) -> bool {
        if matches!(self.phase, Phase::UntilClose) {
            self.phase = Phase::Complete;
        }
        self.is_complete()
    }

    /// Whether everything has arrived.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.phase, Phase::Complete)
    }

    /// The status; 0 while the head is incomplete.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// Whether the connection may carry another request.
    pub(crate) fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// The beginning of the body (empty while the head is incomplete).
    pub(crate) fn body(&self) -> &[u8] {
        if matches!(self.phase, Phase::Head) { &[] } else { &self.kept }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.body_kept_max.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn feed_head<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Malformed> {
        // The blank line may be split between two reads: look again at the last three bytes.
        let seen = self.kept.len().saturating_sub(3);
        let had = self.kept.len();
        self.kept.extend_from_slice(bytes);
        let Some(at) = self.kept[seen..].windows(4).position(|window| window == b"\r\n\r\n") else {
            if self.kept.len() > HEAD_BYTES_MAX {
                return Err(Malformed("its head is over 16 KiB"));
            }
            return Ok(&[]);
        };
        let head_len = seen + at + 4;
        let head = Head::parse(&self.kept[..head_len - 4])?;
        self.kept.clear();
        self.status = head.status;
        self.keep_alive = head.keep_alive && !matches!(head.body, Phase::UntilClose);
        // 1xx: the real head follows.
        self.phase = if head.status < 200 { Phase::Head } else { head.body };
        Ok(&bytes[head_len - had..])
    }

    fn feed_chunks<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let Phase::Chunks(chunk) = &mut self.phase else { return Ok(bytes) };
        if let Chunk::Data { remaining } = chunk {
            let taken = bytes.len().min(usize::try_from(*remaining).unwrap_or(usize::MAX));
            *remaining -= taken as u64;
            if *remaining == 0 {
                *chunk = Chunk::DataEnd;
            }
            self.keep(&bytes[..taken]);
            return Ok(&bytes[taken..]);
        }
        if chunk.step(bytes[0])? {
            self.phase = Phase::Complete;
        }
        Ok(&bytes[1..])
    }
}

impl Chunk {
    const FIRST: Self = Self::SizeLine { size: 0, in_extension: false, bytes: 0 };

    /// One byte outside of a chunk's data; true at the end of the whole body.
    fn step(&mut self, byte: u8) -> Result<bool, Malformed> {
        match self {
            Self::SizeLine { size, in_extension, bytes } => {
                *bytes += 1;
                match byte {
                    b'\n' if *bytes == 1 => return Err(Malformed("a chunk without a size")),
                    b'\n' if *size == 0 => *self = Self::Trailer { line_bytes: 0, bytes: 0 },
                    b'\n' => *self = Self::Data { remaining: *size },
                    _ if *bytes > CHUNK_LINE_BYTES_MAX => return Err(Malformed("a chunk's size line is too long")),
                    b'\r' | b' ' | b'\t' => {}
                    b';' => *in_extension = true,
                    _ if *in_extension => {}
                    _ => {
                        let digit = char::from(byte).to_digit(16).ok_or(Malformed("a chunk's size is no number"))?;
                        let grown = size.checked_mul(16).ok_or(Malformed("a chunk's size is over 2^64"))?;
                        *size = grown + u64::from(digit);
                    }
                }
            }
            Self::Data { .. } => debug_assert!(false, "data is taken in bulk"),
            Self::DataEnd if byte == b'\n' => *self = Self::FIRST,
            Self::DataEnd if byte == b'\r' => {}
            Self::DataEnd => return Err(Malformed("a chunk is longer than its size")),
            Self::Trailer { line_bytes, bytes } => {
                *bytes += 1;
                match byte {
                    b'\n' if *line_bytes == 0 => return Ok(true),
                    b'\n' => *line_bytes = 0,
                    b'\r' => {}
                    _ if *bytes > HEAD_BYTES_MAX => return Err(Malformed("its trailer is over 16 KiB")),
                    _ => *line_bytes += 1,
                }
            }
        }
        Ok(false)
    }
}

struct Head {
    status: u16,
    keep_alive: bool,
    body: Phase,
}

impl Head {
    fn parse(head: &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(head).map_err(|_| Malformed("its head is not text"))?;
        let mut lines = text.split("\r\n");
        let (version, rest) = lines.next().and_then(|line| line.split_once(' ')).ok_or(Malformed("no status line"))?;
        if !version.starts_with("HTTP/1.") {
            return Err(Malformed("no status line"));
        }
        let status = rest.get(..3).and_then(|digits| digits.parse().ok()).ok_or(Malformed("no status"))?;
        let mut keep_alive = version != "HTTP/1.0";
        let mut length = None;
        let mut chunked = false;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.parse().map_err(|_| Malformed("Content-Length is no number"))?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.to_ascii_lowercase().ends_with("chunked");
            } else if name.eq_ignore_ascii_case("connection") {
                let value = value.to_ascii_lowercase();
                keep_alive = (keep_alive || value.contains("keep-alive")) && !value.contains("close");
            }
        }
        let body = match length {
            _ if matches!(status, 204 | 304) => Phase::Complete,
            _ if chunked => Phase::Chunks(Chunk::FIRST),
            Some(0) => Phase::Complete,
            Some(remaining) => Phase::Length { remaining },
            None => Phase::UntilClose,
        };
        Ok(Self { status, keep_alive, body })
    }
}

#[cfg(test)]
mod tests;
