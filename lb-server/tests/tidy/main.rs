//! The house rules that a machine can check, run over the whole repository: `just tidy`.
//!
//! Each rule is a function from sources to complaints, in a file of its own; a complaint names the place and says what
//! to do. `samples` runs every rule over small bad sources, so that a rule that finds nothing is known to be able to.
//! Not here: what rustfmt and clippy check.

mod habits;
mod imports;
mod samples;
mod sizes;
mod source;

use source::Source;

/// Prints every complaint before failing, so that one run shows all there is to do.
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} to mend:\n  {}\n", complaints.len(), complaints.join("\n  "));
}

#[test]
fn files_are_read_at_one_sitting() {
    assert_none(&sizes::files(Source::all(), sizes::FILE_EXCEPTIONS));
}

#[test]
fn functions_fit_a_screen() {
    assert_none(&sizes::functions(Source::all(), sizes::FUNCTION_EXCEPTIONS));
}

#[test]
fn imports_go_one_way() {
    assert_none(&imports::directions(Source::all()));
}

#[test]
fn every_file_says_what_it_is() {
    assert_none(&habits::heads(Source::all()));
}

#[test]
fn nothing_is_left_unfinished() {
    assert_none(&habits::unfinished(Source::all()));
}

#[test]
fn no_test_is_ignored_without_a_reason() {
    assert_none(&habits::ignored(Source::all()));
}

#[test]
fn tests_wait_for_facts_not_for_time() {
    assert_none(&habits::sleeps(Source::all()));
}

#[test]
fn documents_cite_no_line_numbers() {
    assert_none(&habits::line_numbers(&source::documents()));
}
