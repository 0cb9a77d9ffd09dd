//! What a line shows, and how many of them there are.

use std::time::Duration;

use super::*;

#[test]
fn a_change_is_one_line_with_who_what_and_result() {
    let body = Bytes::from_static(br#"{"n":1,"hostnames":["A"]}"#);
    let line = line("127.0.0.1:40000", &Method::POST, "/add?wait=0", &body, StatusCode::OK);
    assert_eq!(line, r#"change by 127.0.0.1:40000: POST /add?wait=0 {"n":1,"hostnames":["A"]} -> 200"#);
}

#[test]
fn control_bytes_are_escaped_and_long_bodies_cut() {
    let body = Bytes::from_static(b"{\"n\":1}\n2026 INFO forged \x1b[31m\0\xff\\n");
    let shown = line("unix", &Method::DELETE, "/rm", &body, StatusCode::BAD_REQUEST);
    let expected = r#"change by unix: DELETE /rm {"n":1}\n2026 INFO forged \x1b[31m\x00\xff\\n -> 400"#;
    assert_eq!(shown, expected);
    assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{shown}");
    let long = Escaped(&[b'x'; 1000]).to_string();
    assert!(long.ends_with("x… (1000 bytes)") && long.len() < 300, "{long}");
}

#[test]
fn a_flood_of_refusals_is_told_in_part_and_counted() {
    let refusals = Refusals::new();
    let start = Instant::now();
    let told = (0..1_000).filter(|_| refusals.tell(start).is_some()).count();
    assert_eq!(told, REFUSALS_BURST as usize);
    assert_eq!(refusals.tell(start + Duration::from_secs(1)), Some(950));
    assert_eq!(refusals.tell(start + Duration::from_secs(1)), Some(0));
}
