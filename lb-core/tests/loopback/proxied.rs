//! The PROXY protocol: who a client is said to be, who is refused, and what a backend is told.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use lb_core::backend::ProxyVersion;
use lb_core::config::{Mode, WorkerConfig};
use lb_core::session::proxy_header::{self, Endpoints, Header, Read as Understood};

use super::support::*;

const REQUEST: &[u8] = b"GET /r?id=1 HTTP/1.1\r\n\r\n";

fn behind_a_proxy() -> WorkerConfig {
    WorkerConfig { accept_proxy: true, ..config() }
}

fn ends(client: &str) -> Endpoints {
    Endpoints { source: client.parse().unwrap(), destination: "198.51.100.7:443".parse().unwrap() }
}

fn header(version: ProxyVersion, client: &str) -> Vec<u8> {
    Header::new(version, Some(&ends(client))).as_bytes().to_vec()
}

/// Reads one byte after the other until they are a header.
fn read_header(stream: &mut TcpStream) -> Option<Endpoints> {
    let mut bytes = Vec::new();
    loop {
        match proxy_header::read(&bytes) {
            Understood::Complete { endpoints, len } => {
                assert_eq!(len, bytes.len());
                return endpoints;
            }
            Understood::More => {}
            Understood::Refused => panic!("no header: {}", bytes.escape_ascii()),
        }
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
}

/// Answers with whom it was told of and the head that followed.
fn telling_backend() -> Scripted {
    Scripted::new(|mut stream| {
        let told = read_header(&mut stream);
        let head = read_head(&mut stream);
        respond(&mut stream, &format!("{} {}", told.map_or("unknown".into(), |ends| ends.source.to_string()), head));
    })
}

fn is_reset(client: &mut TcpStream) -> bool {
    matches!(client.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset)
}

#[test]
fn the_header_is_taken_off_whatever_pieces_it_comes_in() {
    let plane = Plane::before(behind_a_proxy(), &Scripted::echoing_heads());
    for version in [ProxyVersion::V1, ProxyVersion::V2] {
        let whole = [&header(version, "203.0.113.9:1234"), REQUEST].concat();
        let response = plane.ask(&whole);
        assert!(response.ends_with("\r\n\r\nGET /r?id=1 HTTP/1.1\r\n\r\n"), "{response}");
        let mut client = plane.connect();
        client.set_nodelay(true).unwrap();
        for byte in &whole {
            client.write_all(&[*byte]).unwrap();
        }
        assert_eq!(read_text(&mut client), response);
    }
    plane.all_closed();
    assert_eq!(plane.count(|stats| &stats.bytes_to_backend), 4 * REQUEST.len() as u64, "the header is not counted");
}

#[test]
fn whoever_does_not_begin_with_a_header_is_reset_and_counted() {
    let plane = Plane::before(behind_a_proxy(), &Scripted::saying("never"));
    let long_line = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200]].concat();
    let refused: [&[u8]; 4] = [REQUEST, b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", &long_line, b"PROXY TCP4 x"];
    for (number, bytes) in (1..).zip(refused) {
        let mut client = plane.connect();
        client.write_all(bytes).unwrap();
        // The last one could still become a header, but for its end.
        let _may_be_reset_already = client.shutdown(Shutdown::Write);
        assert!(is_reset(&mut client), "{}", bytes.escape_ascii());
        until("it is counted", || plane.count(|stats| &stats.refused_unannounced) == number);
    }
    let mut looks_whether_the_port_is_open = plane.connect();
    looks_whether_the_port_is_open.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_text(&mut looks_whether_the_port_is_open), "");
    plane.all_closed();
    assert_eq!(plane.count(|stats| &stats.refused_unannounced), 4);
}

#[test]
fn header_and_head_share_one_deadline() {
    let brief = WorkerConfig { head_timeout: Duration::from_millis(500), ..behind_a_proxy() };
    let plane = Plane::before(brief, &Scripted::saying("never"));
    let announced = header(ProxyVersion::V1, "203.0.113.9:1");
    let answers = [&b""[..], &announced[..20], &announced].map(|begin| plane.ask(begin));
    assert_eq!(answers, [""; 3], "nobody has said anything that could be answered");
    assert!(plane.ask(&[&announced, b"GET /".as_slice()].concat()).starts_with("HTTP/1.1 408 "));
    until("all are counted", || plane.count(|stats| &stats.timeouts) == 3);
}

#[test]
fn the_address_in_the_header_is_the_key_in_tcp_mode_and_is_awaited_first() {
    let plane = Plane::start(WorkerConfig { mode: Mode::Tcp, ..behind_a_proxy() });
    let speaking_first = ["one", "two", "three"].map(|name| {
        Scripted::new(move |mut stream| {
            stream.write_all(name.as_bytes()).unwrap();
        })
    });
    plane.route_to(&speaking_first.each_ref().map(|backend| backend.addr));
    let whom = |ip: usize| plane.ask(&header(ProxyVersion::V2, &format!("203.0.113.{ip}:1")));
    let first: Vec<String> = (1..40).map(whom).collect();
    assert_eq!(first, (1..40).map(whom).collect::<Vec<_>>(), "the same client, the same backend");
    for name in ["one", "two", "three"] {
        assert!(first.iter().any(|found| found == name), "all clients are one to {name}: {first:?}");
    }
    let mut local = plane.connect();
    until("it is let in", || plane.open_sessions() == 1);
    assert_eq!(plane.count(|stats| &stats.routed), 78, "nothing is routed before the header");
    local.write_all(ProxyVersion::V2.unknown_header()).unwrap();
    assert!(["one", "two", "three"].contains(&read_text(&mut local).as_str()));
}

#[test]
fn a_backend_is_told_the_address_of_the_socket_or_of_the_header() {
    for version in [ProxyVersion::V1, ProxyVersion::V2] {
        let backend = telling_backend();
        let direct = Plane::start(config());
        direct.route_to_as(&[backend.addr], Some(version));
        let mut client = direct.connect();
        client.write_all(REQUEST).unwrap();
        let told = read_text(&mut client);
        let expected = format!("{} GET /r?id=1 HTTP/1.1\r\n\r\n", client.local_addr().unwrap());
        assert!(told.ends_with(&expected), "{told}");
        drop(client);
        direct.all_closed();
        assert_eq!(direct.count(|stats| &stats.bytes_to_backend), REQUEST.len() as u64);

        let second = Plane::start(behind_a_proxy());
        second.route_to_as(&[backend.addr], Some(version));
        let told = second.ask(&[&header(ProxyVersion::V1, "[2001:db8::9]:77"), REQUEST].concat());
        assert!(told.contains("[2001:db8::9]:77 GET /r?id=1"), "{told}");
        let told = second.ask(&[b"PROXY UNKNOWN\r\n".as_slice(), REQUEST].concat());
        assert!(told.contains("127.0.0.1:"), "the address of the socket: {told}");
    }
}

#[test]
fn two_balancers_in_a_row_keep_the_clients_address() {
    let backend = telling_backend();
    let inner = Plane::start(behind_a_proxy());
    inner.route_to_as(&[backend.addr], Some(ProxyVersion::V1));
    let outer = Plane::start(config());
    outer.route_to_as(&[inner.addr], Some(ProxyVersion::V2));
    let mut client = outer.connect();
    client.write_all(REQUEST).unwrap();
    let told = read_text(&mut client);
    assert!(told.contains(&format!("{} GET", client.local_addr().unwrap())), "{told}");
}

#[test]
fn the_next_backend_is_told_too() {
    let backend = telling_backend();
    let plane = Plane::start(config());
    plane.route_to_as(&[dead_addr(), backend.addr], Some(ProxyVersion::V2));
    for id in 0..20 {
        let told = plane.ask(format!("GET /r?id={id} HTTP/1.1\r\n\r\n").as_bytes());
        assert!(told.contains(&format!("GET /r?id={id} ")), "{told}");
    }
    assert!(plane.count(|stats| &stats.retries) > 0, "some had the dead one first");
}

/// A backend that speaks first, and one that waits for its header before it does.
#[test]
fn in_tcp_mode_the_header_goes_out_before_the_client_has_said_a_word() {
    let plane = Plane::start(WorkerConfig { mode: Mode::Tcp, ..config() });
    let greeting = Scripted::new(|mut stream| {
        let told = read_header(&mut stream).unwrap();
        write!(stream, "hello {}", told.source).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        stream.write_all(&rest).unwrap();
    });
    plane.route_to_as(&[greeting.addr], Some(ProxyVersion::V1));
    let mut client = plane.connect();
    let mut greeted = vec![0; format!("hello {}", client.local_addr().unwrap()).len()];
    client.read_exact(&mut greeted).unwrap();
    assert_eq!(greeted, format!("hello {}", client.local_addr().unwrap()).as_bytes());
    client.write_all(b"and now me").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_text(&mut client), "and now me");
}

#[test]
fn header_and_request_arrive_in_one_piece() {
    let backend = Scripted::new(|mut stream| {
        let mut first = [0; 4096];
        let count = stream.read(&mut first).unwrap();
        respond(&mut stream, &format!("{count} bytes at once"));
    });
    let plane = Plane::start(config());
    plane.route_to_as(&[backend.addr], Some(ProxyVersion::V2));
    let expected = format!("{} bytes at once", 28 + REQUEST.len());
    assert!(plane.ask(REQUEST).ends_with(&expected));
}

#[test]
fn the_admin_side_is_told_whom_the_header_names() {
    let plane = Plane::start(WorkerConfig { serve_admin_paths: true, ..behind_a_proxy() });
    let mut client = plane.connect();
    let request = b"GET /rep HTTP/1.1\r\n\r\n";
    client.write_all(&[&header(ProxyVersion::V2, "203.0.113.9:1234"), &request[..]].concat()).unwrap();
    let mut handed = None;
    until("it is handed over", || {
        handed = plane.control.front_requests().next();
        handed.is_some()
    });
    let handed = handed.unwrap();
    assert_eq!(handed.client, "203.0.113.9:1234".parse::<SocketAddr>().unwrap());
    assert_eq!(handed.received, request);
}
