//! The admin API's bearer token: what a right one looks like, and a comparison that tells a guesser nothing.
//!
//! The token itself isn't kept. Kept is its 128-bit keyed hash; what is presented is hashed under the same key, which
//! nobody outside knows and which is new in every process, and the two digests, always of one length, are compared
//! without a branch. How long that takes depends on the length of the guess alone. Pure: where the text and the key
//! come from is lb-server's `config`, what is asked of whom is the guard's business ([`crate::http`]).

use std::fmt;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};
use subtle::ConstantTimeEq;

/// Fewest characters: 16 of base64 are 96 bits, beyond any guessing over a network.
pub const TOKEN_CHARACTERS_MIN: usize = 16;
/// Most: it has to fit a header line beside everything else.
pub const TOKEN_CHARACTERS_MAX: usize = 1024;

/// A token that changes must carry. Its `Debug` form shows nothing of it.
#[derive(Clone)]
pub struct Token {
    key: [u8; 16],
    digest: [u8; 16],
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Too few or too many characters.
    #[error("the token has {0} characters: {TOKEN_CHARACTERS_MIN} to {TOKEN_CHARACTERS_MAX} are allowed")]
    Length(usize),
    /// A space, a control character, or something beyond ASCII.
    #[error("the token may hold printable ASCII characters only, and no spaces")]
    Characters,
}

impl Token {
    /// The token `secret`, hashed under `key`, which must be random.
    ///
    /// # Errors
    /// `secret` could not be sent as a bearer token, or is so short that it could be guessed.
    pub fn new(secret: &str, key: [u8; 16]) -> Result<Self, TokenError> {
        if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Characters);
        }
        if !(TOKEN_CHARACTERS_MIN..=TOKEN_CHARACTERS_MAX).contains(&secret.len()) {
            return Err(TokenError::Length(secret.len()));
        }
        Ok(Self { key, digest: digest(&key, secret.as_bytes()) })
    }

    /// Whether `presented` is this token.
    pub(crate) fn accepts(&self, presented: &[u8]) -> bool {
        self.digest.ct_eq(&digest(&self.key, presented)).into()
    }
}

impl PartialEq for Token {
    /// Whether both are the same text, where both were hashed under one key.
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && bool::from(self.digest.ct_eq(&other.digest))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

fn digest(key: &[u8; 16], text: &[u8]) -> [u8; 16] {
    let mut hasher = SipHasher24::new_with_key(key);
    hasher.write(text);
    hasher.finish128().as_bytes()
}

#[cfg(test)]
mod tests;
