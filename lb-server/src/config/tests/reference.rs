//! `docs/configuration.md` and `packaging/lb.toml` are written from the code: `just docs` writes them, these tests hold them
//! to it.
//!
//! Of the page only what stands between its two marks is generated. In the example every key stands commented out at its
//! default, so that the file as it is means what no file means.

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use toml::Table;

use super::{around, load};
use crate::cli::serve::ServeArgs;
use crate::config::{Config, Surroundings, defaults, keys};

/// Where no machine's own values show.
fn service() -> Surroundings {
    Surroundings { home: None, ..around() }
}

/// What must be said for a default to be one.
const BESIDE: &[&str] =
    &["", "max-connections = 100", "hash = \"ring\"", "hash = \"assignment\"", "runtime = \"docker\""];

/// Of keys without a default, what may stand there, and what must stand beside it.
const EXAMPLES: &[(&str, &str, &str)] = &[
    ("admin-token-file", "\"/etc/lb/token\"", ""),
    ("autoscale", "\"min=2,max=8,target-inflight=20,cooldown=30s\"", ""),
    ("command", "\"python3 app.py --port {port} --name {name}\"", ""),
    ("backends-file", "\"/etc/lb/backends\"", ""),
    ("discover", "\"docker\"", ""),
    ("send-proxy", "\"v2\"", "command = \"sh -c :\""),
    ("source", "\"10.0.0.7:20000-40000\"", ""),
    ("check", "\"/heartbeat\"", ""),
    ("check-port", "8081", ""),
    ("connections", "10000", ""),
    ("hash-key-file", "\"/etc/lb/hash-key\"", ""),
    ("balance-factor", "1.25", ""),
    ("pipe-size", "262144", ""),
    ("pipes", "64", ""),
    ("profile", "\"assignment\"", ""),
];

/// Those whose value names what isn't there on every machine.
const NAMES_FILES: [&str; 4] = ["admin-token-file", "backends-file", "hash-key-file", "command"];

fn read(text: &str) -> ServeArgs {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn resolved(text: &str) -> Config {
    Config::resolve(&read(text), &service()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn defaults_beside(beside: &str) -> Table {
    Table::try_from(defaults::of(&read(beside), &resolved(beside))).expect("TOML")
}

/// The default of a key as it is written, and what must stand beside it.
fn default_of(key: &str) -> Option<(String, &'static str)> {
    BESIDE.iter().find_map(|beside| Some((defaults_beside(beside).get(key)?.to_string(), *beside)))
}

/// A flag as `--help` knows it: its meaning, and its default in words.
fn told(key: &str) -> (String, String) {
    let command = ServeArgs::augment_args(Command::new("serve"));
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(key)).expect("a flag");
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default().replace("{N}", "{n}");
    let (meaning, default) = help.split_once("[default: ").unwrap_or((&help, "none]"));
    let values = arg.get_possible_values();
    let choice: Vec<&str> = values.iter().map(|value| value.get_name()).filter(|name| *name != "true").collect();
    let choice = match choice.as_slice() {
        [] | ["false"] => String::new(),
        names => format!(": {}", names.join(", ")),
    };
    (format!("{}{choice}", meaning.trim_end()), default.trim_end_matches(']').to_owned())
}

/// The rows of the page.
fn reference() -> String {
    let mut text = String::from("| key | variable | default | reload | meaning |\n|---|---|---|---|---|\n");
    for key in keys::all() {
        let (meaning, default) = told(&key);
        let variable = keys::variable(&key);
        let reload = if keys::is_reloadable(&key) { "yes" } else { "restart" };
        let meaning = meaning.replace('|', "\\|");
        text.push_str(&format!("| `{key}` | `{variable}` | {default} | {reload} | {meaning} |\n"));
    }
    text
}

fn example() -> String {
    let mut text = String::from(
        "# Every key of `lb serve --config FILE`, commented out, at its default where it has one.\n\
         # Written from the code by `just docs`. `lb check --config FILE` says what would apply, and where it is wrong.\n\
         # SIGHUP, `lb reload` and POST /v1/reload read the file again; docs/configuration.md says which keys that changes.\n",
    );
    for key in keys::all() {
        let (meaning, default) = told(&key);
        let (value, beside) = default_of(&key).map_or_else(
            || {
                let (_, value, _) = EXAMPLES.iter().find(|(name, ..)| *name == key).unwrap_or_else(|| panic!("{key}"));
                ((*value).to_owned(), "an example")
            },
            |(value, beside)| (value, beside),
        );
        let beside =
            if beside.is_empty() || beside == "an example" { beside.to_owned() } else { format!("with {beside}") };
        let beside = if beside.is_empty() { beside } else { format!("  # {beside}") };
        text.push_str(&format!("\n# {}\n# default: {default}\n#{key} = {value}{beside}\n", wrapped(&meaning)));
    }
    text
}

fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("never empty");
        if line.is_empty() {
            line.push_str(word);
        } else if line.len() + word.len() < 110 {
            line.push_str(&format!(" {word}"));
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n# ")
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Holds a file to what it should be, or writes it where `LB_WRITE_DOCS` is set.
fn hold(path: &str, wanted: impl FnOnce(&str) -> String) {
    let file = in_repository(path);
    let present = std::fs::read_to_string(&file).unwrap_or_default();
    let wanted = wanted(&present);
    if std::env::var_os("LB_WRITE_DOCS").is_some() {
        std::fs::write(&file, wanted).expect("written");
    } else {
        assert!(present == wanted, "{path} is not what the code says: `just docs` writes it anew");
    }
}

#[test]
fn docs_the_reference_of_the_configuration_is_what_the_code_says() {
    const BEGIN: &str = "<!-- written by `just docs` -->\n";
    const END: &str = "<!-- until here -->\n";
    hold("docs/configuration.md", |present| {
        let (before, rest) = present.split_once(BEGIN).expect("the page has its first mark");
        let (_, after) = rest.split_once(END).expect("the page has its second mark");
        format!("{before}{BEGIN}\n{}\n{END}{after}", reference())
    });
}

#[test]
fn docs_the_example_has_every_key_at_its_default() {
    hold("packaging/lb.toml", |_| example());
}

#[test]
fn the_example_as_it_is_means_what_no_file_means() {
    let text = std::fs::read_to_string(in_repository("packaging/lb.toml")).expect("the example");
    assert_eq!(format!("{:?}", resolved(&text)), format!("{:?}", resolved("")));
}

#[test]
fn every_line_of_the_example_may_be_uncommented() {
    let text = std::fs::read_to_string(in_repository("packaging/lb.toml")).expect("the example");
    let lines = text.lines().filter_map(|line| line.strip_prefix('#')).filter(|line| !line.starts_with([' ', '#']));
    let mut count = 0;
    for line in lines {
        count += 1;
        let key = line.split(' ').next().expect("a key");
        if NAMES_FILES.contains(&key) {
            let _as_text = read(line);
            continue;
        }
        let example = EXAMPLES.iter().find(|(name, ..)| *name == key);
        let beside = default_of(key).map_or_else(|| example.expect("one or the other").2, |(_, beside)| beside);
        let config = resolved(&format!("{line}\n{beside}\n"));
        if example.is_none() {
            let with = format!("{:?}", Config { replicas_given: false, ..config });
            assert_eq!(with, format!("{:?}", resolved(beside)), "{line}");
        }
    }
    assert_eq!(count, keys::all().len());
}

#[test]
fn an_example_is_one_only_where_there_is_no_default() {
    for (key, ..) in EXAMPLES {
        assert!(default_of(key).is_none(), "{key} has a default");
    }
    assert!(load("").is_ok());
}
