//! Keys as clients send them, and what is none.

use axum::http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn read_one(value: &[u8]) -> Result<Option<Key>, KeyError> {
    let mut headers = HeaderMap::new();
    headers.append(HEADER, HeaderValue::from_bytes(value).expect("a header value"));
    read(&headers)
}

fn key(text: &str) -> Result<Option<Key>, KeyError> {
    Ok(Some(Key(text.into())))
}

#[test]
fn a_key_is_the_same_with_and_without_its_quotes() {
    for (written, text) in [
        ("\"8e03978e-40d5\"", "8e03978e-40d5"),
        ("8e03978e-40d5", "8e03978e-40d5"),
        (" \"a b\" ", "a b"),
        (r#""a\"b\\c""#, r#"a"b\c"#),
        ("order:12/34+5=", "order:12/34+5="),
        ("\"a, b;c=1\"", "a, b;c=1"),
    ] {
        assert_eq!(read_one(written.as_bytes()), key(text), "{written}");
    }
    assert_eq!(read(&HeaderMap::new()), Ok(None));
}

#[test]
fn what_is_no_key_is_told_from_one_that_is_too_long() {
    let malformed =
        ["\"a", "\"a\" b", "\"a\"; p=1", r#""a\b""#, r#""\"#, "a b", "a,b", "a;b", "a\"", "a\\", "é", "\"é\""];
    for written in malformed {
        assert_eq!(read_one(written.as_bytes()), Err(KeyError::Malformed), "{written}");
    }
    assert_eq!(read_one(b"\"a\tb\""), Err(KeyError::Malformed));
    assert_eq!((read_one(b""), read_one(b"\"\"")), (Err(KeyError::Length(0)), Err(KeyError::Length(0))));
    assert_eq!(read_one("k".repeat(255).as_bytes()), key(&"k".repeat(255)));
    assert_eq!(read_one("k".repeat(256).as_bytes()), Err(KeyError::Length(256)));
    // An escape is one character.
    assert_eq!(read_one(format!("\"{}\"", r"\\".repeat(255)).as_bytes()), key(&r"\".repeat(255)));
}

#[test]
fn two_keys_are_none() {
    let mut headers = HeaderMap::new();
    headers.append(HEADER, HeaderValue::from_static("a"));
    headers.append(HEADER, HeaderValue::from_static("a"));
    assert_eq!(read(&headers), Err(KeyError::Two));
}

proptest! {
    /// Whatever a key is made of, it comes back as it was before it was quoted.
    #[test]
    fn what_is_quoted_is_read_back(text in "[ -~]{1,255}") {
        let quoted = format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#));
        prop_assert_eq!(read_one(quoted.as_bytes()), key(&text));
    }

    /// No bytes make a key that is empty, too long, or has other characters.
    #[test]
    fn whatever_is_sent_a_key_is_one(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let Ok(value) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
        let mut headers = HeaderMap::new();
        headers.append(HEADER, value);
        if let Ok(Some(Key(text))) = read(&headers) {
            prop_assert!((1..=CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        }
    }
}
