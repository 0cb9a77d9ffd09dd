//! Events are the same however their bytes were cut.

use super::*;

const STREAM: &str = "retry: 1000\n\nid: 4\nevent: change\ndata: {\"a\":1}\n\n: still here\n\nid: 5\nevent: change\ndata: x\ndata: y\n\nid: 6\n";

fn events(pieces: &[&[u8]]) -> Vec<Frame> {
    let mut frames = Frames::default();
    let mut all = Vec::new();
    for piece in pieces {
        frames.add(piece);
        all.extend(frames.by_ref());
    }
    all
}

#[test]
fn they_are_the_same_however_they_come() {
    let whole = events(&[STREAM.as_bytes()]);
    let frame = |id, data: &str| Frame { id: Some(id), event: "change".to_owned(), data: data.to_owned() };
    assert_eq!(whole, [frame(4, "{\"a\":1}"), frame(5, "x\ny")]);
    let bytes: Vec<&[u8]> = STREAM.as_bytes().chunks(1).collect();
    assert_eq!(events(&bytes), whole);
    for cut in 0..STREAM.len() {
        let (first, rest) = STREAM.as_bytes().split_at(cut);
        assert_eq!(events(&[first, rest]), whole, "cut at {cut}");
    }
}

#[test]
fn one_without_end_takes_no_memory_without_end() {
    let mut frames = Frames::default();
    for _ in 0..100 {
        frames.add(&[b'x'; 64 * 1024]);
    }
    assert!(frames.unread.len() <= EVENT_BYTES_MAX);
}
