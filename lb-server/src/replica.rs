//! `lb replica`: the sample backend of the assignment's first task.
//!
//! `GET /home`, `GET /heartbeat`, `GET /request?request_id=…`; what each answers is in [`answer`]. One thread, answers made
//! once: it is also what the benchmarks put behind a balancer, so it must never be what is slow.
//! It ends on SIGTERM and SIGINT (also as PID 1, where nothing is default), after the answers that are under way; and by
//! itself when whoever started it is gone and nobody has asked for it for a minute.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::cli::ReplicaArgs;
use crate::say;
use crate::signals::Signals;

mod answer;
mod orphan;

use answer::Answers;
use orphan::Watch;

/// How long answers that are under way may take at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// After a failed accept (no descriptor left), so as not to spin on it.
const ACCEPT_AGAIN: Duration = Duration::from_millis(10);

/// Runs until a signal, or until it is an orphan.
pub(crate) fn run(args: &ReplicaArgs) -> anyhow::Result<()> {
    let addr = args.listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, args.port)));
    let answers = Arc::new(Answers::new(&args.id, args.delay.0));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::new(true)?;
        let listener = TcpListener::bind(addr)
            .await
            .map_err(|error| anyhow::anyhow!("replica {addr}: {error}; choose another --listen"))?;
        say::line(format_args!("replica {} on {}", args.id, listener.local_addr()?));
        let watch = Arc::new(Watch::new());
        let (end, ended) = watch::channel(());
        tokio::select! {
            () = accept_all(&listener, &answers, &watch, &ended) => {}
            () = watch.until_orphaned() => {
                say::line(format_args!("replica {}: nobody is left who needs it; ending", args.id));
            }
            () = signals.next() => {}
        }
        drop((listener, ended));
        end.send_replace(());
        // Every connection holds a receiver, so the channel is closed when the last one has ended. The deadline is for
        // a client that doesn't read its answer.
        let _all_ended = tokio::time::timeout(LAST_ANSWERS, end.closed()).await;
        Ok(())
    })
}

async fn accept_all(listener: &TcpListener, answers: &Arc<Answers>, watch: &Arc<Watch>, ended: &watch::Receiver<()>) {
    loop {
        match listener.accept().await {
            Ok((stream, _client)) => {
                watch.seen();
                tokio::spawn(serve(stream, Arc::clone(answers), Arc::clone(watch), ended.clone()));
            }
            Err(_no_descriptor) => tokio::time::sleep(ACCEPT_AGAIN).await,
        }
    }
}

/// One connection: as many requests as it brings, until either side closes or the end begins.
async fn serve(stream: TcpStream, answers: Arc<Answers>, watch: Arc<Watch>, mut ended: watch::Receiver<()>) {
    // Fails only where the client has gone already; the read says so then.
    let _small_answers_at_once: io::Result<()> = stream.set_nodelay(true);
    let service = service_fn(|request| {
        watch.seen();
        answers.answer(request)
    });
    // half_close: a client that has finished sending still gets its answer.
    let connection = http1::Builder::new().half_close(true).serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // An error is the client's doing (a reset, garbage, which hyper has answered); there is nobody to tell.
    tokio::select! {
        _done = connection.as_mut() => {}
        _end = ended.changed() => {
            connection.as_mut().graceful_shutdown();
            let _done = connection.await;
        }
    }
}
