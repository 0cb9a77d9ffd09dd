//! Which texts are tokens, and that only the very same text is accepted.

use super::*;

const KEY: [u8; 16] = *b"0123456789abcdef";
const SECRET: &str = "correct-horse-battery";

#[test]
fn only_the_same_text_is_accepted() {
    let token = Token::new(SECRET, KEY).unwrap();
    assert!(token.accepts(SECRET.as_bytes()));
    let wrong: [&[u8]; 7] = [
        b"",
        b"correct-horse-batter",
        b"correct-horse-battery ",
        b"correct-horse-batterY",
        b"Correct-horse-battery",
        b"correct-horse-battery\0",
        b"\xff",
    ];
    for guess in wrong {
        assert!(!token.accepts(guess), "{guess:?}");
    }
    assert!(Token::new(SECRET, [9; 16]).unwrap().accepts(SECRET.as_bytes()), "the key is only the process's own");
}

#[test]
fn a_short_long_or_unprintable_text_is_no_token() {
    assert_eq!(Token::new("fifteen-letters", KEY).unwrap_err(), TokenError::Length(15));
    assert!(Token::new("sixteen--letters", KEY).is_ok());
    assert_eq!(Token::new(&"x".repeat(1025), KEY).unwrap_err(), TokenError::Length(1025));
    for text in ["with a space in it", "with-a-\ttab-in-it", "not-ascii-é-at-all", "bell-\u{7}-character"] {
        assert_eq!(Token::new(text, KEY).unwrap_err(), TokenError::Characters, "{text}");
    }
}

#[test]
fn a_log_never_shows_it() {
    assert_eq!(format!("{:?}", Token::new(SECRET, KEY).unwrap()), "Token(…)");
}
