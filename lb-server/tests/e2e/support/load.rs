//! Many clients at once, as threads: every id of a range, or requests without end until the test says stop.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::{eventually, http};

/// Clients at once: enough to overlap on two cores.
const CLIENTS: u64 = 16;

/// What came back. Anything but a complete 200 has failed.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Who answered which id.
    pub(crate) replica_of: BTreeMap<u64, String>,
    pub(crate) answered: u64,
    pub(crate) failed: Vec<String>,
}

impl Answers {
    /// Answers by replica, each id once.
    pub(crate) fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for name in self.replica_of.values() {
            *counts.entry(name.as_str()).or_default() += 1;
        }
        counts
    }

    /// The ids that another replica answered in `other`.
    pub(crate) fn elsewhere_in(&self, other: &Self) -> Vec<u64> {
        let moved = |(id, name): (&u64, &String)| (other.replica_of.get(id) != Some(name)).then_some(*id);
        self.replica_of.iter().filter_map(moved).collect()
    }

    fn take(&mut self, id: u64, result: io::Result<http::Response>) {
        match result {
            Ok(response) if response.status == 200 => {
                self.replica_of.insert(id, response.replica());
                self.answered += 1;
            }
            Ok(response) => self.failed.push(format!("id {id}: {response:?}")),
            Err(error) => self.failed.push(format!("id {id}: {error}")),
        }
    }
}

/// Asks for every id once, each on a connection of its own.
pub(crate) fn ask_each(front: SocketAddr, ids: RangeInclusive<u64>) -> Answers {
    each(ids, || move |id| http::try_send(front, "GET", &path(id), ""))
}

/// Asks for every id once; each client keeps its connection for as long as the answers allow.
pub(crate) fn ask_each_keeping_connections(front: SocketAddr, ids: RangeInclusive<u64>) -> Answers {
    each(ids, || {
        let mut kept: Option<TcpStream> = None;
        move |id| {
            let mut stream = kept.take().map_or_else(|| http::try_connect(front), Ok)?;
            write!(stream, "GET {} HTTP/1.1\r\nHost: {front}\r\n\r\n", path(id))?;
            let response = http::read_response(&mut stream)?;
            kept = response.field("connection").is_none_or(|value| value != "close").then_some(stream);
            Ok(response)
        }
    })
}

fn path(id: u64) -> String {
    format!("/request?request_id={id}")
}

fn each<F>(ids: RangeInclusive<u64>, client: impl Fn() -> F + Sync) -> Answers
where
    F: FnMut(u64) -> io::Result<http::Response>,
{
    let (next, answers) = (AtomicU64::new(*ids.start()), Mutex::new(Answers::default()));
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut ask = client();
                loop {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    if id > *ids.end() {
                        return;
                    }
                    let result = ask(id);
                    answers.lock().unwrap().take(id, result);
                }
            });
        }
    });
    answers.into_inner().unwrap()
}

/// Requests without end, in the background, until [`Load::stop`].
#[derive(Debug)]
pub(crate) struct Load {
    answers: Arc<Mutex<Answers>>,
    stopped: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts; ids count up from 1.
    pub(crate) fn start(front: SocketAddr) -> Self {
        let (answers, stopped) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let next = Arc::new(AtomicU64::new(1));
        let clients = (0..CLIENTS).map(|_| {
            let (answers, stopped, next) = (Arc::clone(&answers), Arc::clone(&stopped), Arc::clone(&next));
            thread::spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    let result = http::try_send(front, "GET", &path(id), "");
                    let answers: &Mutex<Answers> = &answers;
                    answers.lock().unwrap().take(id, result);
                }
            })
        });
        Self { clients: clients.collect(), answers, stopped }
    }

    /// Waits until `n` more requests are answered.
    pub(crate) fn wait_for_more(&self, n: u64) {
        let answered = || self.answers.lock().unwrap().answered;
        let wanted = answered() + n;
        eventually("the load goes on", || (answered() >= wanted).then_some(()));
    }

    /// Ends it when the requests in flight are done.
    pub(crate) fn stop(self) -> Answers {
        self.stopped.store(true, Ordering::Relaxed);
        self.clients.into_iter().for_each(|client| client.join().unwrap());
        std::mem::take(&mut self.answers.lock().unwrap())
    }
}
