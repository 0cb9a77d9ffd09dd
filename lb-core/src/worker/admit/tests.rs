//! What accepting owes, and to whom: no listener starves, nothing spins, the reserve comes back.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;

use mio::net::TcpListener;

use super::*;
use crate::net::linux::Linux;

fn kernel() -> Rc<Linux> {
    Rc::new(Linux::new(mio::Poll::new().unwrap().registry().try_clone().unwrap()))
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// A listener served to its end before the next is looked at starves the next for as long as it is busy (flux #67).
#[test]
fn two_busy_listeners_take_turns() {
    let ((one, one_addr), (two, two_addr)) = (listener(), listener());
    let _clients: Vec<TcpStream> =
        [one_addr, one_addr, two_addr, two_addr].into_iter().map(|addr| TcpStream::connect(addr).unwrap()).collect();
    let mut admission = Admission::new(kernel(), vec![one, two], 2);
    let mut sessions = LiveSessions::default();
    admission.ready(0);
    admission.ready(1);
    let mut served = BTreeSet::new();
    admission.turn(&mut sessions, 0, |sessions, key| {
        served.extend(sessions.get(key).and_then(|live| live.client.stream.local_addr().ok()));
    });
    assert_eq!(served, BTreeSet::from([one_addr, two_addr]));
}

#[test]
fn a_drain_without_descriptors_tries_again_after_a_while_and_not_at_once() {
    let mut admission = Admission::new(kernel(), vec![listener().0], 1);
    admission.begin_close(0);
    admission.owed = Owed::Descriptor { since_ms: 100, retry_ms: 105 };
    assert_eq!(admission.next_ms(100), Some(105), "though closing was due long ago");
}

/// Losing the reserve once must not make the next shortage a panic or a spin (envoy #6403).
#[test]
fn a_reserve_that_another_thread_took_is_had_again_when_a_session_closes() {
    let mut admission = Admission::new(kernel(), vec![listener().0], 1);
    admission.reserve = None;
    admission.session_closed();
    assert!(admission.reserve.is_some());
}

/// One event announces any number of clients (mio #845).
#[test]
fn one_event_lets_in_a_whole_batch_and_the_rest_is_owed() {
    let (listener, addr) = listener();
    let _clients: Vec<TcpStream> = (0..ACCEPT_BATCH_MAX + 1).map(|_| TcpStream::connect(addr).unwrap()).collect();
    let mut admission = Admission::new(kernel(), vec![listener], 1000);
    let mut sessions = LiveSessions::default();
    admission.ready(0);
    let first = admission.turn(&mut sessions, 0, |_, _| ());
    assert_eq!((first.accepted, admission.next_ms(0)), (ACCEPT_BATCH_MAX as u64, Some(0)));
    let second = admission.turn(&mut sessions, 0, |_, _| ());
    assert_eq!((second.accepted, admission.next_ms(0)), (1, None));
}

/// A place in the slab is used again at once; an event for its former user must not reach the new one (haproxy 237e6a0d6).
#[test]
fn a_key_of_a_former_session_finds_nobody_in_its_place() {
    let (listener, addr) = listener();
    let _clients = [TcpStream::connect(addr).unwrap(), TcpStream::connect(addr).unwrap()];
    let mut admission = Admission::new(kernel(), vec![listener], 1);
    let mut sessions = LiveSessions::default();
    let mut admit = |sessions: &mut LiveSessions<Linux>| {
        let mut admitted = None;
        admission.ready(0);
        admission.turn(sessions, 0, |_, key| admitted = Some(key));
        admission.session_closed();
        admitted.unwrap()
    };
    let former = admit(&mut sessions);
    assert!(sessions.remove(former).is_some());
    let latter = admit(&mut sessions);
    assert_eq!(former.index, latter.index, "the place is used again");
    assert!(sessions.get(former).is_none() && sessions.get(latter).is_some());
}
