//! The sources of the repository, and the same text with comments and literals blanked out, so that a rule about code
//! doesn't stumble over words in a string. No parser: what is needed is where code is and where it is not.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const CRATES: [&str; 4] = ["lb-core", "lb-admin", "lb-server", "bench"];

/// One Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the top of the repository, with slashes.
    pub(crate) path: String,
    /// As it stands.
    pub(crate) text: String,
    /// Comments and literals blanked, line ends kept.
    pub(crate) code: String,
    /// Everything but comments blanked, line ends kept.
    pub(crate) comments: String,
    /// Compiled for tests only.
    pub(crate) is_test: bool,
}

impl Source {
    /// Every Rust file of the repository, read once.
    pub(crate) fn all() -> &'static [Self] {
        static ALL: OnceLock<Vec<Source>> = OnceLock::new();
        ALL.get_or_init(|| {
            let mut paths = Vec::new();
            CRATES.iter().for_each(|name| collect(&root().join(name), "rs", &mut paths));
            assert!(paths.len() > 20, "the sources are not where they should be: {paths:?}");
            let mut sources: Vec<Self> = paths.iter().map(|path| Self::new(&relative(path), &read(path))).collect();
            mark_test_modules(&mut sources);
            sources
        })
    }

    /// A file of this text.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (code, comments) = split(text);
        let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
        Self { path: path.to_owned(), text: text.to_owned(), code, comments, is_test }
    }

    /// `path:line`, for a complaint about the place `at` in [`Source::code`].
    pub(crate) fn place(&self, at: usize) -> String {
        let line = 1 + self.code[..at].matches('\n').count();
        format!("{}:{line}", self.path)
    }

    /// The directory that holds the files of this file's modules.
    fn module_dir(&self) -> String {
        let (dir, file) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        match file {
            "mod.rs" | "lib.rs" | "main.rs" => dir.to_owned(),
            _ => self.path.trim_end_matches(".rs").to_owned(),
        }
    }
}

/// The prose of the repository: (path, text).
pub(crate) fn documents() -> Vec<(String, String)> {
    let mut paths = Vec::new();
    let top = std::fs::read_dir(root()).expect("the top of the repository").flatten().map(|entry| entry.path());
    paths.extend(top.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    CRATES.iter().chain(["docs"].iter()).for_each(|name| collect(&root().join(name), "md", &mut paths));
    assert!(!paths.is_empty(), "the README is gone");
    paths.iter().map(|path| (relative(path), read(path))).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace")
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("below the top").to_string_lossy().into_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn collect(dir: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

/// Marks what `#[cfg(test)] mod name;` declares, and what is below it.
fn mark_test_modules(sources: &mut [Source]) {
    let mut modules = HashSet::new();
    for source in sources.iter() {
        for (at, attribute) in source.code.match_indices("#[cfg(test)]") {
            let rest = source.code[at + attribute.len()..].trim_start();
            let name = rest.split(';').next().and_then(|item| item.trim().strip_prefix("mod "));
            if let Some(name) = name.filter(|name| !name.contains('{')) {
                modules.insert(format!("{}/{}", source.module_dir(), name.trim()));
            }
        }
    }
    for source in sources {
        let module = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
        let below =
            |test: &String| module.strip_prefix(test.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/'));
        source.is_test |= modules.iter().any(below);
    }
}

/// What a character belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// (code, comments): each with the other and all literals blanked.
pub(crate) fn split(text: &str) -> (String, String) {
    let chars: Vec<char> = text.chars().collect();
    let mut kinds = Vec::with_capacity(chars.len());
    while kinds.len() < chars.len() {
        let at = kinds.len();
        let (kind, length) = token(&chars, at);
        kinds.extend(std::iter::repeat_n(kind, length.min(chars.len() - at)));
    }
    let only = |wanted: Kind| {
        let blank = |(&c, &kind): (&char, &Kind)| if kind == wanted || c == '\n' { c } else { ' ' };
        chars.iter().zip(&kinds).map(blank).collect()
    };
    (only(Kind::Code), only(Kind::Comment))
}

/// What begins at `at` and how long it is.
fn token(chars: &[char], at: usize) -> (Kind, usize) {
    let rest = &chars[at..];
    let after_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match rest {
        ['/', '/', ..] => (Kind::Comment, rest.iter().position(|&c| c == '\n').unwrap_or(rest.len())),
        ['/', '*', ..] => (Kind::Comment, block_comment(rest)),
        ['"', ..] => (Kind::Literal, quoted(rest, '"')),
        ['r', '"' | '#', ..] if !after_word => raw_string(rest),
        ['b', 'r', '"' | '#', ..] if !after_word => {
            let (kind, length) = raw_string(&rest[1..]);
            (kind, length + 1)
        }
        // A character, not a lifetime: 'x' or an escape.
        ['\'', '\\', ..] | ['\'', _, '\'', ..] => (Kind::Literal, quoted(rest, '\'')),
        _ => (Kind::Code, 1),
    }
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// `r"…"` or `r#"…"#`; `r#name` is code.
fn raw_string(rest: &[char]) -> (Kind, usize) {
    let hashes = rest[1..].iter().take_while(|&&c| c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return (Kind::Code, 1);
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = 2 + hashes;
    let end = rest[body..].windows(close.len()).position(|window| window == close);
    (Kind::Literal, end.map_or(rest.len(), |end| body + end + close.len()))
}

/// They nest.
fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at + 1 < rest.len() {
        match (rest[at], rest[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}
