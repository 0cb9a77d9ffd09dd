//! Small parsers that clap and serde don't have.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer};

/// An address with its port; the message shows what one looks like.
pub(crate) fn socket_addr(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write IP:PORT, as in 0.0.0.0:5000 or [::]:5000".to_owned())
}

/// A key of the configuration file that is repeatable as a flag: one value or a list of them.
pub(crate) fn one_or_many<'de, D, T>(input: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "one value or a list of them")]
    enum OneOrMany<T> {
        One(T),
        Many(Vec<T>),
    }
    Ok(Some(match OneOrMany::deserialize(input)? {
        OneOrMany::One(value) => vec![value],
        OneOrMany::Many(values) => values,
    }))
}
