//! A listener that shall be closed gives out what it has.

use std::net::TcpStream;
use std::time::Duration;

use super::*;

#[test]
fn a_listener_that_refuses_handshakes_still_gives_out_what_it_has() {
    let listener = shared_listener("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = listener.local_addr().unwrap();
    let _early = TcpStream::connect(addr).unwrap();
    refuse_new_handshakes(&listener).unwrap();
    let late = TcpStream::connect_timeout(&addr, Duration::from_millis(50));
    assert_eq!(late.unwrap_err().kind(), io::ErrorKind::TimedOut, "its SYN is dropped, not refused");
    assert!(listener.accept().is_ok());
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn what_is_accepted_has_no_delay_without_being_asked() {
    let fronts = Fronts::bind(&["127.0.0.1:0".parse().unwrap()], 1).unwrap();
    let addr = fronts.addrs()[0];
    let (mut listeners, _claims) = fronts.into_parts();
    let listener = listeners.remove(0).remove(0);
    let _client = TcpStream::connect(addr).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    assert!(SockRef::from(&accepted).tcp_nodelay().unwrap());
}
