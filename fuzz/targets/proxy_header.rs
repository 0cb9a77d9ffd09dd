//! The PROXY header, both versions: what is read of the first bytes of a connection.
//!
//! However the bytes are split, they come to the same end, and no end is taken back by bytes that come later. Addresses
//! that were read are written and read again as they were.

#![no_main]

use lb_core::backend::ProxyVersion;
use lb_core::session::proxy_header::{Header, Read, V1_BYTES_MAX, V2_REST_BYTES_MAX, read};
use lb_fuzz::Pieces;
use libfuzzer_sys::{Corpus, fuzz_target};

/// Signature, version and command, family, length of a version 2 header.
const V2_FIXED_BYTES: usize = 16;

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some(pieces) = Pieces::of(input) else { return Corpus::Reject };
    let split = pieces.prefixes().map(read).find(|outcome| *outcome != Read::More);
    let whole = read(pieces.whole());
    assert_eq!(split.unwrap_or(Read::More), whole, "the split decided");
    if let Read::Complete { len, endpoints } = whole {
        assert!(len <= pieces.whole().len() && len <= V1_BYTES_MAX.max(V2_FIXED_BYTES + V2_REST_BYTES_MAX));
        for version in [ProxyVersion::V1, ProxyVersion::V2] {
            let written = Header::new(version, endpoints.as_ref());
            let again = read(written.as_bytes());
            assert_eq!(again, Read::Complete { len: written.as_bytes().len(), endpoints }, "{version:?}");
        }
    }
    Corpus::Keep
});
