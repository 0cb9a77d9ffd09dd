//! Server-Sent Events out of bytes that come in pieces of any size. Pure. The format is that of the HTML standard, chapter
//! "Server-sent events", as far as our server writes it.

/// An event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) id: Option<u64>,
    pub(super) event: String,
    pub(super) data: String,
}

/// What has come and isn't a whole event yet.
#[derive(Debug, Default)]
pub(super) struct Frames {
    unread: Vec<u8>,
}

/// An event that doesn't end is no event of ours; what was kept of it is dropped.
const EVENT_BYTES_MAX: usize = 1024 * 1024;

impl Frames {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        if self.unread.len() > EVENT_BYTES_MAX && end_of_event(&self.unread).is_none() {
            self.unread.clear();
        }
    }
}

impl Iterator for Frames {
    type Item = Frame;

    /// The next whole event; comments are none.
    fn next(&mut self) -> Option<Frame> {
        loop {
            let end = end_of_event(&self.unread)?;
            let block: Vec<u8> = self.unread.drain(..end).collect();
            let frame = read(&String::from_utf8_lossy(&block));
            if !frame.data.is_empty() {
                return Some(frame);
            }
        }
    }
}

/// Behind the empty line that ends an event.
fn end_of_event(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\n\n").map(|at| at + 2)
}

fn read(block: &str) -> Frame {
    let mut frame = Frame::default();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => frame.id = value.parse().ok(),
            "event" => value.clone_into(&mut frame.event),
            "data" if frame.data.is_empty() => value.clone_into(&mut frame.data),
            "data" => frame.data.extend(["\n", value]),
            // Comments and what we don't know.
            _ => {}
        }
    }
    frame
}

#[cfg(test)]
mod tests;
