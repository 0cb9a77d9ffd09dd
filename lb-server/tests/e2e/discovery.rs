//! `--backends-file`: what is written there comes, changes and goes while clients go on.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{Lb, Load, Outsider, eventually};

/// A file that is replaced as deployments do: written beside, renamed over.
struct File {
    path: PathBuf,
    folder: TempDir,
}

impl File {
    fn with(lines: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = Self { path: folder.path().join("backends"), folder };
        file.replace(lines);
        file
    }

    fn replace(&self, lines: &[String]) {
        let beside = self.folder.path().join("new");
        fs::write(&beside, lines.join("\n")).unwrap();
        fs::rename(beside, &self.path).unwrap();
    }

    fn path(&self) -> &str {
        Path::to_str(&self.path).unwrap()
    }
}

fn ready(lb: &Lb) -> Vec<String> {
    let backends = lb.backends();
    let ready = backends.iter().filter(|backend| backend["state"] == "ready");
    ready.map(|backend| backend["name"].as_str().unwrap().to_owned()).collect()
}

fn wait_for(lb: &Lb, names: &[&str]) {
    eventually(&format!("{names:?} are ready"), || (ready(lb) == names).then_some(()));
}

#[test]
fn backends_come_change_and_go_with_their_file_and_no_request_fails() {
    let [a, b, c] = ["a", "b", "c"].map(Outsider::start);
    let [line_a, line_b, line_c] = [a.as_backend("a"), b.as_backend("b"), c.as_backend("c")];
    let file = File::with(&[line_a.clone(), line_b.clone()]);
    let lb = Lb::launch(&["--backends-file", file.path(), "--check", "/heartbeat"]);
    wait_for(&lb, &["a", "b"]);
    let load = Load::start(lb.front);
    load.wait_for_more(50);
    file.replace(&["# one more".to_owned(), line_c.clone(), line_b.clone() + ",weight=3", line_a.clone()]);
    wait_for(&lb, &["a", "b", "c"]);
    eventually("b has another weight", || (lb.backends()[1]["weight"] == 3.0).then_some(()));
    load.wait_for_more(50);
    file.replace(&[line_c.clone(), "nonsense".to_owned()]);
    eventually("a bad line is said", || lb.stderr().contains("line 2: 'nonsense': there is no NAME=").then_some(()));
    assert_eq!(ready(&lb), ["a", "b", "c"], "the good set stays");
    load.wait_for_more(50);
    file.replace(&[line_b, line_c]);
    wait_for(&lb, &["b", "c"]);
    load.wait_for_more(50);
    fs::remove_file(&file.path).unwrap();
    eventually("a missing file is said", || lb.stderr().contains("No such file").then_some(()));
    load.wait_for_more(50);
    assert_eq!(ready(&lb), ["b", "c"]);
    let answers = load.stop();
    assert_eq!(answers.failed, [""; 0], "of {}", answers.answered);
    let removed = lb.ask_admin("DELETE", "/rm", r#"{"hostnames":["b"]}"#);
    assert_eq!(removed.status, 400, "{removed:?}");
}

#[test]
fn a_file_that_is_missing_or_wrong_at_the_start_is_a_wrong_configuration() {
    let (code, words) = Lb::run_to_end(&["--backends-file", "/no/such/file"]);
    assert!(code == 3 && words.contains("--backends-file /no/such/file: No such file"), "{code} {words}");
    let file = File::with(&["# good so far".to_owned(), "a=h".to_owned()]);
    let (code, words) = Lb::run_to_end(&["--backends-file", file.path()]);
    assert!(code == 3 && words.contains("line 2: 'a=h': there is no :PORT"), "{code} {words}");
}
