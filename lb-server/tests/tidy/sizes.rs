//! How long a file and a function may be. The exceptions may only shrink: one that allows more than is there must be
//! lowered, and one that is no longer needed must go.

use crate::source::Source;

/// Over this a file wants a door cut in it.
const FILE_LINES_MAX: usize = 500;
/// Over this a function doesn't fit a screen.
const FUNCTION_LINES_MAX: usize = 70;

/// Files that are longer for now: (path, lines).
pub(crate) const FILE_EXCEPTIONS: &[(&str, usize)] = &[];
/// Functions that are longer for now: (path::name, lines).
pub(crate) const FUNCTION_EXCEPTIONS: &[(&str, usize)] = &[];

/// Complaints about files.
pub(crate) fn files(sources: &[Source], exceptions: &[(&str, usize)]) -> Vec<String> {
    let lengths = sources.iter().map(|source| (source.path.clone(), source.text.lines().count()));
    judge(lengths.collect(), FILE_LINES_MAX, exceptions, "split the file where its neighbours would look for a part")
}

/// Complaints about functions.
pub(crate) fn functions(sources: &[Source], exceptions: &[(&str, usize)]) -> Vec<String> {
    let of_one = |source: &Source| {
        let path = source.path.clone();
        function_lengths(&source.code).into_iter().map(move |(name, lines)| (format!("{path}::{name}"), lines))
    };
    let lengths = sources.iter().flat_map(of_one).collect();
    judge(lengths, FUNCTION_LINES_MAX, exceptions, "give a part of it a name and a function of its own")
}

fn judge(lengths: Vec<(String, usize)>, most: usize, exceptions: &[(&str, usize)], mend: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, lines) in &lengths {
        let allowed = exceptions.iter().find(|(exception, _)| exception == name).map(|&(_, allowed)| allowed);
        match allowed {
            None if *lines > most => complaints.push(format!("{name}: {lines} lines, at most {most}: {mend}")),
            Some(allowed) if *lines > allowed => {
                complaints
                    .push(format!("{name}: {lines} lines, its exception is {allowed} and may only shrink: {mend}"));
            }
            _ => {}
        }
    }
    for (name, allowed) in exceptions {
        // Several functions may share a name; the longest is the one that the exception is for.
        match lengths.iter().filter(|(other, _)| other == name).map(|&(_, lines)| lines).max() {
            Some(lines) if lines > most && lines < *allowed => {
                complaints.push(format!("{name}: has shrunk to {lines} lines: lower its exception from {allowed}"));
            }
            Some(lines) if lines > most => {}
            _ => complaints.push(format!("{name}: needs no exception any more: remove it from the list")),
        }
    }
    complaints
}

/// (name, lines) of every function that has a body.
fn function_lengths(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let is_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if is_word
            && !name.is_empty()
            && let Some(length) = body_end(&code[at..])
        {
            found.push((name, 1 + code[at..at + length].matches('\n').count()));
        }
    }
    found
}

/// Where the body of the function that begins here ends; `None`: a declaration without one.
fn body_end(code: &str) -> Option<usize> {
    let (mut braces, mut brackets) = (0, 0);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            ';' if braces == 0 && brackets == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces -= 1;
                if braces == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}
