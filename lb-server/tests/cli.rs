//! `lb` as a process: every wrong input is one line on stderr, the right exit code and nothing left running.

use std::net::TcpListener;
use std::path::Path;

mod process;

use process::{Ended, Lb, command, read_all, until};
use rustix::process::{Pid, Signal, kill_process};

fn refused(words: &[&str]) -> Ended {
    let ended = Lb::start(words).end();
    assert_eq!(ended.stderr.len(), 1, "one line for {words:?}: {:?}", ended.stderr);
    assert!(ended.stderr[0].starts_with("error: "), "{words:?}: {:?}", ended.stderr);
    ended
}

#[test]
fn a_command_line_that_makes_no_sense_exits_2() {
    for words in [
        &["--no-such-flag"][..],
        &["no-such-command"],
        &["serve", "--front", "5000"],
        &["serve", "--hash", "md5"],
        &["serve", "--replicas", "many"],
        &["serve", "--replicas", "-1"],
        &["serve", "--idle-timeout", "5"],
        &["replica", "--listen", "nowhere"],
        &["launch"],
    ] {
        assert_eq!(refused(words).code, Some(2), "{words:?}");
    }
}

#[test]
fn a_configuration_that_makes_no_sense_exits_3() {
    for words in [
        &["--backend", "nonsense"][..],
        &["--backend", "a=h:1", "--backend", "a=i:1"],
        &["--key", "nonsense"],
        &["--hash", "maglev", "--slots", "100"],
        &["--vnodes", "10"],
        &["--probing", "linear"],
        &["--mode", "tcp", "--affinity", "request"],
        &["--mode", "tcp", "--profile", "assignment"],
        &["--admin", "0.0.0.0:0"],
        &["--replicas", "1000"],
        &["--command", "no-such-program"],
        &["--names", "same"],
        &["--image", "x"],
        &["--config", "/no/such/file"],
        &["--hash-key-file", "/no/such/file"],
    ] {
        assert_eq!(refused(words).code, Some(3), "{words:?}");
    }
}

#[test]
fn a_variable_is_read_where_the_flag_is_missing() {
    let ended = Lb::spawn(command(&["serve"]).env("LB_FRONT", "nowhere")).end();
    assert_eq!(ended.code, Some(2), "{:?}", ended.stderr);
    let ended = Lb::spawn(command(&["serve"]).env("LB_VNODES", "10")).end();
    assert_eq!(ended.code, Some(3), "{:?}", ended.stderr);
}

#[test]
fn a_front_port_that_is_in_use_exits_1_and_starts_nothing() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let front = other.local_addr().expect("bound").to_string();
    let state = tempfile::tempdir().expect("a directory");
    let dir = state.path().to_str().expect("a path of letters");
    let ended = refused(&["--front", &front, "--admin", "127.0.0.1:0", "--state-dir", dir]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr[0].contains(&front) && ended.stderr[0].contains("in use"), "{:?}", ended.stderr);
    assert_eq!(
        std::fs::read_dir(dir).expect("the directory").count(),
        0,
        "nothing is written before the ports are ours"
    );
}

#[test]
fn an_admin_port_that_is_in_use_exits_1_and_starts_nothing() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let admin = other.local_addr().expect("bound").to_string();
    let state = tempfile::tempdir().expect("a directory");
    let dir = state.path().to_str().expect("a path of letters");
    let ended = refused(&["--front", "127.0.0.1:0", "--admin", &admin, "--state-dir", dir]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr[0].contains(&admin) && ended.stderr[0].contains("another --admin"), "{:?}", ended.stderr);
}

#[test]
fn help_and_version_go_to_stdout_and_exit_0() {
    for words in [&["--help"][..], &["serve", "--help"], &["--version"]] {
        let mut lb = Lb::start(words);
        let text = read_all(lb.stdout());
        let ended = lb.end();
        assert_eq!((ended.code, ended.stderr.len()), (Some(0), 0), "{words:?}");
        assert!(text.contains("lb"), "{words:?}: {text}");
    }
}

#[test]
fn a_launched_program_has_a_session_of_its_own() {
    // Field 6 of stat is the session; `sh` reads its own, so that its number is its process id.
    let mut lb = Lb::start(&["launch", "--", "sh", "-c", "read -r stat < /proc/$$/stat; echo $$ $stat"]);
    let text = read_all(lb.stdout());
    assert_eq!(lb.end().code, Some(0));
    let words: Vec<&str> = text.split_whitespace().collect();
    let (pid, session) = (words[0], words[6]);
    assert_eq!(pid, session, "{text}");
}

#[test]
fn a_launched_program_inherits_only_the_standard_streams() {
    let script = "exec 7</dev/null; exec \"$0\" launch -- ls /proc/self/fd";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_lb")]).stdout(std::process::Stdio::piped());
    shell.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut lb = Lb::spawn(&mut shell);
    let text = read_all(lb.stdout());
    assert_eq!(lb.end().code, Some(0));
    // 3 is the directory that `ls` itself reads.
    assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["0", "1", "2", "3"]);
}

#[test]
fn a_program_that_is_not_there_exits_127() {
    let ended = refused(&["launch", "--", "/no/such/program"]);
    assert_eq!(ended.code, Some(127));
    assert!(ended.stderr[0].contains("/no/such/program"), "{:?}", ended.stderr);
}

/// How many replicas write into the state directory, whose one folder is named after a port that nobody knows.
fn logs_in(state: &Path) -> usize {
    let folders = std::fs::read_dir(state).expect("the directory").flatten();
    folders.filter_map(|folder| std::fs::read_dir(folder.path().join("replicas")).ok()).flatten().count()
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_end() {
    let state = tempfile::tempdir().expect("a directory");
    let dir = state.path().to_str().expect("a path of letters");
    let words = ["serve", "--front", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--state-dir", dir];
    let mut child = command(&words).spawn().expect("lb starts");
    // The end of stderr is closed before a line was written to it: every line, of the log too, fails.
    drop(child.stderr.take());
    until("its replicas were started", || logs_in(state.path()) == 3);
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it is not reaped");
    assert_eq!(child.wait().expect("our child").code(), Some(0));
    assert_eq!(std::fs::read_dir(dir).expect("the directory").count(), 0, "a normal end leaves nothing");
}

#[test]
fn help_that_nobody_reads_is_no_panic() {
    let mut child = command(&["serve", "--help"]).spawn().expect("lb starts");
    drop(child.stdout.take());
    let stderr = read_all(child.stderr.take().expect("stderr is piped"));
    assert_eq!((child.wait().expect("our child").code(), stderr.as_str()), (Some(0), ""));
}
