//! Finds the end of the first line and of the head in what a client has sent so far, and reads them once.
//!
//! A head may arrive byte by byte. [`HeadScan`] goes on looking where the last look stopped, so a dripped head costs
//! linear time (re-parsing it each time would be quadratic), and holds the size limits, which httparse doesn't have.
//! [`Line`] and [`with_headers`] read the found range with httparse.
//! Not here: what the key is ([`super::key`]) and what follows the head ([`super::body`]).

/// Longest first line, in bytes, line end included (a longer one is answered with 431).
pub const FIRST_LINE_BYTES_MAX: usize = 8 * 1024;
/// Longest head, in bytes, final empty line included (a longer one is answered with 431).
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most header fields; httparse wants the space up front, and a head of 16 KiB can't sensibly hold more.
pub const HEADERS_MAX: usize = 128;
/// Longest method; a longer token is no HTTP that we know.
const METHOD_BYTES_MAX: usize = 32;
/// Methods whose malformed lines are malformed HTTP; after any other token they are some other protocol.
const KNOWN_METHODS: [&[u8]; 9] =
    [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE", b"CONNECT"];

/// What the bytes so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// A beginning of HTTP; more is needed.
    More,
    /// What was asked for is there.
    Found,
    /// Not HTTP/1 at all.
    NotHttp,
    /// The line or the head is over its limit.
    TooLong,
}

/// How far a head has been looked through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeadScan {
    scanned: u16,
    line_start: u16,
    /// Length of the first line with its line end, leading empty lines included; 0 = not found yet.
    first_line_end: u16,
    /// Length of the head; 0 = not found yet.
    head_end: u16,
}

impl HeadScan {
    /// Looks for the end of the first line. `bytes` is everything received so far, of which earlier calls saw a prefix.
    pub fn find_line(&mut self, bytes: &[u8]) -> Scan {
        // Asked first, so that the outcome is the same whether the line end has arrived yet or not.
        if begins_unlike_http(bytes) {
            return Scan::NotHttp;
        }
        self.scan(bytes, false);
        if self.first_line_end > 0 {
            return Scan::Found;
        }
        if bytes.len() >= FIRST_LINE_BYTES_MAX { Scan::TooLong } else { Scan::More }
    }

    /// Looks for the end of the head, after [`find_line`](Self::find_line) has found the line.
    pub fn find_head(&mut self, bytes: &[u8]) -> Scan {
        self.scan(bytes, true);
        if self.head_end > 0 {
            return Scan::Found;
        }
        if bytes.len() >= HEAD_BYTES_MAX { Scan::TooLong } else { Scan::More }
    }

    /// Bytes of the first line with everything before it.
    pub fn line_len(&self) -> usize {
        usize::from(self.first_line_end)
    }

    /// Bytes of the head.
    pub fn head_len(&self) -> usize {
        usize::from(self.head_end)
    }

    fn scan(&mut self, bytes: &[u8], whole_head: bool) {
        let limit = if whole_head { HEAD_BYTES_MAX } else { FIRST_LINE_BYTES_MAX };
        let bytes = &bytes[..bytes.len().min(limit)];
        while self.head_end == 0 && (whole_head || self.first_line_end == 0) {
            let from = usize::from(self.scanned);
            let Some(found) = bytes[from..].iter().position(|&byte| byte == b'\n') else {
                self.scanned = bytes.len() as u16;
                return;
            };
            let line_end = from + found + 1;
            let line = &bytes[usize::from(self.line_start)..line_end];
            let empty = line == b"\n" || line == b"\r\n";
            match (empty, self.first_line_end > 0) {
                // Empty lines before the first one are allowed (RFC 9112, 2.2).
                (true, false) => {}
                (true, true) => self.head_end = line_end as u16,
                (false, false) => self.first_line_end = line_end as u16,
                (false, true) => {}
            }
            self.line_start = line_end as u16;
            self.scanned = line_end as u16;
        }
    }
}

/// Whether no continuation could make an HTTP/1 request line of this: the method is no token, or too long.
fn begins_unlike_http(bytes: &[u8]) -> bool {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    let method = &bytes[start..];
    let end = method.iter().position(|byte| !is_token_byte(*byte));
    match end {
        Some(0) => true,
        Some(end) => method[end] != b' ' || end > METHOD_BYTES_MAX,
        None => method.len() > METHOD_BYTES_MAX,
    }
}

/// Whether bytes look like the begin of a request of a known method.
pub fn begins_with_method(bytes: &[u8]) -> bool {
    KNOWN_METHODS.iter().any(|method| bytes.strip_prefix(*method).is_some_and(|rest| rest.first() == Some(&b' ')))
}

/// RFC 9110's `tchar`.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A parsed first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// As sent; case matters.
    pub method: &'a str,
    /// As sent.
    pub target: &'a str,
    /// HTTP/1.0 or HTTP/1.1.
    pub version_minor: u8,
}

/// Why bytes with a line end are no HTTP/1 head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAHead {
    /// Another protocol.
    NotHttp,
    /// HTTP, but wrong.
    Malformed,
}

impl<'a> Line<'a> {
    /// Reads the first line: `bytes[..scan.line_len()]`.
    pub fn read(bytes: &'a [u8]) -> Result<Self, NotAHead> {
        let mut no_headers = [];
        let mut request = httparse::Request::new(&mut no_headers);
        // Only the line is given, so "partial" is the good outcome: the headers are missing.
        let parsed = request.parse(bytes);
        match (parsed, request.method, request.path, request.version) {
            (Ok(_), Some(method), Some(target), Some(version_minor)) => Ok(Self { method, target, version_minor }),
            _ => Err(classify(bytes)),
        }
    }
}

/// A line that httparse refuses: HTTP if it begins with a method that we know or ends in a version, else something else.
fn classify(bytes: &[u8]) -> NotAHead {
    let line = bytes.trim_ascii();
    let method = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    let last = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    // "PRI * HTTP/2.0" opens HTTP/2, which is another protocol to us.
    if KNOWN_METHODS.contains(&method) || last.starts_with(b"HTTP/1") { NotAHead::Malformed } else { NotAHead::NotHttp }
}

/// Reads a whole head, `bytes[..scan.head_len()]`, and shows its header fields.
pub fn with_headers<T>(bytes: &[u8], read: impl FnOnce(&[httparse::Header<'_>]) -> T) -> Result<T, NotAHead> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => Ok(read(request.headers)),
        Ok(httparse::Status::Partial) | Err(_) => Err(NotAHead::Malformed),
    }
}

#[cfg(test)]
mod tests;
