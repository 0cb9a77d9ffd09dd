//! A control plane on the state that another has left. The other ends by `keep_replicas`, since a thread can't be killed;
//! what a real SIGKILL leaves is tested on the binary.

use super::*;

const ARGV: [&str; 4] = ["python3", "-c", REPLICA, "{port}"];

/// Ready replicas S1, S2, …, left running in their folder.
fn left_running(replicas: u32) -> (tempfile::TempDir, Arc<Snapshot>) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = AdminConfig { keep_replicas: true, ..config(replicas, folder.path()) };
    let running = Running::start_in(folder, &config, &ARGV);
    let snapshot = running.until(|now| now.ready() == replicas as usize);
    let Running { plane, folder, .. } = running;
    plane.stop();
    (folder, snapshot)
}

fn go_on(folder: tempfile::TempDir, change: impl FnOnce(&mut AdminConfig)) -> Running {
    let mut config = config(7, folder.path());
    change(&mut config);
    Running::start_in(folder, &config, &ARGV)
}

fn names(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.listed().collect()
}

fn is_running(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[test]
fn replicas_that_were_left_are_taken_over_as_they_were() {
    let (folder, before) = left_running(3);
    let running = go_on(folder, |_| ());
    let after = running.until(|now| now.ready() == 3);
    assert_eq!((pids(&after), names(&after)), (pids(&before), names(&before)));
    assert_eq!((after.target, after.replaced), (3, 0));
    assert!(after.version > before.version, "versions grow");
    let log = running.folder.path().join("state/replicas/S1.1.log");
    assert!(log.exists(), "what it writes goes on");
    let added = running.add(&["A"]).expect("it starts");
    assert_eq!(names(&added), ["S1", "S2", "S3", "A"]);
    stop_strangers(running);
}

#[test]
fn a_replica_that_died_meanwhile_is_replaced_in_its_seat_with_all_that_it_had_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = AdminConfig { keep_replicas: true, ..config(1, folder.path()) };
    let running = Running::start_in(folder, &config, &["python3", "-c", REPLICA, "{port}", "{folder}"]);
    let before = running.until(|now| now.ready() == 1);
    let port = before.backends[0].backend.as_ref().expect("it listens").addr.port();
    let child = fs::read_to_string(running.folder.path().join(port.to_string())).expect("written before it listens");
    let Running { plane, folder, .. } = running;
    plane.stop();
    let dead = pids(&before)[0];
    kill(dead);
    wait_gone(dead);
    let child: u32 = child.parse().expect("a pid");
    assert!(is_running(child));

    let running = go_on(folder, |_| ());
    let after = running.until(|now| now.ready() == 1 && now.replaced == 1);
    assert_ne!(names(&after), names(&before));
    assert_eq!(after.backends[0].seat, before.backends[0].seat);
    wait_gone(child);
    running.stop();
}

#[test]
fn without_a_file_everything_that_carries_the_mark_is_ended() {
    let (folder, before) = left_running(2);
    fs::remove_file(folder.path().join("state/members.json")).expect("it was written");
    let running = go_on(folder, |config| config.replicas = 1);
    pids(&before).into_iter().for_each(wait_gone);
    let after = running.until(|now| now.ready() == 1);
    assert!(!pids(&before).contains(&pids(&after)[0]));
    running.stop();
}

#[test]
fn without_a_trace_a_replica_is_found_by_its_mark() {
    let (folder, before) = left_running(2);
    let path = folder.path().join("state/members.json");
    let text = fs::read_to_string(&path).expect("it was written");
    let mut page: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for member in page["state"]["members"].as_array_mut().expect("members") {
        member["trace"] = serde_json::Value::Null;
    }
    fs::write(&path, page.to_string()).expect("written");
    let running = go_on(folder, |_| ());
    let after = running.until(|now| now.ready() == 2);
    assert_eq!((pids(&after), names(&after)), (pids(&before), names(&before)));
    stop_strangers(running);
}

#[test]
fn a_number_that_is_somebody_elses_by_now_is_left_alone() {
    let (folder, before) = left_running(1);
    let pid = pids(&before)[0];
    let path = folder.path().join("state/members.json");
    // As if the number had been given to a process that started at another time, and carries no mark of ours.
    let text = fs::read_to_string(&path).expect("it was written");
    let mut page: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let ticks = &mut page["state"]["members"][0]["trace"]["process"]["start_ticks"];
    *ticks = (ticks.as_u64().expect("a number") - 1).into();
    page["instance"] = "another".into();
    fs::write(&path, page.to_string()).expect("written");
    let running = go_on(folder, |config| config.instance = "another".into());
    let after = running.until(|now| now.ready() == 1 && now.replaced == 1);
    assert!(is_running(pid) && pids(&after) != [pid]);
    running.stop();
    kill(pid);
}

#[test]
fn fewer_replicas_asked_for_end_the_newest() {
    let (folder, before) = left_running(3);
    let running = go_on(folder, |config| (config.replicas, config.replicas_given) = (2, true));
    let after = running.until(|now| now.ready() == 2);
    assert_eq!(pids(&after), pids(&before)[..2]);
    wait_gone(pids(&before)[2]);
    assert_eq!(names(&after), ["S1", "S2"]);
    stop_strangers(running);
}

#[test]
fn a_normal_stop_forgets_members_and_target_but_not_the_version() {
    let running = Running::ready(2);
    let before = running.add(&["A"]).expect("it starts");
    let Running { plane, folder, .. } = running;
    plane.stop();
    let running = go_on(folder, |config| config.replicas = 1);
    let after = running.until(|now| now.ready() == 1);
    assert_eq!(names(&after), ["S1"]);
    assert!(after.version > before.version);
    running.stop();
}

#[test]
fn while_the_state_cannot_be_written_changes_are_refused_and_healing_goes_on() {
    let running = Running::ready(2);
    let file = running.folder.path().join("state/members.json");
    fs::remove_file(&file).expect("it was written");
    fs::create_dir(&file).expect("made");
    assert_eq!(running.add(&["A"]).err(), Some(ChangeError::NotSaved));
    assert_eq!(running.remove(&["S1"]).err(), Some(ChangeError::NotSaved));
    let before = running.plane.membership().snapshot();
    assert_eq!(names(&before), ["S1", "S2"]);
    assert!(running.plane.membership().saving().is_failing());
    kill(pids(&before)[0]);
    running.until(|now| now.ready() == 2 && now.replaced == 1);

    fs::remove_dir(&file).expect("empty");
    let added = running.add(&["A"]).expect("it can be written again");
    assert_eq!(added.ready(), 3);
    running.stop();
}

/// As [`Running::stop`], for replicas that nobody reaps: here they are children of ours that were taken for strangers.
fn stop_strangers(running: Running) {
    let pids = pids(&running.plane.membership().snapshot());
    running.plane.stop();
    for pid in pids {
        assert!(!is_running(pid), "{pid} is left");
    }
}
