//! What goes into epoll comes back the same.

use super::*;

#[test]
fn every_target_survives_the_way_through_epoll() {
    let key = |index, generation| SessionKey { index, generation };
    for target in [
        Target::Commands,
        Target::Listener(0),
        Target::Listener(7),
        Target::Socket(key(0, 0), End::Client),
        Target::Socket(key(u32::MAX, GENERATION_MASK), End::backend(7)),
        Target::Socket(key(5, 1), End::backend(1)),
    ] {
        assert_eq!(Target::of(target.token()), target);
    }
}

#[test]
fn generations_wrap_within_their_bits() {
    assert_eq!(SessionKey::following(GENERATION_MASK), 0);
    assert_eq!(SessionKey::following(0), 1);
}
