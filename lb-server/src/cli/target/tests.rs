//! Every way to write a place, and every way to get it wrong.

use super::*;

fn read(text: &str) -> Result<String, TargetError> {
    text.parse::<Target>().map(|target| target.to_string())
}

#[test]
fn an_address_is_read_as_serve_has_it() {
    assert_eq!(read("127.0.0.1:5001").as_deref(), Ok("127.0.0.1:5001"));
    assert_eq!(read("[::1]:5001").as_deref(), Ok("[::1]:5001"));
    assert_eq!(read("unix:/run/lb/admin.sock").as_deref(), Ok("unix:/run/lb/admin.sock"));
    assert_eq!(read("localhost:5001").as_deref(), Ok("localhost:5001"));
}

#[test]
fn where_a_server_listens_on_everything_a_client_asks_loopback() {
    assert_eq!(read("0.0.0.0:5001").as_deref(), Ok("127.0.0.1:5001"));
    assert_eq!(read("[::]:5001").as_deref(), Ok("[::1]:5001"));
    assert_eq!(read("http://0.0.0.0:5001").as_deref(), Ok("127.0.0.1:5001"));
}

#[test]
fn of_several_fronts_the_first_is_asked() {
    assert_eq!(read("0.0.0.0:5000 [::]:6000").as_deref(), Ok("127.0.0.1:5000"));
}

#[test]
fn a_url_may_leave_its_port_and_its_last_slash_out() {
    assert_eq!(read("http://lb.example:5001/").as_deref(), Ok("lb.example:5001"));
    assert_eq!(read("http://lb.example").as_deref(), Ok("lb.example:80"));
    assert_eq!(read("http://[::1]").as_deref(), Ok("[::1]:80"));
}

#[test]
fn what_is_no_place_is_refused_with_its_reason() {
    for text in ["", " ", "5001", "localhost", "unix:", ":5001", "a b:1 c", "host:99999", "host:x", "a\u{7f}b:1", "::1"]
    {
        assert_eq!(read(text), Err(TargetError::Syntax), "{text:?}");
    }
    assert_eq!(read("https://lb.example"), Err(TargetError::Tls));
    assert_eq!(read("http://lb.example/rep"), Err(TargetError::Path));
    for text in ["127.0.0.1:0", "localhost:0", "http://[::]:0"] {
        assert_eq!(read(text), Err(TargetError::PortZero), "{text}");
    }
}
