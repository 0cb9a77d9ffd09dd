//! key bytes → 64-bit key hash.
//!
//! Ids are hashed with SipHash-1-3 under a secret key, so that ids chosen by an attacker can't be aimed at one backend.
//! For the `assignment` rule 1 to 19 ASCII digits are that number (007 = 7) and are not hashed; anything else is.
//! Where a key is found in a request is the business of [`crate::session::key`], and which slot it falls in that of
//! [`super::SlotMap::slot_of`].

use std::fmt;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// A hashed key (for `assignment`: the request number).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyHash(pub u64);

/// Hashes keys under one secret.
#[derive(Clone)]
pub struct KeyHasher {
    secret: [u8; 16],
    digits_are_numbers: bool,
}

/// The longest run of digits that is read as a number: 19 nines are below 2^64, 20 are not.
const DIGITS_MAX: usize = 19;

impl KeyHasher {
    /// `digits_are_numbers` is what the `assignment` rule asks for.
    pub fn new(secret: [u8; 16], digits_are_numbers: bool) -> Self {
        Self { secret, digits_are_numbers }
    }

    /// The hash of a key as it stands in the request (already percent-decoded).
    pub fn hash(&self, key: &[u8]) -> KeyHash {
        if self.digits_are_numbers
            && let Some(number) = number(key)
        {
            return KeyHash(number);
        }
        let mut hasher = SipHasher13::new_with_key(&self.secret);
        hasher.write(key);
        KeyHash(hasher.finish())
    }
}

/// Without the secret: it must not end up in a log.
impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyHasher").field("digits_are_numbers", &self.digits_are_numbers).finish_non_exhaustive()
    }
}

fn number(key: &[u8]) -> Option<u64> {
    if key.is_empty() || key.len() > DIGITS_MAX || !key.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(key.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests;
