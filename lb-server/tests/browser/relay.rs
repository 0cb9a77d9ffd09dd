//! Stands between the browser and the admin API, and breaks every connection when it is told to.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A port that leads to another, or to nobody.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) addr: SocketAddr,
    broken: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Relay {
    /// Leads to `target` until the test's process ends.
    pub(crate) fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let relay = Self { addr, broken: Arc::default(), open: Arc::default() };
        let (broken, open) = (Arc::clone(&relay.broken), Arc::clone(&relay.open));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if broken.load(Ordering::Acquire) {
                    continue;
                }
                let Ok(server) = TcpStream::connect(target) else { continue };
                open.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                let (back_from, back_to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || pass(client, server));
                thread::spawn(move || pass(back_from, back_to));
            }
        });
        relay
    }

    /// Ends every connection, and each that comes, at once.
    pub(crate) fn cut(&self) {
        self.broken.store(true, Ordering::Release);
        for stream in self.open.lock().unwrap().drain(..) {
            // The other side may have ended it.
            let _ended = stream.shutdown(Shutdown::Both);
        }
    }

    /// Passes again what comes.
    pub(crate) fn mend(&self) {
        self.broken.store(false, Ordering::Release);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    // Whatever ends one direction ends it for both sides.
    let _ended = io::copy(&mut from, &mut to);
    let _shut = to.shutdown(Shutdown::Write);
}
