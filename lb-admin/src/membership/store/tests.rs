//! The file on a real file system: whole, set aside where it is bad, tried again where it can't be written.

use super::super::saved::SavedMember;
use super::*;

const TRACE: Trace = Trace::Process { pid: 7, start_ticks: 8, port: 20_000 };

fn saved(epoch: u64) -> Arc<Saved> {
    let member = SavedMember {
        name: "S1".into(),
        seat: 1,
        places: Vec::new(),
        weight: 1000,
        supervised: true,
        listed: true,
        named: false,
        reweighed: false,
        drained: false,
        max_connections: None,
        id: Some(1),
        trace: Some(TRACE),
    };
    Arc::new(Saved { epoch, members: vec![member], ..Saved::default() })
}

async fn written(folder: &Path, epoch: u64) {
    let (mut store, _) = Store::open(folder, "a").expect("a thread");
    assert!(store.write(saved(epoch)).await);
}

fn read_again(folder: &Path, instance: &str) -> Option<Saved> {
    Store::open(folder, instance).expect("a thread").1
}

#[tokio::test]
async fn what_was_written_is_there_for_the_next_run() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(read_again(folder.path(), "a"), None);
    written(folder.path(), 1).await;
    written(folder.path(), 2).await;
    assert_eq!(read_again(folder.path(), "a"), Some((*saved(2)).clone()));
    let files = fs::read_dir(folder.path()).expect("it is there").count();
    assert_eq!(files, 1, "nothing half-written stays");
}

#[tokio::test]
async fn traces_of_another_instance_or_another_boot_are_not_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path(), 1).await;
    let strangers = read_again(folder.path(), "b").expect("the members are good");
    assert_eq!(strangers.members[0].trace, None);
    let path = folder.path().join(FILE);
    let text = fs::read_to_string(&path).expect("written").replace(&boot_id(), "before");
    fs::write(&path, text).expect("written");
    assert_eq!(read_again(folder.path(), "a").expect("the members are good").members[0].trace, None);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_set_aside() {
    for bad in ["", "{", "[]", r#"{"format":2,"instance":"a","boot":"","state":7}"#] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(FILE), bad).expect("written");
        assert_eq!(read_again(folder.path(), "a"), None);
        assert_eq!(fs::read_to_string(folder.path().join(SET_ASIDE)).expect("set aside"), bad);
        written(folder.path(), 1).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join(FILE)).expect("made");
    assert_eq!(read_again(folder.path(), "a"), None);
    assert!(folder.path().join(SET_ASIDE).is_dir());
}

#[tokio::test]
async fn what_cannot_be_written_is_said_counted_and_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let in_the_way = folder.path().join(FILE);
    let (mut store, _) = Store::open(folder.path(), "a").expect("a thread");
    fs::create_dir(&in_the_way).expect("made");
    assert!(!store.write(saved(1)).await);
    assert!(store.saving().is_failing() && store.saving().failures() == 1);
    fs::remove_dir(&in_the_way).expect("empty");
    let due = store.next_deadline().expect("it is tried again");
    store.look_after(due);
    store.over().await;
    store.look_after(due);
    assert!(!store.saving().is_failing() && store.next_deadline().is_none());
    assert_eq!(read_again(folder.path(), "a"), Some((*saved(1)).clone()));
}
