//! Syscalls of the workers that fail: FAULTS O9, with the real binary under `strace -e inject=`.
//!
//! One test a syscall, one row of [`TABLE`] an errno that the kernel may give there. While bounded traffic runs, every
//! few calls fail so; nobody may get a wrong byte meanwhile. Then the injection ends, and all must be as before: the
//! process there, no session and no descriptor left over, nothing spinning, and every request answered.
//! A row whose syscall the workers never use says so and passes: which ones they use is not what is tested here.

mod strace;
mod traffic;

use std::fs;
use std::io::Write;

use self::strace::{Injection, Unavailable};
use self::traffic::Backend;
use crate::support::{Lb, eventually};

/// A syscall, how often it fails (strace's `when`: first one, then every so many), and how.
struct Row {
    syscall: &'static str,
    when: &'static str,
    errnos: &'static [&'static str],
    /// Whether this traffic is known to need it.
    used: bool,
}

const TABLE: &[Row] = &[
    Row {
        syscall: "accept4",
        when: "2+3",
        errnos: &["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ECONNABORTED", "EINTR", "EAGAIN", "EPERM"],
        used: true,
    },
    Row { syscall: "socket", when: "2+3", errnos: &["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"], used: true },
    Row {
        syscall: "connect",
        when: "2+3",
        errnos: &["ECONNREFUSED", "ETIMEDOUT", "EADDRNOTAVAIL", "ENETUNREACH", "EAGAIN", "EINTR", "EPERM", "ENOBUFS"],
        used: true,
    },
    Row { syscall: "epoll_wait", when: "2+3", errnos: &["EINTR", "ENOMEM"], used: true },
    Row { syscall: "epoll_ctl", when: "3+5", errnos: &["ENOMEM", "ENOSPC"], used: true },
    Row {
        syscall: "recvfrom",
        when: "3+7",
        errnos: &["ECONNRESET", "ETIMEDOUT", "EINTR", "EAGAIN", "ENOMEM"],
        used: true,
    },
    Row {
        syscall: "sendto",
        when: "3+7",
        errnos: &["EPIPE", "ECONNRESET", "ENOBUFS", "ENOMEM", "EINTR", "EAGAIN"],
        used: true,
    },
    Row { syscall: "splice", when: "2+3", errnos: &["EINVAL", "ENOSYS", "EAGAIN", "EINTR", "ENOMEM"], used: true },
    Row { syscall: "pipe2", when: "1+2", errnos: &["EMFILE", "ENFILE", "ENOMEM"], used: true },
    Row { syscall: "shutdown", when: "2+3", errnos: &["ENOTCONN"], used: true },
];

/// Deadlines so short that a session which an error has left without an event ends soon.
const FLAGS: &[&str] = &["--head-timeout", "1s", "--first-byte-timeout", "1s", "--idle-timeout", "1s"];
/// Turns that idle workers may take while the admin side answers [`ASKED`] requests: a few retries and deadlines.
/// One that spins takes as many in a fraction of a millisecond.
const IDLE_TURNS_MAX: f64 = 100.0;
const ASKED: usize = 20;
/// Rounds of traffic in which a call must come up.
const TRIES: usize = 10;

#[test]
fn accept4_may_fail() {
    survive("accept4");
}

#[test]
fn socket_may_fail() {
    survive("socket");
}

#[test]
fn connect_may_fail() {
    survive("connect");
}

#[test]
fn epoll_wait_may_fail() {
    survive("epoll_wait");
}

#[test]
fn epoll_ctl_may_fail() {
    survive("epoll_ctl");
}

#[test]
fn recvfrom_may_fail() {
    survive("recvfrom");
}

#[test]
fn sendto_may_fail() {
    survive("sendto");
}

#[test]
fn splice_may_fail() {
    survive("splice");
}

#[test]
fn pipe2_may_fail() {
    survive("pipe2");
}

#[test]
fn shutdown_may_fail() {
    survive("shutdown");
}

/// Every errno of one syscall, one after the other, on one balancer.
fn survive(syscall: &str) {
    let row = TABLE.iter().find(|row| row.syscall == syscall).unwrap();
    let backend = Backend::listen();
    let named = format!("b={}", backend.addr);
    let lb = Lb::launch(&[&["--replicas", "0", "--backend", &named], FLAGS].concat());
    all_good(&lb, "before any fault");
    let before = Quiet::of(&lb);
    for errno in row.errnos {
        let fault = format!("{syscall} = {errno}");
        let injected = match inject(&lb, row, errno) {
            Ok(injected) => injected,
            Err(Unavailable(why)) => return say(&format!("{fault}: not run: {why}")),
        };
        if injected == 0 {
            assert!(!row.used, "{fault}: no call failed");
            say(&format!("{fault}: never called, so nothing was shown"));
        }
        all_good(&lb, &fault);
        before.is_so_again(&lb, &fault);
    }
}

/// How many calls failed under the traffic; again where none did, since a worker that was refused a pipe asks for none for
/// a second.
fn inject(lb: &Lb, row: &Row, errno: &str) -> Result<usize, Unavailable> {
    for _ in 0..TRIES {
        let injection = Injection::begin(lb.pid(), row.syscall, errno, row.when)?;
        traffic::bounded(lb.front);
        let injected = injection.end();
        if injected > 0 {
            return Ok(injected);
        }
    }
    Ok(0)
}

/// Every request is answered, in full and by the right bytes.
fn all_good(lb: &Lb, after: &str) {
    eventually(&format!("a request is answered after {after}"), || traffic::ask(lb.front, 1, 100).ok());
    for id in 0..10 {
        let answered = traffic::ask(lb.front, id, 100_000);
        assert!(answered.is_ok(), "after {after}: {answered:?}");
    }
}

/// What a balancer without clients has.
struct Quiet {
    descriptors: usize,
}

impl Quiet {
    fn of(lb: &Lb) -> Self {
        no_sessions(lb, "at first");
        Self { descriptors: descriptors(lb) }
    }

    fn is_so_again(&self, lb: &Lb, fault: &str) {
        no_sessions(lb, fault);
        eventually(&format!("no descriptor is left over after {fault}"), || {
            (descriptors(lb) <= self.descriptors).then_some(())
        });
        let turns = || lb.metric("lb_turn_seconds_count");
        let from = turns();
        for _ in 0..ASKED {
            assert_eq!(lb.ask_admin("GET", "/livez", "").status, 200, "after {fault}");
        }
        let taken = turns() - from;
        assert!(taken <= IDLE_TURNS_MAX, "{taken} turns without a client after {fault}");
    }
}

fn no_sessions(lb: &Lb, when: &str) {
    eventually(&format!("all sessions have ended: {when}"), || {
        let page = lb.ask_admin("GET", "/metrics", "");
        let open = page.metric("lb_connections_accepted_total") - page.metric("lb_connections_closed_total");
        (open == 0.0).then_some(())
    });
}

fn descriptors(lb: &Lb) -> usize {
    fs::read_dir(format!("/proc/{}/fd", lb.pid())).expect("lb is alive").count()
}

/// To the terminal itself: what was not run must be seen although the test passes.
fn say(line: &str) {
    let _nobody_reads = writeln!(std::io::stderr(), "faults: {line}");
}
