//! Exactly one complete head of a safe method, without body: everything else is not replayed.

use proptest::prelude::*;

use super::*;

const GET: &str = "GET /r?id=1 HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_complete_head_of_a_safe_method_may_be_sent_once_more() {
    for head in [
        GET,
        "HEAD / HTTP/1.1\r\n\r\n",
        "OPTIONS * HTTP/1.0\r\nA: b\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\nbare: line feeds\n\n",
        "\r\nGET / HTTP/1.1\r\n\r\n",
    ] {
        assert!(is_worth_holding(head.as_bytes()), "{head:?}");
        assert!(is_one_bodiless_head(head.as_bytes()), "{head:?}");
    }
}

#[test]
fn unsafe_methods_are_not_even_held() {
    for line in ["POST", "PUT", "DELETE", "PATCH", "CONNECT", "TRACE", "get", "GETS", "GE", "", "\x16\x03\x01"] {
        let head = format!("{line} / HTTP/1.1\r\n\r\n");
        assert!(!is_worth_holding(head.as_bytes()), "{head:?}");
        assert!(!is_one_bodiless_head(head.as_bytes()), "{head:?}");
    }
}

#[test]
fn a_body_that_is_announced_and_one_that_could_be_read_in_two_ways_forbid_it() {
    for field in [
        "Content-Length: 5",
        "content-length: 00001",
        "Content-Length: 0\r\nContent-Length: 5",
        "Content-Length: 0, 0",
        "Content-Length: +0",
        "Content-Length: ",
        "Content-Length : 0",
        "Transfer-Encoding: chunked",
        "TRANSFER-ENCODING: identity",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "A: b\r\n Content-Length: 0",
        "no colon",
    ] {
        let head = format!("GET / HTTP/1.1\r\n{field}\r\n\r\n");
        assert!(!is_one_bodiless_head(head.as_bytes()), "{head:?}");
    }
}

#[test]
fn what_is_not_yet_or_no_longer_one_head_is_not_sent_once_more() {
    for end in 0..GET.len() {
        assert!(!is_one_bodiless_head(&GET.as_bytes()[..end]), "{end} bytes");
    }
    for surplus in ["x", "\r\n", GET, "POST / HTTP/1.1\r\n\r\n"] {
        assert!(!is_one_bodiless_head([GET, surplus].concat().as_bytes()), "{surplus:?}");
    }
}

#[test]
fn the_longest_head_may_and_one_byte_more_may_not() {
    let of_length = |bytes: usize| {
        let line = "GET / HTTP/1.1\r\nA: ";
        format!("{line}{}\r\n\r\n", "b".repeat(bytes - line.len() - 4))
    };
    let longest = of_length(HEAD_BYTES_MAX);
    assert!(is_worth_holding(longest.as_bytes()) && is_one_bodiless_head(longest.as_bytes()));
    let longer = of_length(HEAD_BYTES_MAX + 1);
    assert!(!is_worth_holding(longer.as_bytes()) && !is_one_bodiless_head(longer.as_bytes()));
}

fn any_request() -> impl Strategy<Value = String> {
    let method = prop::sample::select(vec!["GET", "HEAD", "OPTIONS", "POST", "CONNECT", "GOT"]);
    let fields = prop::collection::vec(
        prop::sample::select(vec!["Host: a", "Content-Length: 0", "Content-Length: 3", "Transfer-Encoding: chunked"]),
        0..3,
    );
    let rest = prop::sample::select(vec!["", "", "abc", "GET / HTTP/1.1\r\n\r\n"]);
    (method, fields, rest).prop_map(|(method, fields, rest)| {
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        format!("{method} /r?id=1 HTTP/1.1\r\n{fields}\r\n{rest}")
    })
}

proptest! {
    /// Written against the words of the contract, not against the reader.
    #[test]
    fn the_judgement_is_that_of_the_contract(request in any_request()) {
        let (head, rest) = request.split_once("\r\n\r\n").expect("it has a head");
        let safe = ["GET ", "HEAD ", "OPTIONS "].iter().any(|method| head.starts_with(method));
        let bodiless = !head.contains("Length: 3") && !head.contains("chunked");
        prop_assert_eq!(is_one_bodiless_head(request.as_bytes()), safe && bodiless && rest.is_empty());
    }

    /// The first piece has at least the first line: no decision is made before.
    #[test]
    fn what_may_be_sent_once_more_was_held_from_its_first_line_on(request in any_request(), at in any::<prop::sample::Index>()) {
        let line_end = request.find("\r\n").expect("it has a line") + 2;
        let first = line_end + at.index(request.len() - line_end + 1);
        if is_one_bodiless_head(request.as_bytes()) {
            prop_assert!(is_worth_holding(&request.as_bytes()[..first]));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _either = (is_worth_holding(&bytes), is_one_bodiless_head(&bytes));
    }
}
