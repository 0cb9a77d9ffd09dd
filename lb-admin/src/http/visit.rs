//! What is known of a connection beside its requests: who is at the other end, and its place among the others.
//!
//! [`Visited`] is the service that a connection is served by: it hands both to every request as an extension, and says
//! when an answer has been made, from when on the client is waited for again. That a request is complete is `body`'s to
//! say. Not here: accepting and deadlines (`serve`), who has to make room (`places`).

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use super::places::Spot;

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// On the admin listener.
    Tcp(SocketAddr),
    /// On a Unix socket: the user that connected, where the kernel says so.
    Unix(Option<u32>),
    /// On the front, by `--profile assignment`.
    Front(SocketAddr),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(addr) => write!(f, "{addr}"),
            Self::Unix(Some(uid)) => write!(f, "unix (uid {uid})"),
            Self::Unix(None) => f.write_str("unix"),
            Self::Front(addr) => write!(f, "{addr} (front)"),
        }
    }
}

/// A connection, as its requests see it.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) peer: Peer,
    pub(super) spot: Spot,
}

/// Serves the requests of one connection.
pub(super) struct Visited {
    visit: Visit,
    router: TowerToHyperService<Router>,
}

impl Visited {
    pub(super) fn new(visit: Visit, router: Router) -> Self {
        Self { visit, router: TowerToHyperService::new(router) }
    }

    pub(super) fn spot(&self) -> Spot {
        self.visit.spot.clone()
    }
}

impl Service<Request<Incoming>> for Visited {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.visit.clone());
        let answered = self.router.call(request);
        let spot = self.visit.spot.clone();
        Box::pin(async move {
            let answer = answered.await;
            // Answers are made whole in memory and written at once, but for streams, which say for themselves what their
            // clients have taken; a client that doesn't take its own is waited for, too.
            spot.waits();
            answer
        })
    }
}
