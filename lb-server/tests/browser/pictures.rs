//! The pictures in the README, taken of a balancer at work: requests come and go, a replica is killed, a weight changes,
//! and in the end one hangs.
//!
//! `just screenshots` sets `LB_SCREENSHOTS` to the folder that the pictures go to, and then four minutes are watched.
//! Without it seconds are, and the pictures thrown away, which still shows that they can be taken.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{fs, io};

use rustix::process::Signal;

use super::browser::{Browser, Scheme};
use super::support::process::signal;
use super::support::{Lb, http};

/// Sessions that stay open, so that there is something in flight.
const HELD: u64 = 40;
/// Of the wave in which requests come.
const PERIOD: Duration = Duration::from_secs(70);

#[test]
fn pictures_are_taken() {
    let lb = Lb::with_replicas(5, &["--check-fall", "1", "--check-timeout", "1s"]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    let folder = std::env::var_os("LB_SCREENSHOTS");
    let watched = if folder.is_some() { 240 } else { 3 };
    let take = |name: &str| {
        let picture = browser.screenshot();
        assert!(picture.starts_with(b"\x89PNG"));
        if let Some(folder) = &folder {
            fs::write(Path::new(folder).join(format!("{name}.png")), picture).unwrap();
        }
    };
    let traffic = Traffic::start(lb.front);

    watch(&browser, watched / 3);
    assert!(signal(lb.pid_of("S4"), Signal::KILL));
    watch(&browser, watched * 2 / 3);
    assert_eq!(lb.ask_admin("PATCH", "/v1/backends/S3", r#"{"weight":1.5}"#).status, 200);
    watch(&browser, watched);

    browser.fill("#change-names", "S6");
    browser.click("#plan");
    browser.until_says("#change-said", "nothing done yet");
    browser.click("#replicas [data-name=S2] button");
    browser.until_says("#ring-detail", "ranges:");
    take("light");

    browser.click("#tab-explain");
    browser.fill("#explain-key", "4711");
    browser.click("#explain-form button");
    browser.until_says("#explained", "takes it");
    browser.dress(Scheme::Dark);
    take("dark");

    browser.dress(Scheme::Light);
    let frozen = lb.pid_of("S2");
    assert!(signal(frozen, Signal::STOP));
    browser.until("it is in trouble", "document.querySelector('#replicas [data-name=S2][data-state=down]')");
    browser.until("the verdict says so", "document.querySelector('#verdict').dataset.level !== 'ok'");
    browser.fill("#explain-key", "7");
    browser.click("#explain-form button");
    browser.until_says("#explained dl", "7");
    take("trouble");
    // It may have been replaced by now.
    signal(frozen, Signal::CONT);
    traffic.stop();
    browser.must_not_complain();
}

/// Until the strip shows so many seconds.
fn watch(browser: &Browser, seconds: usize) {
    let shown = "document.querySelector('#flow .band')?.getAttribute('d').split('M').length";
    // In steps, since each may take no longer than anything else.
    for step in (5..=seconds).step_by(5).chain([seconds]) {
        browser.until("the strip goes on", &format!("{shown} > {step}"));
    }
}

/// One client that asks now more, now less often, and some that stay.
struct Traffic {
    over: Arc<AtomicBool>,
    asking: JoinHandle<()>,
    _held: Vec<TcpStream>,
}

impl Traffic {
    fn start(front: SocketAddr) -> Self {
        let held = (0..HELD).map(|id| hold(front, id).unwrap()).collect();
        let over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&over);
        let start = Instant::now();
        let asking = thread::spawn(move || {
            for id in 0_u64.. {
                if until.load(Ordering::Acquire) {
                    return;
                }
                // A request that meets the killed or the frozen one may be late: that is what is watched.
                let _late = http::try_send(front, "GET", &format!("/request?request_id={id}"), "");
                let turn = start.elapsed().as_secs_f64() / PERIOD.as_secs_f64();
                let pause_ms = 9.0 - 4.0 * (turn * std::f64::consts::TAU).sin();
                // Nobody unparks us: this is the pace.
                thread::park_timeout(Duration::from_secs_f64(pause_ms / 1000.0));
            }
        });
        Self { over, asking, _held: held }
    }

    fn stop(self) {
        self.over.store(true, Ordering::Release);
        self.asking.join().unwrap();
    }
}

/// A session whose one request has been answered, and which stays.
fn hold(front: SocketAddr, id: u64) -> io::Result<TcpStream> {
    let mut stream = http::try_connect(front)?;
    io::Write::write_all(&mut stream, format!("GET /request?request_id={id} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())?;
    http::read_response(&mut stream)?;
    Ok(stream)
}
