//! A loris is closed or it isn't, and both are told.

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::{Caught, Pack};
use crate::load::test_server::on_one_thread;

#[test]
fn a_closed_client_comes_again_until_it_is_called_back() {
    on_one_thread(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let pack = Pack::release(listener.local_addr().expect("it is bound"), 2).expect("threads can be started");
        for _ in 0..4 {
            let (mut stream, from) = listener.accept().await.expect("it comes");
            assert_eq!(from.ip().to_string(), "127.1.0.1");
            let mut bytes = [0; 4];
            stream.read_exact(&mut bytes).await.expect("it says something");
            assert_eq!(&bytes, b"GET ");
        }
        // Nobody listens any more: whoever waits in the queue is reset, and comes no more.
        drop(listener);
        let caught = pack.call_back();
        assert!(caught.closed >= 4 && caught.forgotten == 0 && caught.late == 0, "{caught:?}");
    });
}

#[test]
fn late_and_forgotten_ones_fail_the_verdict_and_so_does_a_test_of_nothing() {
    let fine = || Caught {
        wanted: 9,
        connected_max: 9,
        refused: 0,
        forgotten: 0,
        closed: 9,
        life_median_ms: 5_000,
        life_max_ms: 5_100,
        late: 0,
    };
    assert_eq!(fine().violations(), [""; 0]);
    assert_eq!(Caught { late: 1, ..fine() }.violations().len(), 1);
    assert_eq!(Caught { forgotten: 1, ..fine() }.violations().len(), 1);
    assert_eq!(Caught { closed: 0, ..fine() }.violations().len(), 1);
}
