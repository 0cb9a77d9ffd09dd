//! Hosts as they are sent, the odd ones above all.

use super::*;

fn ours(host: &str) -> bool {
    is_ours(host, &["lb.example".to_owned(), "gate:8443".to_owned()])
}

#[test]
fn addresses_localhost_and_configured_names_are_ours() {
    for host in [
        "127.0.0.1",
        "127.0.0.1:5001",
        "127.0.0.1:",
        "10.0.0.7:80",
        "[::1]",
        "[::1]:5001",
        "[::ffff:10.0.0.7]:1",
        "localhost",
        "LocalHost:5001",
        "lb.example",
        "LB.Example:1",
        "lb.example.",
        "lb.example.:5001",
        "gate:8443",
    ] {
        assert!(ours(host), "{host}");
    }
}

#[test]
fn whatever_else_it_looks_like_is_not() {
    for host in [
        "",
        ":",
        ":5001",
        "evil.example",
        "evil.example:5001",
        "localhost.evil.example",
        "localhost.",
        "xlb.example",
        "lb.example.evil",
        "lb.example..",
        "gate",
        "gate:8444",
        "gate:08443x",
        "127.0.0.1.nip.io",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "127.0.0.01",
        "::1",
        "[127.0.0.1]",
        "[::1",
        "[::1]x",
        "[::1]:5001:1",
        "[fe80::1%eth0]",
        "[fe80::1%25eth0]:5001",
        "user@127.0.0.1",
        "user:pw@127.0.0.1",
        "127.0.0.1@evil.example",
        "127.0.0.1:x",
        "127.0.0.1:99999",
        "127.0.0.1:-1",
        "127.0.0.1:80:80",
        "127.0.0.1/",
        "127.0.0.1 ",
        "a b",
    ] {
        assert!(!ours(host), "{host}");
    }
}
