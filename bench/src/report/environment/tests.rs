//! The machine is asked for real: only that it answers is checked, not what.

use super::*;

#[test]
fn what_is_asked_for_is_there_and_nothing_is_empty() {
    let environment = Environment::collect();
    for wanted in ["date", "command", "kernel", "cpu", "cores", "memory", "network", "commit", "rustc", "lb", "haproxy"]
    {
        let found = environment.entries().find(|(name, _)| *name == wanted);
        assert!(found.is_some_and(|(_, value)| !value.is_empty()), "{wanted}: {found:?}");
    }
}

#[test]
fn a_program_that_is_missing_is_said_to_be() {
    assert_eq!(answer("no-such-program-of-lb-bench", &["-v"]), "not found");
}

#[test]
fn the_command_line_can_be_pasted_into_a_shell() {
    let arguments = ["kill", "--kills", "3", "--note", "two words"].map(str::to_owned);
    assert_eq!(command_line(&arguments), "lb-bench kill --kills 3 --note 'two words'");
}

#[test]
fn the_balancer_that_was_named_is_the_one_that_is_asked() {
    for arguments in [vec!["kill", "--lb", "/bin/lb"], vec!["kill", "--lb=/bin/lb"]] {
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        assert_eq!(lb_program(&arguments), PathBuf::from("/bin/lb"));
    }
}
