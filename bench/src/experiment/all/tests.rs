//! The series itself: its commands are typed here, not run.

use super::*;

fn options(quick: bool) -> Options {
    Options { quick, lb: Some(PathBuf::from("/bin/lb")), no_isolation: true }
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
