//! Small habits: heads, nothing unfinished, no ignored test without a reason, no sleeping test, no line numbers in prose.

use crate::source::Source;

/// Every file opens with a module comment.
pub(crate) fn heads(sources: &[Source]) -> Vec<String> {
    let headless = sources.iter().filter(|source| !source.text.starts_with("//! "));
    headless
        .map(|source| format!("{}: open with `//!`: what it is, what it is not, its neighbours", source.path))
        .collect()
}

/// No stubs, and no notes to oneself: what is missing is built or goes into an issue.
pub(crate) fn unfinished(sources: &[Source]) -> Vec<String> {
    let stubs = |source: &Source| occurrences(source, &source.code, &["todo!", "unimplemented!", "dbg!"], "finish it");
    let notes = |source: &Source| occurrences(source, &source.comments, &NOTES, "do it, or make it an issue");
    sources.iter().flat_map(|source| [stubs(source), notes(source)].concat()).collect()
}

const NOTES: [&str; 3] = [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X")];

/// `#[ignore = "why"]` says why; the bare form doesn't.
pub(crate) fn ignored(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .flat_map(|source| occurrences(source, &source.code, &["#[ignore]"], "say why: #[ignore = \"…\"]"))
        .collect()
}

/// A test that sleeps is slow on a fast machine and wrong on a slow one.
pub(crate) fn sleeps(sources: &[Source]) -> Vec<String> {
    let sleep = ["thread::sleep", "time::sleep"];
    let tests = sources.iter().filter(|source| source.is_test);
    tests.flat_map(|source| occurrences(source, &source.code, &sleep, "wait on a fact with a deadline")).collect()
}

/// Line numbers in prose are wrong after the next change.
pub(crate) fn line_numbers(documents: &[(String, String)]) -> Vec<String> {
    let cites = |line: &str| {
        let mut places = line.match_indices(".rs:").map(|(at, found)| &line[at + found.len()..]);
        places.any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let complaint = |path: &str, line: &str| format!("{path}: cites a line number: name the function instead: {line}");
    let of_one = |(path, text): &(String, String)| {
        text.lines().filter(|line| cites(line)).map(|line| complaint(path, line)).collect::<Vec<_>>()
    };
    documents.iter().flat_map(of_one).collect()
}

fn occurrences(source: &Source, text: &str, words: &[&str], mend: &str) -> Vec<String> {
    let found = words.iter().flat_map(|word| text.match_indices(word));
    found.map(|(at, word)| format!("{}: {word}: {mend}", source.place(at))).collect()
}
