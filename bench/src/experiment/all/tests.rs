//! The series itself: its commands are typed here, not run.

use super::*;

fn options(quick: bool) -> Options {
    Options { quick, lb: Some(PathBuf::from("/bin/lb")), image: "lb:latest".to_owned(), no_isolation: true }
}

#[test]
fn every_command_of_the_series_is_one_that_can_be_typed() {
    for quick in [false, true] {
        for entry in SERIES {
            let arguments = options(quick).arguments(entry);
            let typed = Typed::try_parse_from(std::iter::once("lb-bench".to_owned()).chain(arguments));
            let typed = typed.unwrap_or_else(|error| panic!("{}: {error}", entry.name));
            assert_eq!(typed.experiment.name(), entry.name);
        }
    }
}

#[test]
fn every_command_with_containers_is_one_that_can_be_typed_and_results_have_names_of_their_own() {
    for quick in [false, true] {
        for part in CONTAINERS {
            let arguments = options(quick).arguments_of_part(part);
            let typed = Typed::try_parse_from(std::iter::once("lb-bench".to_owned()).chain(arguments));
            typed.unwrap_or_else(|error| panic!("{}: {error}", part.name));
        }
    }
    let names: std::collections::BTreeSet<&str> =
        SERIES.iter().map(|entry| entry.name).chain(CONTAINERS.iter().map(|part| part.name)).collect();
    assert_eq!(names.len(), SERIES.len() + CONTAINERS.len());
}

#[test]
fn what_this_machine_does_not_have_is_no_failure_of_the_series() {
    let run = |error: &str| Run {
        name: String::new(),
        command: String::new(),
        took: Default::default(),
        outcome: Err(error.to_owned()),
    };
    assert_eq!(
        format!("{:?}", verdict(&[run("not run: no container engine answers")])),
        format!("{:?}", ExitCode::SUCCESS)
    );
    assert_eq!(format!("{:?}", verdict(&[run("lb serve ended before it was up")])), format!("{:?}", ExitCode::FAILURE));
}

#[test]
fn a_failed_verdict_outweighs_an_experiment_that_could_not_be_run() {
    let run = |outcome| Run { name: String::new(), command: String::new(), took: Default::default(), outcome };
    let failed = Report { violations: vec!["too slow".to_owned()], ..Report::default() };
    let code = |runs: &[Run]| format!("{:?}", verdict(runs));
    let passed = code(&[run(Ok(Report::default()))]);
    let not_run = code(&[run(Ok(Report::default())), run(Err("no lb".to_owned()))]);
    assert_eq!(passed, format!("{:?}", ExitCode::SUCCESS));
    assert_eq!(not_run, format!("{:?}", ExitCode::FAILURE));
    assert_eq!(code(&[run(Ok(failed)), run(Err("no lb".to_owned()))]), format!("{:?}", ExitCode::from(10)));
}

#[test]
fn nothing_returns_to_a_network_of_its_own_once_the_series_has_left_it() {
    let left = CONTAINERS.iter().position(|part| part.network == Network::Machine).expect("most need the engine");
    assert!(CONTAINERS[left..].iter().all(|part| part.network == Network::Machine));
    // An engine of its own would take the machine's bridge away.
    assert!(CONTAINERS[..left].iter().any(|part| part.words == ["outage"]));
}
