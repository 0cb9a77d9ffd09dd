//! What lies around the binary: the two Dockerfiles make the same image, and the Makefile's shortcuts say what they need.
//!
//! No engine is asked here; `tests/compose` runs the stack.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The instructions of a Dockerfile's last stage, comments left out.
fn last_stage(dockerfile: &str) -> Vec<&str> {
    let start = dockerfile.rfind("\nFROM scratch\n").expect("the image is made from scratch");
    dockerfile[start..].lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn an_image_of_a_prebuilt_binary_says_of_itself_what_the_built_one_says() {
    let built = read("Dockerfile").replace("--from=build ", "").replace("/out/", "");
    assert_eq!(last_stage(&read("packaging/Dockerfile.prebuilt")), last_stage(&built));
}

#[test]
fn what_runs_in_the_image_is_not_root() {
    let dockerfile = read("Dockerfile");
    let user = last_stage(&dockerfile).into_iter().find_map(|line| line.strip_prefix("USER ")).expect("a USER");
    assert!(!user.starts_with('0') && user.starts_with(|digit: char| digit.is_ascii_digit()), "{user}");
}

/// `make` with these words and nothing in the PATH but a shell's own tools; `None` where this machine has no make.
fn make(words: &[&str]) -> Option<(Option<i32>, String)> {
    let tools = tempfile::tempdir().expect("a directory");
    let path = std::env::var_os("PATH").expect("a PATH");
    let find = |name: &str| -> Option<PathBuf> {
        std::env::split_paths(&path).map(|dir| dir.join(name)).find(|candidate| candidate.is_file())
    };
    for tool in ["sh", "make", "sed", "stat", "seq"] {
        std::os::unix::fs::symlink(find(tool)?, tools.path().join(tool)).expect("a link");
    }
    let mut make = Command::new(tools.path().join("make"));
    let output =
        make.args(words).current_dir(root()).env_clear().env("PATH", tools.path()).output().expect("make runs");
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
}

#[test]
fn plain_make_lists_the_shortcuts() {
    let Some((code, said)) = make(&[]) else { return eprintln!("not run: make is missing") };
    assert_eq!(code, Some(0), "{said}");
    for shortcut in ["build", "rebuild", "up", "down", "logs", "ps", "add", "rm", "rep", "route"] {
        assert!(said.lines().any(|line| line.split_whitespace().next() == Some(shortcut)), "{shortcut}: {said}");
    }
}

#[test]
fn without_docker_a_shortcut_says_so_in_one_line() {
    for words in [&["up"][..], &["build"], &["rep"], &["route", "ID=7"], &["add", "N=1"]] {
        let Some((code, said)) = make(words) else { return eprintln!("not run: make is missing") };
        assert_eq!(code, Some(2), "{words:?}: {said}");
        let words_of_ours: Vec<&str> = said.lines().filter(|line| !line.starts_with("make")).collect();
        assert_eq!(words_of_ours.len(), 1, "{words:?}: {said}");
        assert!(words_of_ours[0].starts_with("Docker is missing: install "), "{said}");
    }
}

#[test]
fn with_a_binary_of_its_own_a_shortcut_needs_no_docker() {
    let lb = format!("LB={}", env!("CARGO_BIN_EXE_lb"));
    let Some((code, said)) = make(&[&lb, "route"]) else { return eprintln!("not run: make is missing") };
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("make route ID=7"), "{said}");
    let Some((_, said)) = make(&[&lb, "-n", "add", "N=2", "NAMES=S5 S4"]) else { return };
    assert!(said.contains("add -n 2 S5 S4"), "{said}");
}
