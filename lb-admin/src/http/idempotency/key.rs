//! The header `Idempotency-Key`, read. Pure.
//!
//! As in draft-ietf-httpapi-idempotency-key-header it is a string of RFC 9651 (`"8e03978e"`); without its quotes it is the
//! same key, since that is how most clients send one. Parameters after it mean nothing to anybody, so they are refused.

use std::sync::Arc;

use axum::http::HeaderMap;

/// The header.
pub(super) const HEADER: &str = "idempotency-key";
/// Longest key, in characters: more than any UUID, and what clients of other APIs are used to.
const CHARS_MAX: usize = 255;

/// What a client calls one change by: 1 to 255 visible characters or spaces of ASCII. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(Arc<str>);

/// Why there is no key in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyError {
    #[error("more than one Idempotency-Key: send one")]
    Two,
    #[error("Idempotency-Key must have 1 to 255 characters, not {0}")]
    Length(usize),
    #[error("Idempotency-Key must be a string of ASCII such as \"8e03978e-40d5-43dd-bc93-6894a57f9324\"")]
    Malformed,
}

/// The key of a request, where it has one.
pub(super) fn read(headers: &HeaderMap) -> Result<Option<Key>, KeyError> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(KeyError::Two);
    }
    let text = match value.as_bytes().trim_ascii() {
        [b'"', rest @ ..] => quoted(rest),
        bare => self::bare(bare),
    };
    let text = text.ok_or(KeyError::Malformed)?;
    match text.len() {
        1..=CHARS_MAX => Ok(Some(Key(text.into()))),
        length => Err(KeyError::Length(length)),
    }
}

/// What stands before the closing quote, which must be the last; `\` is only for itself and a quote.
fn quoted(rest: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut bytes = rest.iter().copied();
    loop {
        let byte = match bytes.next()? {
            b'"' => return bytes.next().is_none().then_some(text),
            b'\\' => bytes.next().filter(|byte| matches!(byte, b'"' | b'\\'))?,
            byte @ b' '..=b'~' => byte,
            _ => return None,
        };
        text.push(char::from(byte));
    }
}

/// Without what would be something else in a header: a list, a parameter, half of a quoted string.
fn bare(bytes: &[u8]) -> Option<String> {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b',' | b';');
    bytes.iter().all(is_plain).then(|| bytes.iter().copied().map(char::from).collect())
}

#[cfg(test)]
mod tests;
