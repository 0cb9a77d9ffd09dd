//! Binding the admin API: taken ports, and socket files alive, left behind, or no sockets at all.

use std::os::unix::net::UnixStream as StdUnixStream;

use super::*;

fn unix(folder: &tempfile::TempDir) -> AdminAddr {
    AdminAddr::Unix(folder.path().join("admin.sock"))
}

#[test]
fn port_0_takes_a_free_one_and_says_which() {
    let listener = bind(&AdminAddr::Tcp("127.0.0.1:0".parse().unwrap())).unwrap();
    let AdminAddr::Tcp(addr) = listener.addr() else { panic!("not TCP") };
    assert_ne!(addr.port(), 0);
    assert_eq!(listener.to_string(), format!("http://{addr}"));
}

#[test]
fn a_taken_port_is_an_error_that_names_it() {
    let first = bind(&AdminAddr::Tcp("127.0.0.1:0".parse().unwrap())).unwrap();
    let error = bind(first.addr()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    let AdminAddr::Tcp(addr) = first.addr() else { panic!("not TCP") };
    assert!(error.to_string().starts_with(&addr.to_string()), "{error}");
}

#[test]
fn a_live_socket_file_is_in_use_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let addr = unix(&folder);
    let first = bind(&addr).unwrap();
    assert_eq!(bind(&addr).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    assert!(StdUnixStream::connect(folder.path().join("admin.sock")).is_ok());
    drop(first);
    assert!(!folder.path().join("admin.sock").exists());
}

#[test]
fn a_socket_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let _listener = bind(&unix(&folder)).unwrap();
    let mode = std::fs::metadata(folder.path().join("admin.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_socket_file_left_behind_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    drop(std::os::unix::net::UnixListener::bind(folder.path().join("admin.sock")).unwrap());
    assert!(folder.path().join("admin.sock").exists());
    let _listener = bind(&unix(&folder)).unwrap();
    assert!(StdUnixStream::connect(folder.path().join("admin.sock")).is_ok());
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.sock");
    std::fs::write(&path, "precious").unwrap();
    assert_eq!(bind(&unix(&folder)).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_successors_socket_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let first = bind(&unix(&folder)).unwrap();
    // Held open under another name, so that the successor can't be given the same inode.
    std::fs::rename(folder.path().join("admin.sock"), folder.path().join("old.sock")).unwrap();
    let _second = bind(&unix(&folder)).unwrap();
    drop(first);
    assert!(StdUnixStream::connect(folder.path().join("admin.sock")).is_ok());
}
