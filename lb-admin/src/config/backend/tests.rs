//! Tests of [`super`]; what is refused is told in full by the tests of lb-server's configuration.

use super::*;
use crate::config::CheckKind;

#[test]
fn a_backend_is_a_name_an_address_and_what_else_is_said_in_any_order() {
    assert_eq!("a=h:80".parse(), Ok(StaticBackend::new("a", "h:80")));
    let backend: StaticBackend =
        "b=[::1]:81,check-port=82,send-proxy=v1,weight=1.5,check=/up?x=1".parse().expect("a backend");
    assert_eq!((backend.name.as_str(), backend.host.as_str(), backend.weight.thousandths()), ("b", "[::1]:81", 1500));
    assert_eq!(backend.send_proxy, Some(ProxyVersion::V1));
    assert_eq!(backend.check, OwnCheck { asks: Some(CheckKind::Http("/up?x=1".into())), port: Some(82) });
    let tcp: StaticBackend = "c=h:80,check=tcp".parse().expect("a backend");
    assert_eq!(tcp.check.asks, Some(CheckKind::Tcp));
}

#[test]
fn what_is_no_backend_is_refused_with_what_was_written() {
    for text in ["", "a", "a=", "=h:80", "a=h", "a=h:65536", "a=h:80,", "a=h:80,check=up", "a=h:80,check-port=0"] {
        let error = text.parse::<StaticBackend>().expect_err(text).to_string();
        assert!(error.starts_with(&format!("'{text}'")), "{error}");
    }
}
