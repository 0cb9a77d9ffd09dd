//! The head reader: `session/first_line`, `session/key` and `session/request` together, as a worker asks them.
//!
//! Whatever the bytes, the settings and the split: the verdict is that of the whole in one piece, no verdict is taken
//! back by bytes that come later, and a verdict speaks of bytes that are there.

#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use lb_core::config::{Affinity, NonHttp, WorkerConfig};
use lb_core::ring::KeyHasher;
use lb_core::session::first_line::HeadScan;
use lb_core::session::key::KeySources;
use lb_core::session::request::{Context, Verdict, decide};
use lb_fuzz::Pieces;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((&settings, rest)) = input.split_first() else { return Corpus::Reject };
    let Some(pieces) = Pieces::of(rest) else { return Corpus::Reject };
    let config = &SETTINGS[usize::from(settings) % SETTINGS.len()];
    let context = Context { config, client: IpAddr::V4(Ipv4Addr::LOCALHOST), random: 7 };
    let (verdict, read) = settle(pieces.prefixes(), &context);
    // What came behind the deciding byte is the session's; in one piece the same bytes must be decided alike.
    let (in_one_piece, _) = settle([pieces.whole()], &context);
    assert_eq!(verdict, in_one_piece, "by {read} of {} bytes, under settings {settings}", pieces.whole().len());
    if let Verdict::Route(decision) = &verdict
        && let Some((head, line)) = decision.rewrite
    {
        assert!(0 < line && line < head && head <= read, "a line of {line} in a head of {head} in {read} bytes");
        assert!(pieces.whole()[..head].ends_with(b"\n"));
    }
    Corpus::Keep
});

/// Asks after each read, until there is a verdict or nothing more comes. Gives it, and how much had come by then.
fn settle<'a>(received: impl IntoIterator<Item = &'a [u8]>, context: &Context<'_>) -> (Verdict, usize) {
    let mut scan = HeadScan::default();
    let mut read = 0;
    for bytes in received {
        read = bytes.len();
        let verdict = decide(&mut scan, bytes, context);
        if verdict != Verdict::More {
            return (verdict, read);
        }
    }
    (Verdict::More, read)
}

/// Every way of reading: the line alone, the head, each request by itself, with and without the profile's paths.
static SETTINGS: LazyLock<Vec<WorkerConfig>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for keys in ["query:request_id,query:id,header:x-request-id,random", "cookie:id,path", "source"] {
        for affinity in [Affinity::Connection, Affinity::Request] {
            for (non_http, profile) in [(NonHttp::Raw, false), (NonHttp::Reject, true)] {
                all.push(WorkerConfig {
                    keys: keys.parse::<KeySources>().expect("key sources"),
                    affinity,
                    non_http,
                    serve_admin_paths: profile,
                    record_answered: profile,
                    ..WorkerConfig::new(KeyHasher::new([7; 16], false))
                });
            }
        }
    }
    all
});
