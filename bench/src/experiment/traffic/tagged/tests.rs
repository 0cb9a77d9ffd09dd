//! Bytes don't depend on how they are cut, and every kind of damage is seen.

use super::Tagged;

#[test]
fn bytes_are_the_same_however_they_are_cut() {
    let tagged = Tagged::of(7);
    let mut whole = [0; 100];
    tagged.fill(0, &mut whole);
    for piece in 1..20 {
        let mut cut = [0; 100];
        for (index, bytes) in cut.chunks_mut(piece).enumerate() {
            tagged.fill((index * piece) as u64, bytes);
        }
        assert_eq!(cut, whole, "in pieces of {piece}");
        let right = |(index, bytes)| tagged.first_wrong((index * piece) as u64, bytes).is_none();
        assert!(whole.chunks(piece).enumerate().all(right), "in pieces of {piece}");
    }
}

#[test]
fn a_flipped_lost_doubled_or_foreign_byte_is_found_where_it_is() {
    let tagged = Tagged::of(7);
    let mut bytes = [0; 64];
    tagged.fill(1000, &mut bytes);
    let mut flipped = bytes;
    flipped[33] ^= 1;
    assert_eq!(tagged.first_wrong(1000, &flipped), Some(33));
    assert!(tagged.first_wrong(1000, &bytes[1..]).is_some_and(|at| at < 4), "one is lost");
    assert!(tagged.first_wrong(1001, &bytes).is_some_and(|at| at < 4), "one is doubled");
    assert!(Tagged::of(8).first_wrong(1000, &bytes).is_some_and(|at| at < 4), "another's");
}
