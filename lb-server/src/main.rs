//! `lb`: the command line of the balancer. One match over the commands; what each does is in the file of its name.
//!
//! What was typed ([`cli`]) becomes what it means ([`config`]), which is started ([`boot`]) and stopped ([`shutdown`]).
//! Words go to stderr, one line an error; [`exit`] has the exit codes. `anyhow` is used where an error is only told.

#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::process::ExitCode;

mod boot;
mod cli;
mod client;
mod config;
mod exit;
mod launch;
mod limits;
mod manual;
mod notify;
mod reload;
mod replica;
mod say;
mod shutdown;
mod signals;
mod state;

use cli::Command;
use cli::typed::Typed;
use cli::usage::{self, Usage};
use config::{Loaded, Surroundings};
use exit::Exit;

fn main() -> ExitCode {
    // Before there is a thread. Without /proc (a chroot) nothing is marked; then nothing can be done about it either.
    let _marked = lb_core::net::inherited::close_on_exec();
    let exit = match usage::read(std::env::args_os()) {
        Ok(cli) => match cli.command {
            Command::Serve(typed) => serve(&typed),
            Command::Check(typed) => check(&typed),
            Command::Replica(args) => told(replica::run(&args)),
            Command::Rep(args) => client::rep(&args),
            Command::Add(args) => client::add(&args),
            Command::Rm(args) => client::rm(&args),
            Command::Drain(args) => client::drain(&args),
            Command::Undrain(args) => client::undrain(&args),
            Command::Weight(args) => client::weight(&args),
            Command::Limit(args) => client::limit(&args),
            Command::Scale(args) => client::scale(&args),
            Command::Rollback(args) => client::rollback(&args),
            Command::Plan { change } => client::plan_only(&change),
            Command::Explain(args) => client::explain(&args),
            Command::Ring(args) => client::ring(&args),
            Command::Epochs(args) => client::epochs(&args),
            Command::Events(args) => client::events(&args),
            Command::Top(args) => client::top(&args),
            Command::Reload(args) => client::reload(&args),
            Command::Logs(args) => client::logs(&args),
            Command::Config(args) => client::config(&args),
            Command::Openapi(args) => client::openapi(&args),
            Command::Completions { shell } => manual::completions(shell),
            Command::Man { command } => manual::man(command.as_deref()),
            Command::Ready(args) => client::ready(&args),
            Command::Route(args) => client::route(&args),
            Command::Launch(args) => launch::run(&args.argv),
        },
        Err(Usage::Shown(text)) => say::data(&text),
        Err(Usage::Wrong(line)) => {
            say::line(format_args!("error: {line}"));
            Exit::Usage
        }
    };
    exit.into()
}

fn serve(typed: &Typed) -> Exit {
    with_configuration(typed, |loaded, around| told(boot::serve(typed, around, loaded)))
}

/// What `serve` would go by; what it would say first, to stderr.
fn check(typed: &Typed) -> Exit {
    with_configuration(typed, |loaded, _| {
        for note in &loaded.config.notes {
            say::line(format_args!("note: {note}"));
        }
        say::data(&loaded.effective.to_toml())
    })
}

fn with_configuration(typed: &Typed, go_on: impl FnOnce(&Loaded, &Surroundings) -> Exit) -> Exit {
    let around = match Surroundings::read() {
        Ok(around) => around,
        Err(error) => return told(Err(error.into())),
    };
    match Loaded::read(typed, &around) {
        Ok(loaded) => go_on(&loaded, &around),
        Err(error) => {
            say::line(format_args!("error: {error}"));
            Exit::Config
        }
    }
}

fn told(result: anyhow::Result<()>) -> Exit {
    match result {
        Ok(()) => Exit::Ok,
        Err(error) => {
            say::line(format_args!("error: {}", in_one_line(&error)));
            Exit::Failed
        }
    }
}

/// An error and what it came from. Some say that already themselves; nothing is said twice.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string).filter(|cause| !cause.is_empty()) {
        if line.is_empty() {
            line = cause;
        } else if !line.ends_with(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line
}

#[cfg(test)]
mod tests;
