//! The rules against small bad sources: each must complain where it should and be silent where it should.

use crate::source::{Source, split};
use crate::{habits, imports, sizes};

fn one(path: &str, text: &str) -> [Source; 1] {
    [Source::new(path, text)]
}

#[test]
fn literals_and_comments_are_not_code() {
    let text = "let a = \"{ // \\\" }\"; // b {\nlet c = '{'; let d: &'a str = r#\"}\"\"#; /* { /* */ } */ e";
    let (code, comments) = split(text);
    assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), "let a = ; let c = ; let d: &'a str = ; e");
    assert_eq!(comments.split_whitespace().collect::<Vec<_>>().join(" "), "// b { /* { /* */ } */");
    assert_eq!((code.len(), code.matches('\n').count()), (text.len(), 1));
}

#[test]
fn a_long_file_is_found_and_an_exception_may_only_shrink() {
    let long = one("a/src/x.rs", &"line\n".repeat(501));
    assert!(sizes::files(&long, &[])[0].contains("501 lines, at most 500"));
    assert_eq!(sizes::files(&long, &[("a/src/x.rs", 501)]), [""; 0]);
    assert!(sizes::files(&long, &[("a/src/x.rs", 600)])[0].contains("lower its exception"));
    assert!(
        sizes::files(&one("a/src/x.rs", &"l\n".repeat(600)), &[("a/src/x.rs", 501)])[0].contains("may only shrink")
    );
    assert!(sizes::files(&one("a/src/x.rs", "short"), &[("a/src/x.rs", 501)])[0].contains("no exception any more"));
    assert!(sizes::files(&[], &[("a/src/gone.rs", 501)])[0].contains("no exception any more"));
}

#[test]
fn a_long_function_is_found_whatever_braces_its_strings_hold() {
    let long = format!("fn short() {{ \"}}\"; }}\nfn long(a: [u8; 2]) -> u8 {{\n{}}}\n", "let s = \"}\";\n".repeat(69));
    let complaints = sizes::functions(&one("a/src/x.rs", &long), &[]);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].contains("a/src/x.rs::long: 71 lines, at most 70"), "{complaints:?}");
    let declared = "trait T { fn a(&self); }\n".to_owned() + &"\n".repeat(100);
    assert_eq!(sizes::functions(&one("a/src/x.rs", &declared), &[]), [""; 0]);
}

#[test]
fn an_import_against_the_stream_is_found() {
    for (path, code) in [
        ("lb-core/src/worker/mod.rs", "use tokio::sync::Notify;"),
        ("lb-core/src/control.rs", "fn x() { serde_json::to_string(&1); }"),
        ("lb-core/src/ring/table.rs", "use crate::session::key::KeySources;"),
        ("lb-core/src/session/close.rs", "use crate::net::listen::Fronts;"),
        ("lb-core/src/net/accept.rs", "fn x(worker: &crate::worker::Worker) {}"),
        ("lb-core/src/backend.rs", "use crate::{ring, worker};"),
        ("lb-admin/src/http/mod.rs", "use lb_core::net::listen::Fronts;"),
        ("bench/src/main.rs", "use lb_core::control::Control;"),
    ] {
        assert!(!imports::directions(&one(path, code)).is_empty(), "{path}: {code}");
    }
}

#[test]
fn imports_with_the_stream_words_and_tests_are_left_alone() {
    for (path, code) in [
        ("lb-core/src/worker/mod.rs", "use crate::net::listen::Fronts; use crate::session::key::KeySources;"),
        ("lb-core/src/session/close.rs", "//! Not tokio.\nuse crate::ring::RingTable;"),
        ("lb-core/src/ring/golden/tests.rs", "use serde_json::Value;"),
        ("lb-admin/src/http/mod.rs", "use tokio::sync::Notify; use lb_core::control::Control;"),
        ("bench/src/main.rs", "use lb_core::ring::Ring;"),
    ] {
        assert_eq!(imports::directions(&one(path, code)), [""; 0], "{path}: {code}");
    }
}

#[test]
fn bad_habits_are_found() {
    assert_eq!(habits::heads(&one("a/src/x.rs", "use std::io;")).len(), 1);
    assert_eq!(habits::heads(&one("a/src/x.rs", "//! What it is.\n")), [""; 0]);
    assert_eq!(habits::unfinished(&one("a/src/x.rs", "fn a() { todo!() }")).len(), 1);
    let note = format!("// {}: later\n", concat!("FIX", "ME"));
    assert_eq!(habits::unfinished(&one("a/src/x.rs", &note)).len(), 1);
    assert_eq!(habits::unfinished(&one("a/src/x.rs", "let todo = \"todo!\";")), [""; 0]);
    assert_eq!(habits::ignored(&one("a/src/x.rs", "#[ignore]\nfn a() {}")).len(), 1);
    assert_eq!(habits::ignored(&one("a/src/x.rs", "#[ignore = \"needs root\"]\nfn a() {}")), [""; 0]);
    assert_eq!(habits::sleeps(&one("a/tests/x.rs", "std::thread::sleep(d);")).len(), 1);
    assert_eq!(habits::sleeps(&one("a/src/x.rs", "std::thread::sleep(d);")), [""; 0]);
    let cites = |text: &str| habits::line_numbers(&[("a.md".to_owned(), text.to_owned())]).len();
    assert_eq!((cites("see `net/accept.rs:12`"), cites("see `net/accept.rs`: it accepts")), (1, 0));
}
