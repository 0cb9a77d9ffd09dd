//! What a line says, to the letter, and that nothing a client sent can break out of it.

use std::net::SocketAddr;
use std::sync::Arc;

use lb_core::access_log::{End, Key};
use lb_core::backend::{Backend, BackendId, Seat};
use lb_core::ring::KeyHash;
use lb_core::session::answer::Status;
use lb_core::session::close::CloseReason;
use lb_core::session::key::KeyedBy;
use lb_core::session::route::Failure;

use super::*;

/// A session that was served.
fn served(key: &[u8]) -> Record {
    let addr: SocketAddr = "127.0.0.1:20001".parse().unwrap();
    let backend = Backend::new(BackendId(1), "S1".into(), Seat::numbered(1), addr, 1);
    Record {
        closed: UNIX_EPOCH + Duration::from_millis(1_700_000_000_500),
        worker: 1,
        number: 17,
        client: "192.0.2.7:4711".parse().unwrap(),
        key: Some(Key { hash: KeyHash(0xabc), slot: Some(3), by: KeyedBy::Query, raw: Some(key.into()) }),
        table_version: 5,
        epoch: 2,
        backend: Some(Arc::new(backend)),
        attempts: 2,
        replays: 1,
        spent_us: [0, 100, 0, 250, 3000, 1650],
        total_us: 5_500_000,
        bytes_to_backend: 64,
        bytes_to_client: 1024,
        end: End {
            reason: CloseReason::Complete,
            stage: Stage::Data,
            queue_timed_out: false,
            last_failure: Failure::Reset,
        },
    }
}

fn line(record: &Record, raw_keys: bool) -> String {
    let mut out = Vec::new();
    write(&mut out, record, raw_keys);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_served_session_is_one_line_in_the_promised_order() {
    let expected = concat!(
        r#"{"time":"2023-11-14T22:13:15.000000Z","id":"1-17","client":"192.0.2.7:4711","key_source":"query","#,
        r#""key_hash":"0000000000000abc","slot":3,"epoch":2,"table_version":5,"backend":"S1","backend_address":"127.0.0.1:20001","#,
        r#""attempts":2,"replays":1,"head_ms":0.1,"queue_ms":0.0,"connect_ms":0.25,"first_byte_ms":3.0,"data_ms":1.65,"#,
        r#""total_ms":5500.0,"bytes_to_backend":64,"bytes_to_client":1024,"status":null,"end":"--","reason":"complete"}"#,
        "\n",
    );
    assert_eq!(line(&served(b"7"), false), expected);
}

#[test]
fn a_session_without_a_key_or_a_backend_says_so_with_null() {
    let end = End { reason: CloseReason::Answered(Status::BadRequest), stage: Stage::Head, ..served(b"").end };
    let text = line(&Record { key: None, backend: None, end, ..served(b"") }, true);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    for null in ["key_source", "key_hash", "slot", "backend", "backend_address"] {
        assert!(value[null].is_null() && value.get(null).is_some(), "{null}: {text}");
    }
    assert_eq!((&value["status"], &value["end"], value.get("key")), (&400.into(), &"CH".into(), None));
}

/// FAULTS S10.
#[test]
fn whatever_a_key_holds_it_stays_within_its_line() {
    for nasty in [&b"a\nb\r\0"[..], b"\"},{\"end\":\"--", b"\\", b"\x1b[31m", b"\xff\xfe", "\u{2028}\u{7f}".as_bytes()]
    {
        let text = line(&served(nasty), true);
        assert_eq!(text.find('\n'), Some(text.len() - 1), "{text:?}");
        assert!(!text.trim_end().chars().any(|c| c.is_ascii_control() && c != '\u{7f}'), "{text:?}");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["key"], *String::from_utf8_lossy(nasty));
    }
}

#[test]
fn a_long_key_is_cut() {
    let value: serde_json::Value = serde_json::from_str(&line(&served(&[b'k'; 9000]), true)).unwrap();
    assert_eq!(value["key"].as_str().map(str::len), Some(KEY_BYTES_MAX));
}

#[test]
fn a_clock_that_was_never_set_is_no_panic() {
    let text = line(&Record { closed: UNIX_EPOCH + Duration::from_secs(1), ..served(b"7") }, false);
    assert!(text.starts_with(r#"{"time":"1970-01-01T00:00:00.000000Z""#), "{text}");
}
