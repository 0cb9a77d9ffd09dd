//! The two kinds of address that systemd names, and what is said when.

use super::*;

fn received(socket: &UnixDatagram) -> String {
    let mut buffer = [0; 64];
    let length = socket.recv(&mut buffer).expect("a datagram");
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

#[test]
fn a_path_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("bound");
    send(path.as_os_str(), "READY=1").expect("sent");
    assert_eq!(received(&manager), "READY=1");
}

#[test]
fn an_abstract_name_is_told() {
    let name = format!("lb-test-{}", std::process::id());
    let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).expect("a name")).expect("bound");
    send(OsStr::new(&format!("@{name}")), "STOPPING=1").expect("sent");
    assert_eq!(received(&manager), "STOPPING=1");
}

/// A manager that listens, and what tells it.
fn listening() -> (tempfile::TempDir, UnixDatagram, Arc<Manager>) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("bound");
    socket.set_nonblocking(true).expect("a socket");
    (dir, socket, Manager::at(Some(path.into())))
}

fn said_nothing(socket: &UnixDatagram) -> bool {
    socket.recv(&mut [0; 64]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

#[test]
fn a_reload_is_told_with_its_time_and_its_end() {
    let (_dir, socket, manager) = listening();
    manager.ready();
    assert_eq!(received(&socket), "READY=1");
    let before = monotonic_usec();
    let reloading = manager.reloading();
    let told = received(&socket);
    let at = told.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").and_then(|at| at.parse().ok()).expect("a time");
    assert!((before..=monotonic_usec()).contains(&at), "{told}");
    assert!(said_nothing(&socket), "it is not over");
    drop(reloading);
    assert_eq!(received(&socket), "READY=1");
}

#[test]
fn a_reload_during_the_start_or_over_the_end_does_not_say_ready() {
    let (_dir, socket, manager) = listening();
    let early = manager.reloading();
    manager.ready();
    assert_eq!(received(&socket), "READY=1");
    drop(early);
    assert!(said_nothing(&socket));
    let late = manager.reloading();
    assert!(received(&socket).starts_with("RELOADING=1\n"));
    manager.stopping();
    assert_eq!(received(&socket), "STOPPING=1");
    drop(late);
    drop(manager.reloading());
    assert!(said_nothing(&socket));
}
