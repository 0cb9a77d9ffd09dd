//! The state folder and its secret on a real file system.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn open(root: &Path) -> StateDir {
    let (dir, warning) = StateDir::open(root, 5000, true).expect("a folder");
    assert_eq!(warning, None);
    dir
}

#[test]
fn the_secret_is_made_once_and_only_the_owner_may_read_it() {
    let root = tempfile::tempdir().expect("a directory");
    let dir = open(&root.path().join("not/there/yet"));
    let (first, warning) = dir.secret().expect("a secret");
    assert_eq!(warning, None);
    let mode = std::fs::metadata(dir.path().join(SECRET_FILE)).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, SECRET_MODE);
    assert_eq!(dir.secret().expect("a secret").0, first);
    let files = std::fs::read_dir(dir.path()).expect("the folder").count();
    assert_eq!(files, 2, "the key and the lock: nothing half-written stays");
}

#[test]
fn two_fronts_have_folders_and_secrets_of_their_own() {
    let root = tempfile::tempdir().expect("a directory");
    let (one, _) = StateDir::open(root.path(), 5000, true).expect("a folder");
    let (two, _) = StateDir::open(root.path(), 6000, true).expect("a folder");
    assert_ne!(one.path(), two.path());
    assert_ne!(one.secret().expect("a secret").0, two.secret().expect("a secret").0);
}

#[test]
fn whoever_loses_the_race_for_the_first_secret_takes_the_winners() {
    let root = tempfile::tempdir().expect("a directory");
    let dir = open(root.path());
    let path = dir.path().join(SECRET_FILE);
    let winner = create_secret(&path).expect("a secret");
    assert_eq!(create_secret(&path).expect("a secret"), winner);
}

#[test]
fn a_damaged_secret_is_left_alone_and_said_aloud() {
    let root = tempfile::tempdir().expect("a directory");
    let dir = open(root.path());
    let path = dir.path().join(SECRET_FILE);
    std::fs::write(&path, "half a ke").expect("written");
    let (_, warning) = dir.secret().expect("a secret for this run");
    assert!(warning.expect("a warning").contains("32 hex digits"));
    assert_eq!(std::fs::read_to_string(&path).expect("still there"), "half a ke");
}

#[test]
fn a_directory_that_cannot_be_made_costs_a_warning_not_the_start() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let (dir, warning) = StateDir::open(file.path(), 5000, true).expect("a temporary folder");
    assert!(warning.expect("a warning").contains("nothing will survive a restart"));
    let path = dir.path().to_owned();
    assert!(path.is_dir());
    drop(dir);
    assert!(!path.exists(), "a temporary folder goes away again");
}

#[test]
fn the_folder_of_a_free_port_goes_away_but_never_one_that_was_there() {
    let root = tempfile::tempdir().expect("a directory");
    let (dir, _) = StateDir::open(root.path(), 40_000, false).expect("a folder");
    dir.secret().expect("a secret");
    drop(dir);
    assert!(!root.path().join("40000").exists());

    drop(open(root.path()));
    let (same, _) = StateDir::open(root.path(), 5000, false).expect("a folder");
    drop(same);
    assert!(root.path().join("5000").exists(), "its key belongs to the front that has this port by name");
}

#[test]
fn a_folder_is_held_by_one_at_a_time() {
    let root = tempfile::tempdir().expect("a directory");
    let first = open(root.path());
    let second = StateDir::open(root.path(), 5000, true).expect_err("it is held");
    let line = second.to_string();
    assert!(matches!(second, StateError::InUse(_)), "{line}");
    assert!(line.contains("5000 is in use") && line.ends_with("stop it or give --state-dir"), "{line}");
    let _other_port = StateDir::open(root.path(), 6000, true).expect("another folder");
    drop(first);
    open(root.path());
}

#[test]
fn the_instance_is_made_once_and_is_not_the_secret() {
    let root = tempfile::tempdir().expect("a directory");
    let dir = open(root.path());
    let (instance, warning) = dir.instance().expect("an instance");
    assert_eq!((instance.len(), warning), (32, None));
    assert_ne!(in_hex(dir.secret().expect("a secret").0), instance);
    assert_eq!(dir.instance().expect("an instance").0, instance);
}
