//! A request whose backend dies before the first byte of a response: who is served by another one, and who never is.
//!
//! Most planes have one backend that dies as its script says and one that lives; enough ids are asked for that many meet
//! the dying one first. Rows of FAULTS are named where they are re-enacted.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lb_core::config::{Affinity, WorkerConfig};
use lb_core::control::Report;
use lb_core::worker::stats::WorkerStats;

use super::support::*;

/// Ids that are asked for; half of them meet the dying backend first.
const IDS: u64 = 40;

fn get(id: u64) -> String {
    format!("GET /r?id={id} HTTP/1.1\r\nHost: a\r\n\r\n")
}

fn replays(plane: &Plane) -> u64 {
    let counters: [fn(&WorkerStats) -> &lb_core::backend::Counter; 3] =
        [|stats| &stats.replays_reset, |stats| &stats.replays_closed, |stats| &stats.replays_overdue];
    counters.into_iter().map(|pick| plane.count(pick)).sum()
}

/// Reads a head, then ends as told.
fn dying(with_reset: bool) -> Scripted {
    Scripted::new(move |mut stream| {
        read_head(&mut stream);
        if with_reset {
            reset(stream);
        }
    })
}

/// FAULTS B5 (accept, then close) and B7's sibling (reset after the request): whatever the last sign of life was.
#[test]
fn safe_requests_are_served_by_the_next_backend_however_theirs_dies() {
    let closing_unread = || Scripted::new(drop);
    let resetting_unread = || Scripted::new(reset);
    for dying in [closing_unread(), resetting_unread(), dying(false), dying(true)] {
        let alive = Scripted::saying("alive");
        let plane = Plane::start(config());
        let routed = plane.route_to(&[dying.addr, alive.addr]);
        for (id, method) in (0..IDS).zip(["GET", "HEAD", "OPTIONS"].into_iter().cycle()) {
            let response = plane.ask(get(id).replace("GET", method).as_bytes());
            assert!(response.ends_with("alive"), "{method}: {response}");
        }
        plane.all_closed();
        // A reset that is there before the request can be sent is a refused connect to the front.
        assert!(replays(&plane) + plane.count(|stats| &stats.retries) > 0);
        assert!(plane.count(|stats| &stats.heads_held) >= replays(&plane));
        assert_eq!(plane.count(|stats| &stats.routed), IDS, "a session counts once");
        assert!(routed.iter().all(|backend| backend.counters.open_sessions() == 0));
        let id = routed[0].id;
        let told = [Report::DiedBeforeFirstByte(id), Report::ConnectRefused(id)];
        assert!(plane.control.reports().all(|(_, report)| told.contains(&report)));
    }
}

#[test]
fn why_a_request_was_replayed_is_counted_by_its_cause() {
    for with_reset in [false, true] {
        let (dying, alive) = (dying(with_reset), Scripted::saying("alive"));
        let plane = Plane::start(config());
        let routed = plane.route_to(&[dying.addr, alive.addr]);
        (0..IDS).for_each(|id| assert!(plane.ask(get(id).as_bytes()).ends_with("alive")));
        let (reset, closed) = (plane.count(|stats| &stats.replays_reset), plane.count(|stats| &stats.replays_closed));
        assert_eq!((reset > 0, closed > 0), (with_reset, !with_reset));
        let died = Report::DiedBeforeFirstByte(routed[0].id);
        assert_eq!(plane.control.reports().filter(|(_, report)| *report == died).count() as u64, replays(&plane));
        assert_eq!(plane.count(|stats| &stats.retries), 0, "no connect was refused");
    }
}

/// What kill -9 does to the connections that the victim had not accepted yet.
#[test]
fn requests_in_the_queue_of_a_backend_that_is_killed_are_served_by_the_next() {
    let victim = TcpListener::bind("127.0.0.1:0").unwrap();
    let alive = Scripted::saying("alive");
    let plane = Plane::start(config());
    let routed = plane.route_to(&[victim.local_addr().unwrap(), alive.addr]);
    let mut clients: Vec<TcpStream> = (0..IDS)
        .map(|id| {
            let mut client = plane.connect();
            client.write_all(get(id).as_bytes()).unwrap();
            client
        })
        .collect();
    until("all have a backend", || plane.count(|stats| &stats.routed) == IDS);
    let queued = routed[0].counters.open_sessions();
    drop(victim);
    for client in &mut clients {
        assert!(read_text(client).ends_with("alive"));
    }
    assert!(queued > 0);
    assert_eq!(replays(&plane), queued);
    drop(clients);
    plane.all_closed();
}

/// FAULTS B7.
#[test]
fn a_partial_response_is_passed_on_and_never_replayed() {
    const PARTIAL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart";
    for with_reset in [false, true] {
        let broken = Scripted::new(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(PARTIAL.as_bytes()).unwrap();
            // A reset must not overtake the bytes: the client says when it has them.
            assert_eq!(stream.read(&mut [0]).unwrap(), 1);
            if with_reset {
                reset(stream);
            }
        });
        let plane = Plane::start(config());
        plane.route_to(&[broken.addr, broken.addr]);
        for id in 0..IDS {
            let mut client = plane.connect();
            client.write_all(get(id).as_bytes()).unwrap();
            let mut got = [0; PARTIAL.len()];
            client.read_exact(&mut got).unwrap();
            client.write_all(b"x").unwrap();
            let end = client.read(&mut [0; 8]);
            assert_eq!(end.is_err(), with_reset, "{end:?}");
        }
        assert_eq!(replays(&plane), 0);
    }
}

/// Each arrives at one backend only, and whoever met the dying one is told so.
#[test]
fn what_may_have_had_an_effect_or_is_more_than_one_head_is_never_replayed() {
    let body = "Content-Length: 5\r\n\r\n";
    for (head, rest) in [
        ("POST /r?id=ID HTTP/1.1\r\n", "\r\n"),
        ("POST /r?id=ID HTTP/1.1\r\n", "Content-Length: 5\r\n\r\nhello"),
        ("GET /r?id=ID HTTP/1.1\r\n", "Content-Length: 5\r\n\r\nhello"),
        ("GET /r?id=ID HTTP/1.1\r\n", body),
        ("GET /r?id=ID HTTP/1.1\r\n", "Transfer-Encoding: chunked\r\n\r\n"),
        ("GET /r?id=ID HTTP/1.1\r\n", "\r\nGET /second HTTP/1.1\r\n\r\n"),
    ] {
        let seen = Arc::new(AtomicUsize::new(0));
        let counting = |answer: &'static str| {
            let seen = Arc::clone(&seen);
            Scripted::new(move |mut stream| {
                read_head(&mut stream);
                seen.fetch_add(1, Ordering::SeqCst);
                if !answer.is_empty() {
                    respond(&mut stream, answer);
                    // What follows the head must not make a reset of the answer's end.
                    stream.shutdown(Shutdown::Write).unwrap();
                    let _surplus = stream.read(&mut [0; 64]);
                }
            })
        };
        let (dying, alive) = (counting(""), counting("alive"));
        let plane = Plane::start(config());
        plane.route_to(&[dying.addr, alive.addr]);
        let mut refused = 0;
        for id in 0..IDS {
            let mut client = plane.connect();
            client.write_all(format!("{head}{rest}").replace("ID", &id.to_string()).as_bytes()).unwrap();
            let mut response = Vec::new();
            // Whoever sent more than the answer needed may see a reset behind it.
            let _end = client.read_to_end(&mut response);
            let response = String::from_utf8_lossy(&response).into_owned();
            refused += u64::from(response.starts_with("HTTP/1.1 502 "));
            assert!(response.starts_with("HTTP/1.1 502 ") || response.ends_with("alive"), "{rest:?}: {response:?}");
        }
        assert!(refused > 0, "{rest:?}");
        assert_eq!((seen.load(Ordering::SeqCst) as u64, replays(&plane)), (IDS, 0), "{rest:?}");
        plane.all_closed();
    }
}

#[test]
fn the_second_request_on_a_kept_connection_is_never_replayed() {
    let backend = || {
        Scripted::new(|mut stream| {
            read_head(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
            read_head(&mut stream);
        })
    };
    let plane = Plane::start(config());
    plane.route_to(&[backend().addr, backend().addr]);
    for id in 0..IDS {
        let mut client = plane.connect();
        client.write_all(get(id).as_bytes()).unwrap();
        client.read_exact(&mut [0; 40]).unwrap();
        client.write_all(get(id).as_bytes()).unwrap();
        let mut rest = Vec::new();
        let _reset_or_end = client.read_to_end(&mut rest);
        assert_eq!(rest, b"");
    }
    assert_eq!(replays(&plane), 0);
    assert_eq!(plane.count(|stats| &stats.heads_held), IDS, "only the first head was");
}

/// FAULTS B11: selection always ends.
#[test]
fn when_every_backend_dies_the_client_is_told_after_as_many_attempts_as_there_may_be() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let backends: Vec<_> = (0..6)
        .map(|_| {
            let attempts = Arc::clone(&attempts);
            Scripted::new(move |mut stream| {
                read_head(&mut stream);
                attempts.fetch_add(1, Ordering::SeqCst);
            })
        })
        .collect();
    let addrs: Vec<_> = backends.iter().map(|backend| backend.addr).collect();
    for retries in [0, 3, 7] {
        attempts.store(0, Ordering::SeqCst);
        let plane = Plane::start(WorkerConfig { retries, ..config() });
        plane.route_to(&addrs);
        let response = plane.ask(get(1).as_bytes());
        assert!(response.starts_with("HTTP/1.1 502 "), "{response}");
        assert_eq!(attempts.load(Ordering::SeqCst), 6.min(retries as usize + 1), "nobody twice");
        assert_eq!(replays(&plane), 5.min(u64::from(retries)));
        plane.all_closed();
    }
}

#[test]
fn a_replay_that_is_refused_goes_on_to_the_next() {
    let (dying, alive) = (dying(false), Scripted::saying("alive"));
    let plane = Plane::start(config());
    plane.route_to(&[dying.addr, dead_addr(), alive.addr]);
    for id in 0..IDS {
        assert!(plane.ask(get(id).as_bytes()).ends_with("alive"));
    }
    assert!(replays(&plane) > 0 && plane.count(|stats| &stats.retries) > 0);
    plane.all_closed();
}

/// A replacement in the dead one's seat is another backend: it may get what the dead one had.
#[test]
fn a_replay_looks_in_the_newest_table() {
    let (queueing, alive) = (TcpListener::bind("127.0.0.1:0").unwrap(), Scripted::saying("alive"));
    let plane = Plane::start(config());
    plane.route_to(&[queueing.local_addr().unwrap()]);
    let mut client = plane.connect();
    client.write_all(get(1).as_bytes()).unwrap();
    until("it has a backend", || plane.count(|stats| &stats.routed) == 1);
    plane.route_to(&[alive.addr]);
    drop(queueing);
    assert!(read_text(&mut client).ends_with("alive"));
}

#[test]
fn a_client_that_has_ended_is_replayed_with_its_end() {
    let counting = Scripted::new(|mut stream| {
        let all = read_text(&mut stream);
        write!(stream, "got {} bytes and the end", all.len()).unwrap();
    });
    let to_the_end_and_dying = Scripted::new(|mut stream| drop(read_text(&mut stream)));
    for dying in [dying(true), to_the_end_and_dying] {
        let plane = Plane::start(config());
        plane.route_to(&[dying.addr, counting.addr]);
        for id in 10..10 + IDS {
            let mut client = plane.connect();
            client.write_all(get(id).as_bytes()).unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            assert_eq!(read_text(&mut client), format!("got {} bytes and the end", get(id).len()));
        }
        assert!(replays(&plane) > 0);
        plane.all_closed();
    }
}

#[test]
fn a_head_that_comes_in_pieces_is_replayed_whole_as_long_as_it_fits() {
    for (bytes, fits) in [(15_000, true), (20_000, false)] {
        let (dying, alive) = (dying(false), Scripted::echoing_heads());
        let plane = Plane::start(config());
        plane.route_to(&[dying.addr, alive.addr]);
        let mut refused = 0;
        for id in 0..IDS {
            let head = get(id).replace("\r\n\r\n", &format!("\r\nA: {}\r\n\r\n", "b".repeat(bytes)));
            let mut client = plane.connect();
            let sent_before = plane.count(|stats| &stats.bytes_to_backend);
            let first_line = head.find('\n').unwrap() + 1;
            for piece in [&head[..first_line], &head[first_line..first_line + 3], &head[first_line + 3..]] {
                until("the piece before has gone", || {
                    let gone = plane.count(|stats| &stats.bytes_to_backend) - sent_before;
                    piece.starts_with("GET") || gone >= first_line as u64
                });
                client.write_all(piece.as_bytes()).unwrap();
            }
            let response = read_text(&mut client);
            refused += u64::from(response.starts_with("HTTP/1.1 502 "));
            assert!(response.starts_with("HTTP/1.1 502 ") || response.ends_with(&head), "{response}");
        }
        assert_eq!((replays(&plane) > 0, refused == 0), (fits, fits), "{bytes} bytes");
    }
}

#[test]
fn with_a_decision_per_request_the_rewritten_head_is_what_is_replayed() {
    let (dying, alive) = (dying(false), Scripted::echoing_heads());
    let plane = Plane::start(WorkerConfig { affinity: Affinity::Request, record_answered: true, ..config() });
    let routed = plane.route_to(&[dying.addr, alive.addr]);
    for id in 0..IDS {
        let head = get(id);
        let rewritten = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        assert!(plane.ask(head.as_bytes()).ends_with(&rewritten));
    }
    assert!(replays(&plane) > 0);
    let answered: Vec<_> = plane.control.answered().collect();
    assert_eq!(answered.len() as u64, IDS);
    assert!(answered.iter().all(|answered| answered.backend == routed[1].id), "recorded for who answered");
}

/// FAULTS B6: a backend that hangs with the request.
#[test]
fn after_the_first_byte_deadline_it_depends_on_whether_the_backend_is_still_ready() {
    for is_taken_down in [false, true] {
        let hanging = Scripted::new(|mut stream| {
            let _reset_when_given_up = stream.read_to_end(&mut Vec::new());
        });
        let alive = Scripted::saying("alive");
        let plane = Plane::start(WorkerConfig { first_byte_timeout: Duration::from_millis(500), ..config() });
        let mut ring = ring_of(2);
        let backends = plane.backends_at(&[hanging.addr, alive.addr], None);
        plane.publish(&mut ring, &backends);
        let mut clients: Vec<TcpStream> = (0..IDS)
            .map(|id| {
                let mut client = plane.connect();
                client.write_all(get(id).as_bytes()).unwrap();
                client
            })
            .collect();
        until("all have a backend", || plane.count(|stats| &stats.routed) == IDS);
        if is_taken_down {
            plane.publish(&mut ring, &backends[1..]);
        }
        let responses: Vec<String> = clients.iter_mut().map(read_text).collect();
        let late = responses.iter().filter(|response| response.starts_with("HTTP/1.1 504 ")).count() as u64;
        assert!(responses.iter().all(|response| response.contains(" 504 ") || response.ends_with("alive")));
        assert_eq!((late > 0, plane.count(|stats| &stats.replays_overdue) > 0), (!is_taken_down, is_taken_down));
        drop(clients);
        plane.all_closed();
    }
}

#[test]
fn a_pool_that_dies_of_every_request_is_not_hammered() {
    let backends = [dying(false), dying(false), dying(false)];
    let addrs = backends.each_ref().map(|backend| backend.addr);
    let plane = Plane::start(WorkerConfig { retry_budget_percent: 1, ..config() });
    plane.route_to(&addrs);
    for id in 0..400 {
        assert!(plane.ask(get(id).as_bytes()).starts_with("HTTP/1.1 502 "));
    }
    // Two each were wanted; a slow run may use up the floor of a window or two more.
    assert!(replays(&plane) < 800, "{}", replays(&plane));
    assert!(plane.count(|stats| &stats.replays_refused) > 0);

    let none = Plane::start(WorkerConfig { retry_budget_percent: 0, ..config() });
    none.route_to(&addrs);
    assert!(none.ask(get(1).as_bytes()).starts_with("HTTP/1.1 502 "));
    assert_eq!((replays(&none), none.count(|stats| &stats.heads_held)), (0, 0));
}

/// A dead backend's event that was fetched before its successor was connected is not the successor's (haproxy 237e6a0d6):
/// its hangup would make an end of the first piece of the new response.
#[test]
fn a_late_event_of_the_dead_backend_does_not_cut_the_next_ones_response() {
    let dying = TcpListener::bind("127.0.0.1:0").unwrap();
    let in_two_pieces = Scripted::new(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\none,").unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap(), 1, "the client has the first piece");
        stream.write_all(b"two").unwrap();
    });
    let gate = Arc::new(Mutex::new(()));
    let passes = Arc::clone(&gate);
    let plane = Plane::notifying(config(), 1, Arc::new(move || drop(passes.lock())));
    let routed = plane.route_to(&[dying.local_addr().unwrap(), in_two_pieces.addr, dead_addr()]);
    let id_of = |wanted: usize| (0..).find(|id| owner_of(&routed, *id) == routed[wanted].id).unwrap();
    let (first, third) = (id_of(0), id_of(2));

    let mut client = plane.connect();
    client.write_all(get(first).split_inclusive('\n').next().unwrap().as_bytes()).unwrap();
    let (backend, _) = dying.accept().unwrap();
    let frozen = gate.lock().unwrap();
    let mut refused = plane.connect();
    refused.write_all(get(third).as_bytes()).unwrap();
    until("the worker waits at the gate", || routed[2].counters.sum(|cell| &cell.connect_failures) == 1);
    // Both are ready when it looks again, the client first.
    client.write_all(b"\r\n").unwrap();
    drop((backend, dying));
    drop(frozen);

    let mut got = [0; 23];
    client.read_exact(&mut got).unwrap();
    client.write_all(b"x").unwrap();
    assert_eq!(read_text(&mut client), "two");
    assert_eq!(plane.count(|stats| &stats.stale_events), 1);
}
