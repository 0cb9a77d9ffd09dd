//! A state directory on a file system that is full (FAULTS C11): serving and healing go on, changes are refused until
//! there is room again. On a small tmpfs that only lb sees, which takes a mount namespace.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;

use crate::support::process::signal;
use crate::support::{Lb, eventually};

/// What the shell does before it becomes lb: `$5` is what follows `serve --workers 2 --state-dir`.
const ON_A_SMALL_TMPFS: &str =
    r#"exec unshare -rm sh -c 'mount -t tmpfs -o size=256k tmpfs "$5" && exec "$0" "$@"' "$0" "$@""#;

/// Writes until nothing more fits; where the file is.
fn fill(lb: &Lb) -> PathBuf {
    let inside = lb.state_folder().strip_prefix("/").unwrap().join("fill");
    let path = PathBuf::from(format!("/proc/{}/root", lb.pid())).join(inside);
    let mut file = File::create(&path).unwrap();
    loop {
        match file.write_all(&[0; 4096]) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::StorageFull => return path,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
}

#[test]
fn with_a_full_state_directory_changes_get_503_and_healing_goes_on_until_there_is_room() {
    if !Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .status()
        .is_ok_and(|s| s.success())
    {
        eprintln!("NOT RUN: no mount namespace can be made here, so no state directory can be full");
        return;
    }
    let lb = Lb::launch_through(ON_A_SMALL_TMPFS, &["--replicas", "2"]);
    lb.wait_until_ready(2);
    let filler = fill(&lb);
    let refused = lb.ask_admin("POST", "/add", r#"{"n":1}"#);
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.text().contains("mend the state directory"), "{refused:?}");
    assert_eq!((lb.replicas().len(), lb.metric("lb_state_write_failing")), (2, 1.0));
    assert!(lb.stderr().contains("No space left on device"), "{}", lb.stderr());
    assert!(signal(lb.pid_of("S1"), Signal::KILL));
    eventually("S1 is replaced", || (!lb.replicas().contains(&"S1".into()) && lb.replicas().len() == 2).then_some(()));
    assert_eq!(lb.get("/home").status, 200);
    fs::remove_file(filler).unwrap();
    eventually("it is written again", || (lb.metric("lb_state_write_failing") == 0.0).then_some(()));
    assert_eq!(lb.ask_admin("POST", "/add", r#"{"n":1}"#).status, 200);
}
