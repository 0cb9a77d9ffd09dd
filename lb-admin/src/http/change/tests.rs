//! Bodies of `/add` and `/rm`: what is read, and what is refused in which words.

use super::*;

fn error(body: impl AsRef<[u8]>) -> String {
    Change::parse(body.as_ref()).unwrap_err().to_string()
}

#[test]
fn what_is_right_is_read() {
    let cases: [(&str, Option<u64>, &[&str]); 9] = [
        (r#"{"n":4,"hostnames":["S5","S4"]}"#, Some(4), &["S5", "S4"]),
        (r#"{"n":4}"#, Some(4), &[]),
        (r#"{"n":4,"hostnames":[]}"#, Some(4), &[]),
        (r#"{"hostnames":["a"]}"#, None, &["a"]),
        (r#" {"n" : 1} "#, Some(1), &[]),
        (r#"{"n":1,"n":2}"#, Some(2), &[]),
        (r#"{"n":1,"replicas":{"a":[1]},"N":"x"}"#, Some(1), &[]),
        (r#"{"n":18446744073709551615}"#, Some(u64::MAX), &[]),
        (r#"{"hostnames":["3","bad name\u0000"]}"#, None, &["3", "bad name\0"]),
    ];
    for (body, n, hostnames) in cases {
        let hostnames = hostnames.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(Change::parse(body.as_bytes()), Ok(Change { n, hostnames }), "{body}");
    }
}

#[test]
fn a_wrong_count_is_named_with_what_was_sent() {
    let cases = [
        ("null", "null"),
        ("-1", "-1"),
        ("0", "0"),
        ("-0", "-0.0"),
        ("2.5", "2.5"),
        ("2.0", "2.0"),
        (r#""4""#, "a string"),
        ("true", "a boolean"),
        ("[4]", "a list"),
        ("{}", "an object"),
        ("18446744073709551616", "1.8446744073709552e+19"),
    ];
    for (n, found) in cases {
        assert_eq!(error(format!(r#"{{"n":{n}}}"#)), format!("n must be a positive integer, not {found}"), "{n}");
    }
}

#[test]
fn wrong_hostnames_are_named_with_their_place() {
    let cases = [
        ("null", "hostnames must be a list of strings, not null"),
        (r#""S1""#, "hostnames must be a list of strings, not a string"),
        ("{}", "hostnames must be a list of strings, not an object"),
        (r#"["a",7]"#, "hostnames[1] must be a string, not a number"),
        ("[null]", "hostnames[0] must be a string, not null"),
        (r#"[["a"]]"#, "hostnames[0] must be a string, not a list"),
    ];
    for (hostnames, message) in cases {
        assert_eq!(error(format!(r#"{{"n":9,"hostnames":{hostnames}}}"#)), message);
    }
}

#[test]
fn what_is_no_json_object_is_refused_with_an_example() {
    let deep = format!(r#"{{"n":{}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let cases: [(&[u8], &str); 9] = [
        (b"", "the body is empty"),
        (b" \r\n", "the body is empty"),
        (b"n=4", "the body is not valid JSON"),
        (b"{\"n\":1", "the body is not valid JSON"),
        (b"{\"n\":1e400}", "the body is not valid JSON (number out of range"),
        (b"{\"n\":1}\xff", "the body is not valid JSON"),
        (b"{\"hostnames\":[\"\xff\xfe\"]}", "the body is not valid JSON"),
        (deep.as_bytes(), "the body is not valid JSON (recursion limit exceeded"),
        (b"[4]", "the body must be a JSON object such as {\"n\":2,\"hostnames\":[\"a\",\"b\"]}, not a list"),
    ];
    for (body, begins) in cases {
        let message = error(body);
        assert!(message.starts_with(begins) && message.contains(EXAMPLE), "{message}");
    }
}

#[test]
fn nothing_asked_for_is_refused() {
    for body in ["{}", r#"{"hostnames":[]}"#, r#"{"count":3}"#] {
        assert_eq!(Change::parse(body.as_bytes()), Err(ChangeFormError::NothingAskedFor), "{body}");
    }
}

#[test]
fn wait_is_seconds_or_a_time_with_its_unit() {
    let cases =
        [(None, 8000), (Some("0"), 0), (Some("8"), 8000), (Some("2s"), 2000), (Some("500ms"), 500), (Some("0s"), 0)];
    for (typed, ms) in cases {
        assert_eq!(wait(typed), Ok(Duration::from_millis(ms)), "{typed:?}");
    }
    for typed in ["", "9", "8001ms", "-1", "+1", "1.5", "soon", "1e3", "99999999999999999999", "99999999999999999999h"]
    {
        assert_eq!(wait(Some(typed)), Err(ChangeFormError::Wait), "{typed}");
    }
}
