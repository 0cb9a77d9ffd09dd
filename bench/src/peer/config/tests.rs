//! The peers' configurations, filled in.

use std::net::SocketAddr;
use std::path::Path;

use super::{BACKENDS, Peer, filled_in};

#[test]
fn nothing_of_a_template_is_left_and_every_backend_is_named_in_it() {
    let front: SocketAddr = "127.0.0.1:5000".parse().expect("an address");
    let backends: Vec<SocketAddr> = (1..=BACKENDS as u16).map(|port| ([127, 0, 0, 1], 6000 + port).into()).collect();
    for peer in Peer::ALL.into_iter().filter(|&peer| peer != Peer::Direct) {
        let text = filled_in(peer.template(), (front, front), &backends, Path::new("/tmp/x"));
        assert!(text.contains("127.0.0.1:5000"), "{}", peer.name());
        assert!(backends.iter().all(|backend| text.contains(&backend.to_string())), "{}", peer.name());
        for mark in ["{front}", "{admin}", "{backend", "{dir}", "{load_stream_module}"] {
            assert!(!text.contains(mark), "{}: {mark} is left", peer.name());
        }
    }
}
