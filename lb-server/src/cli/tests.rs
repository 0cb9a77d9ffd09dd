//! What a command line becomes, and that the three sources lie over each other in the right order.

use std::ffi::OsString;
use std::time::Duration;

use super::period::PeriodError;
use super::serve::ServeArgs;
use super::usage::{Usage, read};
use super::*;

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

fn serve(line: &str) -> ServeArgs {
    match read(words(line)).expect("a command line").command {
        Command::Serve(typed) => typed.args,
        other => panic!("not serve: {other:?}"),
    }
}

fn wrong(line: &str) -> String {
    match read(words(line)).expect_err("a wrong command line") {
        Usage::Wrong(line) => line,
        Usage::Shown(text) => panic!("shown instead: {text}"),
    }
}

#[test]
fn the_definition_of_the_command_line_is_sound() {
    use clap::CommandFactory;
    Cli::command().debug_assert();
}

#[test]
fn plain_lb_is_lb_serve_with_and_without_flags() {
    assert_eq!(serve("lb").front, None);
    assert_eq!(serve("lb --replicas 5").replicas, Some(5));
    assert_eq!(serve("lb serve --replicas 5").replicas, Some(5));
}

#[test]
fn help_and_version_are_shown_not_served() {
    for line in ["lb --help", "lb -h", "lb --version", "lb -V", "lb serve --help"] {
        assert!(matches!(read(words(line)), Err(Usage::Shown(_))), "{line}");
    }
}

#[test]
fn every_wrong_command_line_is_told_in_one_line() {
    for line in
        ["lb --frnt x", "lb nonsense", "lb --front 5000", "lb --hash md5", "lb --replicas -1", "lb launch", "lb --"]
    {
        if let Err(Usage::Wrong(text)) = read(words(line)) {
            assert!(!text.contains('\n') && !text.is_empty(), "{line}: {text:?}");
        } else {
            assert_eq!(line, "lb --", "must be refused");
        }
    }
}

#[test]
fn the_help_of_serve_shows_the_placeholders_as_they_are_typed() {
    let Err(Usage::Shown(help)) = read(words("lb serve --help")) else { panic!("no help") };
    assert!(help.contains("{n} counted from 1 [default: S{n}]") && !help.contains("{N}"), "{help}");
}

#[test]
fn a_wrong_command_line_points_to_the_help_of_its_command() {
    for (line, help) in [
        ("lb --nope", "lb serve --help"),
        ("lb serve --nope", "lb serve --help"),
        ("lb replica --nope", "lb replica --help"),
        ("lb launch", "lb launch --help"),
        ("lb nonsense", "lb --help"),
    ] {
        assert!(wrong(line).ends_with(&format!("(see `{help}`)")), "{line}: {}", wrong(line));
    }
}

#[test]
fn a_misspelt_flag_is_answered_with_the_right_one() {
    assert!(wrong("lb --frnt 0.0.0.0:1").contains("--front"));
}

#[test]
fn repeatable_flags_add_up() {
    let args = serve("lb --front 127.0.0.1:1 --front [::1]:2");
    assert_eq!(args.front.expect("fronts").len(), 2);
}

#[test]
fn flags_of_later_versions_are_not_accepted_yet() {
    for flag in ["--spin-us 50", "--quickack", "--tls"] {
        assert!(wrong(&format!("lb {flag}")).contains("unexpected argument"), "{flag}");
    }
}

#[test]
fn what_is_said_above_wins_and_what_is_not_said_shows_through() {
    let flags = serve("lb --replicas 5 --key path");
    let file: ServeArgs = toml::from_str("replicas = 7\nworkers = 2\nfront = '127.0.0.1:1'").expect("toml");
    let both = flags.over(file);
    assert_eq!((both.replicas, both.workers), (Some(5), Some(2)));
    assert_eq!(both.key.as_deref(), Some("path"));
    assert_eq!(both.front.expect("from the file").len(), 1);
}

#[test]
fn every_flag_is_a_key_of_the_file() {
    use clap::CommandFactory;
    let cli = Cli::command();
    let serve = cli.find_subcommand("serve").expect("serve");
    let refused = toml::from_str::<ServeArgs>("no-such-key = 1").expect_err("unknown").to_string();
    for flag in serve.get_arguments().filter_map(|arg| arg.get_long()).filter(|flag| !["config", "help"].contains(flag))
    {
        assert!(refused.contains(&format!("`{flag}`")), "{flag} is no key of the file");
    }
}

#[test]
fn every_flag_of_serve_has_its_variable() {
    use clap::CommandFactory;
    let cli = Cli::command();
    let serve = cli.find_subcommand("serve").expect("serve");
    for arg in serve.get_arguments().filter(|arg| arg.get_long() != Some("help")) {
        let flag = arg.get_long().expect("only flags");
        let variable = match flag {
            // What LB_LOG says was there before these flags were.
            "log" => "LB_LOG_FORMAT".to_owned(),
            "log-level" => "LB_LOG".to_owned(),
            _ => format!("LB_{}", flag.replace('-', "_").to_uppercase()),
        };
        assert_eq!(arg.get_env().and_then(|env| env.to_str()), Some(variable.as_str()));
    }
}

#[test]
fn durations_have_units_and_zero_is_none() {
    let read = |text: &str| text.parse::<Period>().map(|period| period.0);
    assert_eq!(read("250ms"), Ok(Duration::from_millis(250)));
    assert_eq!(read("5s"), Ok(Duration::from_secs(5)));
    assert_eq!(read("0"), Ok(Duration::ZERO));
    assert_eq!(read("5"), Err(PeriodError::Syntax("5".to_owned())));
    assert_eq!(read("-1s"), Err(PeriodError::Syntax("-1s".to_owned())));
    assert_eq!(read("2years"), Err(PeriodError::TooLong("2years".to_owned())));
}
