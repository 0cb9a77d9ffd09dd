//! Small parsers that clap and serde don't have.

use std::net::SocketAddr;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// An address with its port; the message shows what one looks like.
pub(crate) fn socket_addr(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write IP:PORT, as in 0.0.0.0:5000 or [::]:5000".to_owned())
}

/// What the admin API takes as an `Idempotency-Key`.
pub(crate) fn idempotency_key(text: &str) -> Result<String, String> {
    let is_key = (1..=255).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    is_key.then(|| text.to_owned()).ok_or_else(|| "write 1 to 255 characters of ASCII, such as a UUID".to_owned())
}

/// A key of the configuration file that is repeatable as a flag: one text or a list of them.
pub(crate) fn texts<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "write one text in quotes or a list of them, as in [\"…\", \"…\"]")]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(Some(match OneOrMany::deserialize(input)? {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    }))
}

/// The same for addresses.
pub(crate) fn addresses<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Vec<SocketAddr>>, D::Error> {
    let read = |text: &String| socket_addr(text).map_err(|why| D::Error::custom(format!("'{text}': {why}")));
    texts(input)?.map(|texts| texts.iter().map(read).collect()).transpose()
}

/// A number of the configuration file that may have a fraction, as it would be typed as a flag.
pub(crate) fn number_text<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "write a number, as in 1.25")]
    enum Number {
        Bare(f64),
        Quoted(String),
    }
    Ok(Some(match Number::deserialize(input)? {
        Number::Bare(number) => number.to_string(),
        Number::Quoted(text) => text,
    }))
}
