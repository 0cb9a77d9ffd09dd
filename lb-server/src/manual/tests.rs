//! Every command is in what a package installs.

use super::*;

fn commands() -> Vec<String> {
    let visible = |command: &&Command| !command.is_hide_set();
    Cli::command().get_subcommands().filter(visible).map(|command| command.get_name().to_owned()).collect()
}

#[test]
fn every_shell_completes_every_command() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "lb", &mut script);
        let script = String::from_utf8(script).unwrap();
        for command in commands() {
            assert!(script.contains(&command), "{shell} knows nothing of {command}");
        }
    }
}

#[test]
fn the_manual_page_names_every_command_and_each_has_its_own() {
    let mut whole = Cli::command();
    whole.build();
    let page = rendered("lb", whole.clone());
    for command in commands() {
        assert!(page.contains(&format!("lb\\-{}", command.replace('-', "\\-"))), "{command}");
        let own = rendered(&format!("lb-{command}"), whole.find_subcommand(&command).unwrap().clone());
        assert!(own.contains(&format!(".TH lb-{command} ")) && own.contains(".SH SYNOPSIS"), "{own}");
    }
    assert!(!shown(&page).contains("{N}"), "as a user writes it");
}
