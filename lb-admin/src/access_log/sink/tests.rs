//! What becomes of lines: written, moved away under us, lost on a full disk or in a pipe that nobody reads.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn sink_to(path: &Path) -> Sink {
    Sink::open(AccessLogTarget::File(path.to_owned())).unwrap()
}

fn flush(sink: &mut Sink, text: &str) -> Flushed {
    sink.buffer().extend_from_slice(text.as_bytes());
    sink.flush()
}

#[test]
fn lines_are_added_to_the_end_of_a_file_that_others_cannot_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    assert_eq!(flush(&mut sink_to(&path), "one\ntwo\n"), Flushed { written: 2, lost: 0 });
    assert_eq!(flush(&mut sink_to(&path), "three\n"), Flushed { written: 1, lost: 0 });
    assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o007, 0);
}

#[test]
fn a_renamed_file_is_written_on_until_it_is_opened_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (path, old) = (dir.path().join("access.log"), dir.path().join("access.log.1"));
    let mut sink = sink_to(&path);
    flush(&mut sink, "one\n");
    fs::rename(&path, &old).unwrap();
    flush(&mut sink, "two\n");
    sink.reopen();
    flush(&mut sink, "three\n");
    assert_eq!(fs::read_to_string(&old).unwrap(), "one\ntwo\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
}

#[test]
fn where_it_cannot_be_opened_anew_the_old_file_is_written_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let mut sink = sink_to(&path);
    let old = dir.path().join("old");
    fs::rename(&path, &old).unwrap();
    fs::create_dir(&path).unwrap();
    sink.reopen();
    assert_eq!(flush(&mut sink, "still here\n").written, 1);
    assert_eq!(fs::read_to_string(&old).unwrap(), "still here\n");
}

/// FAULTS C11's sibling: the disk is full.
#[test]
fn a_full_disk_costs_lines_that_are_counted_and_nothing_else() {
    let mut sink = sink_to(Path::new("/dev/full"));
    assert_eq!(flush(&mut sink, "one\ntwo\n"), Flushed { written: 0, lost: 2 });
    assert!(sink.is_failing);
    assert_eq!(flush(&mut sink, "three\n"), Flushed { written: 0, lost: 1 });
}

#[test]
fn a_line_that_was_cut_short_does_not_spoil_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let mut sink = sink_to(&path);
    sink.file.write_all(b"cut sho").unwrap();
    sink.is_torn = true;
    assert_eq!(flush(&mut sink, "whole\n").written, 1);
    assert_eq!(flush(&mut sink, "too\n").written, 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), "cut sho\nwhole\ntoo\n");
}

#[test]
fn what_cannot_be_opened_is_said_with_its_path_and_nobody_waits_for_a_reader() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.is_ok_and(|status| status.success()));
    for path in [dir.path(), Path::new("/nowhere/access.log"), &fifo] {
        let error = Sink::open(AccessLogTarget::File(path.to_owned())).unwrap_err().to_string();
        assert!(error.starts_with(&path.display().to_string()), "{error}");
    }
}
