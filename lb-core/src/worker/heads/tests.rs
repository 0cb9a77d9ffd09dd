//! Held as long as it fits, and the pool stays small.

use super::*;

fn bytes(held: &Option<Box<Head>>) -> Option<&[u8]> {
    held.as_ref().map(|head| head.bytes())
}

#[test]
fn pieces_are_held_in_order_until_they_are_too_many() {
    let mut heads = Heads::default();
    let mut held = Some(heads.hold(b"GET / HTTP/1.1\r\n"));
    heads.add(&mut held, b"\r\n");
    assert_eq!(bytes(&held), Some(&b"GET / HTTP/1.1\r\n\r\n"[..]));
    heads.add(&mut held, &[b'x'; HEAD_BYTES_MAX - 18]);
    assert_eq!(bytes(&held).map(<[u8]>::len), Some(HEAD_BYTES_MAX));
    heads.add(&mut held, b"x");
    assert_eq!(bytes(&held), None);
    heads.add(&mut held, b"x");
    assert_eq!(bytes(&held), None, "what isn't held from its begin is never held");
}

#[test]
fn a_released_buffer_is_used_again_and_a_grown_one_is_not_kept() {
    let mut heads = Heads::default();
    let mut held = Some(heads.hold(b"GET "));
    heads.release(&mut held);
    assert_eq!((bytes(&held), heads.free.len()), (None, 1));
    let mut again = Some(heads.hold(b"HEAD"));
    assert_eq!((bytes(&again), heads.free.len()), (Some(&b"HEAD"[..]), 0));
    heads.add(&mut again, &[b'x'; POOLED_BYTES_MAX]);
    heads.release(&mut again);
    assert_eq!(heads.free.len(), 0);
}

#[test]
fn the_pool_is_bounded() {
    let mut heads = Heads::default();
    let held: Vec<_> = (0..POOLED_MAX + 10).map(|_| heads.hold(b"GET ")).collect();
    held.into_iter().for_each(|head| heads.release(&mut Some(head)));
    assert_eq!(heads.free.len(), POOLED_MAX);
}
