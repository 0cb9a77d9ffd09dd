//! The line that an error becomes.

use std::io;

use anyhow::Context;

use super::*;

#[derive(Debug, thiserror::Error)]
#[error("192.0.2.1:80: {source}")]
struct Telling {
    source: io::Error,
}

#[test]
fn an_error_that_tells_its_source_is_told_once() {
    let telling = Telling { source: io::Error::other("no such address") };
    let error = Err::<(), _>(telling).context("front").expect_err("an error");
    assert_eq!(in_one_line(&error), "front: 192.0.2.1:80: no such address");
    let error = Err::<(), _>(io::Error::other("full")).context("disk").expect_err("an error");
    assert_eq!(in_one_line(&error), "disk: full");
}
