//! The limit is exact, for one worker and for many, and forgets whoever has left.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn one_source_has_its_share_and_no_more() {
    let limit = SourceLimit::new(2);
    let admitted = ["10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2"].map(|text| limit.enter(ip(text)));
    assert_eq!(admitted, [true, true, false, true]);
    limit.leave(ip("10.0.0.1"));
    assert!(limit.enter(ip("10.0.0.1")), "a place is free again");
    assert!(!limit.enter(ip("10.0.0.1")), "the refusal was not counted as a connection");
}

#[test]
fn ipv6_counts_by_its_network_and_mapped_ipv4_as_ipv4() {
    let limit = SourceLimit::new(1);
    assert!(limit.enter(ip("2001:db8:1:2::1")));
    assert!(!limit.enter(ip("2001:db8:1:2:ffff::9")), "the same /64");
    assert!(limit.enter(ip("2001:db8:1:3::1")), "another");
    assert!(limit.enter(ip("::ffff:10.0.0.1")));
    assert!(!limit.enter(ip("10.0.0.1")));
}

#[test]
fn whoever_has_left_is_forgotten() {
    let limit = SourceLimit::new(3);
    let clients = (0..1000_u32).map(|number| IpAddr::from(number.to_be_bytes()));
    clients.clone().for_each(|client| assert!(limit.enter(client)));
    assert_eq!(limit.known(), 1000);
    clients.for_each(|client| limit.leave(client));
    assert_eq!(limit.known(), 0);
}

#[test]
fn many_workers_together_never_exceed_it() {
    const PER_SOURCE: u32 = 7;
    let (limit, open) = (SourceLimit::new(PER_SOURCE), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut mine = 0;
                for round in 0..20_000 {
                    if limit.enter(ip("10.0.0.1")) {
                        assert!(open.fetch_add(1, Ordering::SeqCst) < PER_SOURCE);
                        mine += 1;
                    }
                    while mine > round % 4 {
                        open.fetch_sub(1, Ordering::SeqCst);
                        limit.leave(ip("10.0.0.1"));
                        mine -= 1;
                    }
                }
                for _ in 0..mine {
                    open.fetch_sub(1, Ordering::SeqCst);
                    limit.leave(ip("10.0.0.1"));
                }
            });
        }
    });
    assert_eq!(limit.known(), 0);
}
