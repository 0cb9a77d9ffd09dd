//! What is held comes out in order, and emptied buffers are used again.

use super::*;

#[test]
fn an_emptied_buffer_goes_back_to_the_pool_and_is_used_again() {
    let mut buffers = Buffers::default();
    let mut held = Held::default();
    buffers.hold(&mut held, b"hello ");
    buffers.hold(&mut held, b"world");
    buffers.taken(&mut held, 6);
    assert_eq!(held.pending(), b"world");
    buffers.taken(&mut held, 5);
    assert_eq!((held.len(), held.0.is_none(), buffers.free.len()), (0, true, 1));
    buffers.hold(&mut held, b"x");
    assert_eq!((held.pending(), buffers.free.len()), (&b"x"[..], 0));
}

#[test]
fn the_pool_is_bounded() {
    let mut buffers = Buffers::default();
    for _ in 0..POOLED_MAX + 10 {
        buffers.give_back(Box::default());
    }
    assert_eq!(buffers.free.len(), POOLED_MAX);
}
