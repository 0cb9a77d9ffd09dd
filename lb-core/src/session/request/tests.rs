//! What is decided by the first bytes under each setting, and that the split of the bytes never matters.

use proptest::prelude::*;

use super::*;
use crate::ring::KeyHasher;

fn config() -> WorkerConfig {
    WorkerConfig { record_answered: true, ..WorkerConfig::new(KeyHasher::new([1; 16], false)) }
}

fn decided(config: &WorkerConfig, bytes: &[u8], step: usize) -> (Verdict, usize) {
    let context = Context { config, client: [127, 0, 0, 1].into(), random: 42 };
    let mut scan = HeadScan::default();
    let mut end = 0;
    loop {
        end = (end + step).min(bytes.len());
        let verdict = decide(&mut scan, &bytes[..end], &context);
        if verdict != Verdict::More || end == bytes.len() {
            return (verdict, end);
        }
    }
}

fn decision(config: &WorkerConfig, bytes: &[u8]) -> Decision {
    match decided(config, bytes, 1).0 {
        Verdict::Route(decision) => decision,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_in_the_first_line_does_not_wait_for_the_head() {
    let request = b"GET /r?request_id=7 HTTP/1.1\r\nX-Request-Id: 9\r\n\r\n";
    let (verdict, read) = decided(&config(), request, 1);
    assert_eq!(read, 30, "decided with the line end");
    let Verdict::Route(decision) = verdict else { panic!("{verdict:?}") };
    assert_eq!(decision.key, config().hasher.hash(b"7"));
    assert_eq!(decision.recorded.as_deref(), Some(&b"7"[..]));
    assert_eq!((decision.keyed_by, decision.http, decision.rewrite), (KeyedBy::Query, true, None));
}

#[test]
fn a_header_key_waits_for_the_head_and_without_one_the_key_is_random() {
    let with = decision(&config(), b"GET / HTTP/1.1\r\nX-Request-Id: 9\r\n\r\n");
    assert_eq!(with.key, config().hasher.hash(b"9"));
    let without = decision(&config(), b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!((without.key, without.keyed_by, without.recorded), (KeyHash(42), KeyedBy::Random, None));
}

#[test]
fn affinity_request_waits_for_the_head_and_asks_for_the_rewrite() {
    let config = WorkerConfig { affinity: Affinity::Request, ..config() };
    let head = b"GET /?id=1 HTTP/1.1\r\nContent-Length: 3\r\n\r\n";
    let decision = decision(&config, head);
    assert_eq!(decision.rewrite, Some((head.len(), 21)));
    assert_eq!(decision.end, RequestEnd::Bytes(3));
}

#[test]
fn tcp_mode_awaits_nothing() {
    let config = WorkerConfig { mode: Mode::Tcp, ..config() };
    let decision = decision(&config, b"");
    assert_eq!((decision.keyed_by, decision.http), (KeyedBy::Source, false));
    assert_eq!(decision.key, config.hasher.hash(&key::source_key([127, 0, 0, 1].into())));
}

#[test]
fn other_protocols_are_raw_or_refused_and_malformed_http_is_always_refused() {
    let reject = WorkerConfig { non_http: NonHttp::Reject, ..config() };
    assert_eq!(decision(&config(), b"\x16\x03\x01").keyed_by, KeyedBy::Raw);
    assert!(!decision(&config(), b"EHLO example.org\r\n").http);
    assert_eq!(decided(&reject, b"\x16\x03\x01", 1).0, Verdict::Refuse(Status::BadRequest));
    for config in [config(), reject] {
        assert_eq!(decided(&config, b"GET /\r\n", 1).0, Verdict::Refuse(Status::BadRequest));
    }
}

#[test]
fn admin_paths_are_recognised_only_where_they_are_served() {
    let profile = WorkerConfig { serve_admin_paths: true, ..config() };
    for path in ["/rep", "/add", "/rm", "/requests/S1", "/rep?pretty", "http://h/rm"] {
        let request = format!("POST {path} HTTP/1.1\r\n");
        assert_eq!(decided(&profile, request.as_bytes(), 1).0, Verdict::Admin, "{path}");
        assert_ne!(decided(&config(), request.as_bytes(), 1).0, Verdict::Admin);
    }
    for path in ["/", "/home", "/requests", "/replicas", "/add/x"] {
        assert_eq!(decided(&profile, format!("GET {path} HTTP/1.1\r\n").as_bytes(), 1).0, Verdict::More, "{path}");
    }
}

proptest! {
    #[test]
    fn the_decision_does_not_depend_on_the_split(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..120),
            "(GET|PUT|BREW) /[a-z]{0,4}([?]id=[0-9%a]{0,5})? HTTP/1[.]1\r\n(Content-Length: [0-9]{1,3}\r\n|X-Request-Id: [a-z]{0,3}\r\n){0,3}\r\n".prop_map(String::into_bytes),
        ],
        step in 1_usize..40,
        per_request in any::<bool>(),
    ) {
        let affinity = if per_request { Affinity::Request } else { Affinity::Connection };
        let config = WorkerConfig { affinity, ..config() };
        prop_assert_eq!(decided(&config, &bytes, step).0, decided(&config, &bytes, usize::MAX / 2).0);
    }
}
