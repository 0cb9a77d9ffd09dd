//! A data plane for one test, and the scripted peers at both of its ends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lb_core::backend::places::PlaceLimits;
use lb_core::backend::{Backend, BackendId, Counter, ProxyVersion, Seat, Weight};
use lb_core::config::WorkerConfig;
use lb_core::control::{Control, Notify};
use lb_core::net::listen::Fronts;
use lb_core::ring::{KeyHasher, Member, Ring, RingConfig, RingTable, Rule};
use lb_core::worker::{self, stats::WorkerStats};
use socket2::{Domain, SockRef, Socket, Type};

/// How long a fact may take to come true before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Settings that a test changes where it must.
pub(crate) fn config() -> WorkerConfig {
    WorkerConfig::new(KeyHasher::new([7; 16], false))
}

/// A running data plane; ends with the test.
pub(crate) struct Plane {
    pub(crate) addr: SocketAddr,
    pub(crate) control: Control,
    threads: Vec<JoinHandle<()>>,
    version: AtomicU64,
    /// Clients that [`Plane::connect`] has made.
    connected: AtomicU64,
    workers: usize,
}

static NEXT_BACKEND: AtomicU64 = AtomicU64::new(1);

impl Plane {
    pub(crate) fn start(config: WorkerConfig) -> Self {
        Self::with_workers(config, 1)
    }

    pub(crate) fn with_workers(config: WorkerConfig, workers: usize) -> Self {
        Self::notifying(config, workers, Arc::new(|| ()))
    }

    /// `notify` is called on the workers' threads.
    pub(crate) fn notifying(config: WorkerConfig, workers: usize, notify: Notify) -> Self {
        let fronts = Fronts::bind(&["127.0.0.1:0".parse().unwrap()], workers).unwrap();
        let addr = fronts.addrs()[0];
        let plane = worker::start(config, fronts, notify).unwrap();
        Self {
            addr,
            control: plane.control,
            threads: plane.threads,
            version: AtomicU64::new(0),
            connected: AtomicU64::new(0),
            workers,
        }
    }

    /// A plane that routes everything to one scripted backend.
    pub(crate) fn before(config: WorkerConfig, backend: &Scripted) -> Self {
        let plane = Self::start(config);
        plane.route_to(&[backend.addr]);
        plane
    }

    /// Publishes a table of backends at these addresses, in seats 1, 2, …, and waits until it is applied.
    pub(crate) fn route_to(&self, addrs: &[SocketAddr]) -> Vec<Arc<Backend>> {
        self.publish_all(self.backends_at(addrs, None))
    }

    /// The same, with places.
    pub(crate) fn route_to_limited(&self, addrs: &[SocketAddr], limits: Option<PlaceLimits>) -> Vec<Arc<Backend>> {
        self.publish_all(self.backends_at(addrs, limits))
    }

    /// The same, where each connection to them begins with a PROXY header.
    pub(crate) fn route_to_as(&self, addrs: &[SocketAddr], send_proxy: Option<ProxyVersion>) -> Vec<Arc<Backend>> {
        let plain = self.backends_at(addrs, None);
        let announced =
            |backend| Arc::into_inner(backend).map(|backend: Backend| backend.with_proxy_header(send_proxy));
        self.publish_all(plain.into_iter().filter_map(announced).map(Arc::new).collect())
    }

    fn publish_all(&self, backends: Vec<Arc<Backend>>) -> Vec<Arc<Backend>> {
        self.publish(&mut ring_of(backends.len()), &backends);
        backends
    }

    /// Backends at these addresses, in seats 1, 2, …; nobody is routed to them yet.
    pub(crate) fn backends_at(&self, addrs: &[SocketAddr], limits: Option<PlaceLimits>) -> Vec<Arc<Backend>> {
        let backend = |(number, addr): (u32, &SocketAddr)| {
            let id = BackendId(NEXT_BACKEND.fetch_add(1, Ordering::Relaxed));
            let backend = Backend::new(id, format!("S{number}").into(), Seat::numbered(number), *addr, self.workers);
            Arc::new(backend.with_places(limits))
        };
        (1..).zip(addrs).map(backend).collect()
    }

    pub(crate) fn publish(&self, ring: &mut Ring, backends: &[Arc<Backend>]) {
        let version = self.version.fetch_add(1, Ordering::Relaxed) + 1;
        self.control.publish(&Arc::new(RingTable::new(version, ring.slot_map(), backends.iter().cloned())));
        until("the table is applied", || self.control.applied_version() == version);
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let client = connect(self.addr);
        self.connected.fetch_add(1, Ordering::Relaxed);
        client
    }

    /// Sends a request and reads to the end of the response.
    pub(crate) fn ask(&self, request: &[u8]) -> String {
        let mut client = self.connect();
        client.write_all(request).unwrap();
        read_text(&mut client)
    }

    pub(crate) fn count(&self, pick: impl Fn(&WorkerStats) -> &Counter) -> u64 {
        self.control.stats().map(|stats| pick(stats).read()).sum()
    }

    pub(crate) fn open_sessions(&self) -> u64 {
        let closed = self.count(|stats| &stats.closed);
        self.count(|stats| &stats.accepted) - closed
    }

    /// Waits until every session is gone, also of a client that has hung up before anybody accepted it: nothing leaked.
    pub(crate) fn all_closed(&self) {
        let connected = self.connected.load(Ordering::Relaxed);
        until("all clients are accepted", || self.count(|stats| &stats.accepted) >= connected);
        until("all sessions are closed", || self.open_sessions() == 0);
    }

    /// Waits until nothing has moved towards clients for a while, after something had: every buffer on the way is full.
    pub(crate) fn blocked(&self) {
        let (mut before, mut since) = (0, Instant::now());
        until("the way is blocked", || {
            let now = self.count(|stats| &stats.bytes_to_client);
            if now != before {
                (before, since) = (now, Instant::now());
            }
            now > 0 && since.elapsed() > Duration::from_millis(100)
        });
    }

    /// Waits for the workers to end by themselves.
    pub(crate) fn joined(mut self) {
        for thread in std::mem::take(&mut self.threads) {
            thread.join().unwrap();
        }
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        self.control.stop();
        for thread in self.threads.drain(..) {
            let outcome = thread.join();
            assert!(outcome.is_ok() || std::thread::panicking(), "a worker panicked");
        }
    }
}

/// A ring with the seats 1 to `seats`.
pub(crate) fn ring_of(seats: usize) -> Ring {
    let mut ring = Ring::new(RingConfig::new(Rule::Rendezvous, Some(1024), 0).unwrap());
    for number in 1..=seats as u32 {
        ring.add(Member { seat: Seat::numbered(number), weight: Weight::ONE }).unwrap();
    }
    ring
}

/// Whom the id in a query goes to first, with these backends in seats 1, 2, …
pub(crate) fn owner_of(backends: &[Arc<Backend>], id: u64) -> BackendId {
    let table = RingTable::new(1, ring_of(backends.len()).slot_map(), backends.iter().cloned());
    table.lookup(config().hasher.hash(id.to_string().as_bytes())).unwrap().id
}

pub(crate) fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A backend that runs the same script, on a thread of its own, for every connection.
pub(crate) struct Scripted {
    pub(crate) addr: SocketAddr,
}

impl Scripted {
    pub(crate) fn new(script: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let script = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_write_timeout(Some(PATIENCE)).unwrap();
                let script = Arc::clone(&script);
                std::thread::spawn(move || script(stream));
            }
        });
        Self { addr }
    }

    /// Answers every head with 200 and `body`, and closes.
    pub(crate) fn saying(body: &'static str) -> Self {
        Self::new(move |mut stream| {
            read_head(&mut stream);
            respond(&mut stream, body);
        })
    }

    /// Answers with what it was sent: the head.
    pub(crate) fn echoing_heads() -> Self {
        Self::new(|mut stream| {
            let head = read_head(&mut stream);
            respond(&mut stream, &head);
        })
    }
}

/// Reads up to and including the empty line; what was read where the peer ends earlier.
pub(crate) fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

pub(crate) fn respond(stream: &mut TcpStream, body: &str) {
    let _client_may_be_gone =
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
}

pub(crate) fn read_text(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

/// An address on which nobody listens (below the ephemeral range, so that nobody gets it by chance).
pub(crate) fn dead_addr() -> SocketAddr {
    loop {
        let addr = SocketAddr::from(([127, 0, 0, 1], fastrand::u16(20_000..32_000)));
        if TcpListener::bind(addr).is_ok() {
            return addr;
        }
    }
}

/// An address that answers no handshake: a listener whose queue is full and never read drops the rest.
pub(crate) struct BlackHole {
    pub(crate) addr: SocketAddr,
    _listener: Socket,
    _fillers: Vec<TcpStream>,
}

impl BlackHole {
    pub(crate) fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let addr = listener.local_addr().unwrap().as_socket().unwrap();
        let filler = || TcpStream::connect_timeout(&addr, Duration::from_millis(200)).ok();
        Self { addr, _fillers: std::iter::from_fn(filler).collect(), _listener: listener }
    }
}

/// Closes with RST.
pub(crate) fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Waits until a fact is true.
pub(crate) fn until(fact: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_true() {
        assert!(Instant::now() < deadline, "waited in vain until {fact}");
        std::thread::yield_now();
    }
}
