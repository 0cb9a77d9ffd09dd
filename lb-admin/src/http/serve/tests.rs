//! Clients that drip, stall, stay silent or never read: each is cut off at its deadline.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::listener::{CONNECTIONS_MAX, bind};
use super::super::testing::agreeing;
use super::*;
use crate::config::AdminAddr;

/// A deadline for what must happen; reached only where a test fails.
const SOON: Duration = Duration::from_secs(30);
const LIVEZ: &str = "{\"message\":\"alive\",\"status\":\"successful\"}\n";

/// A connection in memory, on which a paused clock only moves when both sides wait.
fn connected() -> DuplexStream {
    let (ours, theirs) = duplex(1 << 20);
    tokio::spawn(async move { drive(&builder(), theirs, visited().await, pending()).await });
    ours
}

/// A connection to an API that agrees to everything.
async fn visited() -> Visited {
    let spot = Places::new(1).take().await.spot();
    Visited::new(Visit { peer: Peer::Unix(None), spot }, routes::admin(agreeing(&["S1"]).api, true))
}

struct Running {
    stop: watch::Sender<bool>,
    addr: AdminAddr,
    served: JoinHandle<io::Result<()>>,
}

impl Running {
    fn start(addr: &AdminAddr) -> Self {
        Self::with_places(addr, CONNECTIONS_MAX, agreeing(&["S1"]).api)
    }

    fn with_places(addr: &AdminAddr, places: u32, api: Api) -> Self {
        let listener = bind(addr).unwrap().with_connections_max(places);
        let addr = listener.addr().clone();
        let (stop, stopped) = watch::channel(false);
        Self { stop, addr, served: tokio::spawn(serve(api, listener, stopped)) }
    }

    fn on_loopback() -> Self {
        Self::start(&AdminAddr::Tcp(SocketAddr::from(([127, 0, 0, 1], 0))))
    }

    async fn connect(&self) -> TcpStream {
        let AdminAddr::Tcp(addr) = &self.addr else { panic!("not TCP") };
        TcpStream::connect(addr).await.unwrap()
    }

    async fn end(self) {
        self.stop.send_replace(true);
        timeout(SOON, self.served).await.unwrap().unwrap().unwrap();
    }
}

/// Sends, shuts its side down and reads to the end; what was read before a reset counts.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> String {
    // The server may close before it has read all of a garbage request.
    let _ = stream.write_all(request).await;
    let _ = stream.shutdown().await;
    read_to_end(stream).await
}

async fn read_to_end(mut stream: impl AsyncRead + Unpin) -> String {
    let mut answer = Vec::new();
    let _ = timeout(SOON, stream.read_to_end(&mut answer)).await.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status line and body of one answer on a connection that stays open.
async fn answer_of(stream: &mut BufReader<TcpStream>) -> (String, String) {
    let mut status = String::new();
    let mut line = String::new();
    let mut len = 0;
    stream.read_line(&mut status).await.unwrap();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            len = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; len];
    stream.read_exact(&mut body).await.unwrap();
    (status, String::from_utf8(body).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_is_cut_off_at_its_deadline() {
    let mut client = connected();
    let start = Instant::now();
    client.write_all(b"GET /rep HTTP/1.1\r\n").await.unwrap();
    let mut byte = [0];
    // One header byte a second never completes; the deadline is for the whole head.
    while timeout(Duration::from_secs(1), client.read(&mut byte)).await.is_err() {
        let _ = client.write_all(b"a").await;
    }
    assert_eq!(start.elapsed().as_secs(), HEAD_TIMEOUT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_silent_and_an_idle_connection_are_closed() {
    let start = Instant::now();
    assert_eq!(read_to_end(connected()).await, "");
    assert_eq!(start.elapsed().as_secs(), HEAD_TIMEOUT.as_secs());

    let mut client = connected();
    client.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let answer = read_to_end(client).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(LIVEZ), "{answer}");
    assert_eq!(start.elapsed().as_secs(), 2 * HEAD_TIMEOUT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_answered_408_and_closed() {
    let mut client = connected();
    client.write_all(b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{\"n\"").await.unwrap();
    let answer = read_to_end(client).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("<Error> the body was not complete within 5 s"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_never_reads_loses_its_place() {
    let (mut ours, theirs) = duplex(16);
    let start = Instant::now();
    let driven = tokio::spawn(async move { drive(&builder(), theirs, visited().await, pending()).await });
    // More than fits the pipe, so that the answer gets stuck.
    ours.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    driven.await.unwrap();
    assert_eq!(start.elapsed(), LIFE + LAST_ANSWER);
}

/// A stream of the state on a connection that holds so many bytes. What must live as long as it does comes with it.
async fn streaming(bytes: usize) -> (DuplexStream, JoinHandle<()>, impl Sized) {
    let (mut ours, theirs) = duplex(bytes);
    let scripted = agreeing(&["S1"]);
    let places = Places::new(1);
    let place = places.take().await;
    let visited =
        Visited::new(Visit { peer: Peer::Unix(None), spot: place.spot() }, routes::admin(scripted.api.clone(), true));
    let driven = tokio::spawn(async move { drive(&builder(), theirs, visited, pending()).await });
    ours.write_all(b"GET /v1/events?state=true HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n").await.unwrap();
    (ours, driven, (scripted, place))
}

#[tokio::test(start_paused = true)]
async fn a_stream_lives_as_long_as_its_client_takes_what_it_is_sent() {
    let (ours, driven, _held) = streaming(4096).await;
    let mut lines = BufReader::new(ours).lines();
    let mut states = 0;
    while states < 600 {
        states += u32::from(lines.next_line().await.unwrap().expect("it goes on") == "event: state");
    }
    assert!(!driven.is_finished(), "ten minutes, ten times the life of a connection");
    drop(lines);
    timeout(SOON, driven).await.expect("it ends with its client").unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_client_takes_nothing_any_more_is_closed() {
    let (_ours, driven, _held) = streaming(4096).await;
    let start = Instant::now();
    driven.await.unwrap();
    assert!(start.elapsed() <= LIFE + STREAM_QUIET_MAX + LAST_ANSWER, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_accept_without_descriptors_is_tried_again_without_spinning() {
    const FAILURES: u32 = 20;
    let (mut client, theirs) = UnixStream::pair().unwrap();
    let script: std::sync::Mutex<Vec<io::Result<Stream>>> = std::sync::Mutex::new(vec![Ok(Stream::Unix(theirs))]);
    let errors = (0..FAILURES).map(|_| Err(io::Error::from_raw_os_error(rustix::io::Errno::MFILE.raw_os_error())));
    script.lock().unwrap().extend(errors);
    script.lock().unwrap().push(Err(io::ErrorKind::ConnectionAborted.into()));
    let accept = || async {
        let next = script.lock().unwrap().pop();
        match next {
            Some(next) => next,
            None => pending().await,
        }
    };
    let (stop, mut stopped) = watch::channel(false);
    let router = routes::admin(agreeing(&["S1"]).api, false);
    let places = Places::new(1);
    let start = Instant::now();
    let client = async {
        client.write_all(b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n").await.unwrap();
        let answer = read_to_end(&mut client).await;
        assert!(answer.ends_with(LIVEZ), "{answer}");
        assert!(start.elapsed() >= ACCEPT_PAUSE * FAILURES, "{:?}", start.elapsed());
        stop.send_replace(true);
    };
    tokio::join!(accept_until(&mut stopped, accept, &router, &places), client);
}

#[tokio::test]
async fn garbage_never_stops_the_loop() {
    let running = Running::on_loopback();
    let garbage: [&[u8]; 8] = [
        b"",
        b"\0\0\0\0",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /rep HTTP/1.1\r\n: x\r\n\r\n",
        b"POST /add HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for request in garbage {
        let answer = exchange(running.connect().await, request).await;
        let typed = answer.starts_with("HTTP/1.1 4") && answer.ends_with("\"status\":\"failure\"}\n");
        assert!(answer.is_empty() || typed, "{answer}");
    }
    let mut long = b"GET /rep HTTP/1.1\r\nX: ".to_vec();
    long.resize(HEAD_BYTES_MAX + 1, b'x');
    let answer = exchange(running.connect().await, &long).await;
    assert!(answer.starts_with("HTTP/1.1 431 ") && answer.ends_with("\"status\":\"failure\"}\n"), "{answer}");
    let mut many = b"GET /rep HTTP/1.1\r\n".to_vec();
    many.extend((0..1_000).flat_map(|n| format!("X{n}: 1\r\n").into_bytes()));
    let answer = exchange(running.connect().await, &[&many[..], b"\r\n"].concat()).await;
    assert!(answer.starts_with("HTTP/1.1 431 ") && answer.contains("<Error> the head is over"), "{answer}");
    // Much more than is read before it is refused: the answer must survive it.
    let answer = exchange(running.connect().await, &vec![b'A'; 200_000]).await;
    assert!(answer.starts_with("HTTP/1.1 4") && answer.contains("<Error> "), "{answer}");
    let answer = exchange(running.connect().await, b"GET /livez HTTP/1.0\r\n\r\n").await;
    assert!(answer.ends_with(LIVEZ), "{answer}");
    running.end().await;
}

#[tokio::test]
async fn a_body_of_10_mib_gets_its_413_whole() {
    let running = Running::on_loopback();
    let len = 10 * 1024 * 1024;
    let mut request = format!("POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len}\r\n\r\n").into_bytes();
    request.resize(request.len() + len, b'{');
    let answer = exchange(running.connect().await, &request).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.ends_with("\"status\":\"failure\"}\n"), "{answer}");
    running.end().await;
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_before_it_sends_too_much() {
    let running = Running::on_loopback();
    let request = b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n";
    let mut stream = running.connect().await;
    stream.write_all(request).await.unwrap();
    let answer = read_to_end(stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    running.end().await;
}

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
const ASK: &[u8] = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn when_all_places_are_taken_who_waited_longest_makes_room() {
    let running = Running::with_places(&AdminAddr::Tcp(LOOPBACK), 8, agreeing(&["S1"]).api);
    let mut silent = Vec::new();
    for n in 0..50 {
        let mut stream = running.connect().await;
        // Some say nothing, some drip a head, some a body.
        let begun: &[u8] = match n % 3 {
            0 => b"",
            1 => b"GET /rep HTTP/1.1\r\nX: ",
            _ => b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
        };
        stream.write_all(begun).await.unwrap();
        silent.push(stream);
        // Whoever comes with a whole request is answered.
        let mut good = BufReader::new(running.connect().await);
        good.get_mut().write_all(ASK).await.unwrap();
        assert_eq!(timeout(SOON, answer_of(&mut good)).await.expect("there is room").1, LIVEZ);
    }
    assert_eq!(read_to_end(silent.remove(0)).await, "", "the first has made room");
    running.end().await;
}

#[tokio::test]
async fn a_connection_that_is_being_answered_never_makes_room() {
    let mut scripted = agreeing(&["S1"]);
    let (commands, mut owner) = tokio::sync::mpsc::channel(8);
    scripted.api.membership = crate::membership::command::Membership::new(commands, scripted.snapshot.subscribe());
    let running = Running::with_places(&AdminAddr::Tcp(LOOPBACK), 2, scripted.api);
    let add = b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n{\"n\":1}";
    let mut busy = Vec::new();
    let mut commands = Vec::new();
    for _ in 0..2 {
        let mut stream = BufReader::new(running.connect().await);
        stream.write_all(add).await.unwrap();
        commands.push(timeout(SOON, owner.recv()).await.expect("it reaches the owner"));
        busy.push(stream);
    }
    let mut newcomer = BufReader::new(running.connect().await);
    newcomer.write_all(ASK).await.unwrap();
    // Both answers are given up; then the newcomer is served, on the place of one that is idle.
    drop(commands);
    for stream in &mut busy {
        let (status, _) = timeout(SOON, answer_of(stream)).await.expect("it was never closed");
        assert!(status.starts_with("HTTP/1.1 503 "), "{status}");
    }
    assert_eq!(timeout(SOON, answer_of(&mut newcomer)).await.expect("an idle one makes room").1, LIVEZ);
    running.end().await;
}

#[tokio::test]
async fn a_unix_socket_is_served_under_any_host_and_its_file_goes_with_stop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.sock");
    let running = Running::start(&AdminAddr::Unix(path.clone()));
    let stream = UnixStream::connect(&path).await.unwrap();
    let answer = exchange(stream, b"GET /livez HTTP/1.1\r\nHost: lb\r\n\r\n").await;
    assert!(answer.ends_with(LIVEZ), "{answer}");
    running.end().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn stop_refuses_newcomers_and_closes_who_is_idle() {
    let running = Running::on_loopback();
    let idle = running.connect().await;
    let mut kept_alive = BufReader::new(running.connect().await);
    kept_alive.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(answer_of(&mut kept_alive).await.1, LIVEZ);
    let AdminAddr::Tcp(addr) = running.addr.clone() else { panic!("not TCP") };
    running.end().await;
    assert_eq!(read_to_end(idle).await, "");
    assert_eq!(read_to_end(kept_alive).await, "");
    assert!(TcpStream::connect(addr).await.is_err());
}

/// A connection as a worker hands it over: what it has read, and the socket.
async fn handed_over(received: &[u8]) -> (TcpStream, FrontRequest) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    (client, FrontRequest { stream: stream.into_std().unwrap(), client: peer, received: received.to_vec() })
}

#[tokio::test]
async fn on_the_front_what_was_read_already_comes_first_and_one_answer_ends_it() {
    let (mut client, request) = handed_over(b"POST /add HTTP/1.1\r\nHost: lb.example\r\nContent-Le").await;
    let spot = Places::new(1).take().await.spot();
    let served = tokio::spawn(serve_front(agreeing(&["S1"]).api, request, spot));
    client.write_all(b"ngth: 7\r\n\r\n{\"n\":1}").await.unwrap();
    let answer = read_to_end(client).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1);
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn on_the_front_a_client_that_has_gone_ends_the_task() {
    let (client, request) = handed_over(b"GET /rep HTTP/1.1\r\n").await;
    drop(client);
    let spot = Places::new(1).take().await.spot();
    timeout(SOON, serve_front(agreeing(&["S1"]).api, request, spot)).await.expect("it ends").unwrap();
}
