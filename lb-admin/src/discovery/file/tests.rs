//! Tests of [`super`]: files as editors and deployments write them.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;

struct Folder {
    folder: tempfile::TempDir,
    watch: Watch,
    now: SystemTime,
}

impl Folder {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let watch = Watch::new(folder.path().join("backends"));
        let world = Self { folder, watch, now: SystemTime::now() };
        world.write("backends", text);
        world
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("written");
    }

    /// A look as often as it asks for one.
    fn look(&mut self) -> Look {
        (0..9).map(|_| self.watch.look(self.now)).find(|look| !matches!(look, Look::Again)).expect("it comes to an end")
    }

    fn names(&mut self) -> Vec<String> {
        match self.look() {
            Look::Set(backends) => backends.into_iter().map(|backend| backend.name).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn wrong(&mut self) -> String {
        match self.look() {
            Look::Wrong(error) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_line_is_a_backend_and_comments_and_blank_lines_are_none() {
    let path = Path::new("f");
    let backends = parse(path, "\u{20}\n# first\na=h:1 # here\r\n\n\tb=[::1]:2,weight=2\n").expect("a set");
    assert_eq!(backends.iter().map(|backend| &*backend.name).collect::<Vec<_>>(), ["a", "b"]);
    assert!(parse(path, "").expect("an empty set").is_empty());
}

#[test]
fn a_file_that_is_renamed_over_rewritten_or_linked_anew_is_seen() {
    let mut folder = Folder::with("a=h:1");
    assert_eq!(folder.names(), ["a"]);
    folder.write("new", "b=h:1");
    fs::rename(folder.folder.path().join("new"), folder.folder.path().join("backends")).expect("renamed");
    assert_eq!(folder.names(), ["b"]);
    folder.write("backends", "c=h:1");
    assert_eq!(folder.names(), ["c"], "of the same size, within the same tick of the file system's clock");
    folder.write("v1", "d=h:1");
    folder.write("v2", "e=h:1");
    for (target, name) in [("v1", "d"), ("v2", "e")] {
        symlink(target, folder.folder.path().join("link")).expect("linked");
        fs::rename(folder.folder.path().join("link"), folder.folder.path().join("backends")).expect("renamed");
        assert_eq!(folder.names(), [name]);
        // Long unchanged: from now on only what names the content is looked at.
        folder.now += TIMES_GRAIN * 2;
        assert_eq!(folder.names(), [name]);
    }
}

#[test]
fn what_is_seen_once_may_be_half_written() {
    let mut folder = Folder::with("a=h:1\n");
    assert!(matches!(folder.watch.look(folder.now), Look::Again));
    folder.write("backends", "a=h:1\nb=h:2\n");
    assert!(matches!(folder.watch.look(folder.now), Look::Again), "other than a moment ago");
    assert_eq!(folder.names(), ["a", "b"]);
}

#[test]
fn a_bad_line_leaves_the_set_as_it_was_and_is_said_once() {
    let mut folder = Folder::with("a=h:1\nb=h:2\n");
    assert_eq!(folder.names().len(), 2);
    folder.write("backends", "a=h:1\n\nb\n");
    assert!(folder.wrong().contains(", line 3: 'b': there is no NAME="));
    for _ in 0..3 {
        assert_eq!(folder.names(), ["a", "b"]);
    }
    folder.write("backends", "a=h:1\na=h:2\n");
    assert!(folder.wrong().contains(", line 2: the name 'a' is given twice"));
    folder.write("backends", "c=h:1\n");
    assert_eq!(folder.names(), ["c"]);
}

#[test]
fn a_file_that_is_gone_or_no_list_leaves_the_set_as_it_was_and_is_said_once() {
    let mut folder = Folder::with("a=h:1");
    assert_eq!(folder.names(), ["a"]);
    let path = folder.folder.path().join("backends");
    fs::remove_file(&path).expect("it is there");
    assert!(folder.wrong().contains("No such file"));
    assert!(matches!(folder.look(), Look::Nothing));
    fs::write(&path, [0xff, 0xfe]).expect("written");
    assert!(matches!(folder.look(), Look::Nothing), "no better");
    fs::write(&path, "a=h:1\n").expect("written");
    assert_eq!(folder.names(), ["a"]);
    fs::write(&path, vec![b'#'; FILE_BYTES_MAX as usize + 1]).expect("written");
    assert!(folder.wrong().contains("over 1 MiB"));
}

#[test]
fn a_watch_that_begins_with_a_bad_file_says_so_and_tells_no_set() {
    let mut folder = Folder::with("nonsense");
    assert!(folder.wrong().contains("line 1"));
    assert!(matches!(folder.look(), Look::Nothing));
}
