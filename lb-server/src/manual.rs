//! `lb completions SHELL` and `lb man [COMMAND]`: what a package installs beside the binary, out of the definitions in
//! [`crate::cli`].

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::cli::usage::shown;
use crate::exit::Exit;
use crate::say;

/// Writes the script for a shell to stdout.
pub(crate) fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lb", &mut script);
    say::data(&shown(&String::from_utf8_lossy(&script)))
}

/// Writes a manual page (roff, section 1) to stdout.
pub(crate) fn man(command: Option<&str>) -> Exit {
    let mut whole = Cli::command();
    whole.build();
    let page = match command {
        None => Some(("lb".to_owned(), whole)),
        Some(name) => whole.find_subcommand(name).cloned().map(|found| (format!("lb-{name}"), found)),
    };
    match page {
        Some((title, page)) => say::data(&shown(&rendered(&title, page))),
        None => {
            let name = command.unwrap_or_default();
            say::line(format_args!("error: lb has no command '{name}' (see `lb --help`)"));
            Exit::Usage
        }
    }
}

fn rendered(title: &str, command: Command) -> String {
    let mut page = Vec::new();
    Man::new(command).title(title).render(&mut page).expect("a Vec takes any bytes");
    String::from_utf8_lossy(&page).into_owned()
}

#[cfg(test)]
mod tests;
