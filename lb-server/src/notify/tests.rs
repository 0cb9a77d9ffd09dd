//! The two kinds of address that systemd names.

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
