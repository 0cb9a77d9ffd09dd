//! The addresses of backends that somebody else runs: looked up at start and every 30 s.
//!
//! A look-up that fails keeps the last address. A name with several addresses keeps the one in use for as long as it is
//! among them: an answer in another order is no change.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::sync::mpsc;

use crate::membership::state::Input;

/// Between two look-ups.
const RESOLVE_INTERVAL: Duration = Duration::from_secs(30);
/// While there is no address yet: a name server or a container may come up a moment after us.
const UNRESOLVED_INTERVAL: Duration = Duration::from_secs(1);

/// Tells `found` the address of the backend `name`, and every change of it.
pub(super) async fn resolve(name: Arc<str>, host: String, found: mpsc::UnboundedSender<Input>) {
    let mut current = None;
    let mut failing = false;
    loop {
        match look_up(&host, current).await {
            Ok(addr) => {
                failing = false;
                if current.replace(addr) != Some(addr) {
                    let name = Arc::clone(&name);
                    if found.send(Input::Resolved { name, addr }).is_err() {
                        return;
                    }
                }
            }
            Err(why) => {
                // Once, not every 30 s.
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!("backend {name}: {host} could not be looked up: {why}");
                }
            }
        }
        tokio::time::sleep(if current.is_some() { RESOLVE_INTERVAL } else { UNRESOLVED_INTERVAL }).await;
    }
}

async fn look_up(host: &str, current: Option<SocketAddr>) -> Result<SocketAddr, String> {
    let addrs: Vec<_> = lookup_host(host).await.map_err(|error| error.to_string())?.collect();
    let kept = current.filter(|current| addrs.contains(current));
    kept.or(addrs.first().copied()).ok_or_else(|| "it has no address".to_owned())
}
