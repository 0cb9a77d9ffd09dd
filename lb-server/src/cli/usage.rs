//! From the words of a command line to a [`Cli`], or to the one line that says what was wrong with them.

use std::ffi::{OsStr, OsString};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::Cli;

/// Why no command came out of the command line.
#[derive(Debug)]
pub(crate) enum Usage {
    /// `--help` or `--version`: the text for stdout.
    Shown(String),
    /// Wrong, in one line.
    Wrong(String),
}

/// Reads a command line, the program's name first. Plain `lb`, and `lb` with flags only, is `lb serve`.
pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Cli, Usage> {
    let mut words: Vec<OsString> = words.into_iter().collect();
    if words.is_empty() {
        words.push("lb".into());
    }
    if words.get(1).is_none_or(|first| is_flag_of_serve(first)) {
        words.insert(1, "serve".into());
    }
    let help = help_for(&words[1]);
    Cli::try_parse_from(words).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Usage::Shown(shown(&error.render().to_string())),
        _ => Usage::Wrong(format!("{} (see `{help}`)", one_line(&error.render().to_string()))),
    })
}

fn is_flag_of_serve(word: &OsStr) -> bool {
    let text = word.to_string_lossy();
    text.starts_with('-') && !matches!(&*text, "-h" | "--help" | "-V" | "--version")
}

/// clap breaks the line at `{n}` in a help text and knows no way to write it, so the definitions say `{N}`.
pub(crate) fn shown(help: &str) -> String {
    help.replace("{N}", "{n}")
}

/// The help that fits what was typed.
fn help_for(command: &OsStr) -> String {
    match command.to_str() {
        Some(name) if Cli::command().find_subcommand(name).is_some() => format!("lb {name} --help"),
        _ => "lb --help".to_owned(),
    }
}

/// clap's error is a paragraph with usage and advice; what is wrong and the tip are kept, the rest is one `--help` away.
fn one_line(paragraph: &str) -> String {
    let lines = paragraph.lines().map(str::trim);
    let kept = lines.filter(|line| !line.is_empty()).take_while(|line| !line.starts_with("Usage:"));
    let kept: Vec<&str> = kept.filter(|line| !line.starts_with("For more information")).collect();
    let text = kept.join("; ");
    text.strip_prefix("error: ").unwrap_or(&text).replace(":;", ":")
}
