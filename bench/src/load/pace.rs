//! Wakes its task at a fixed interval, finer than tokio's timers: those are rounded up to a millisecond, which would be
//! most of the latency that an open loop measures. A timerfd wakes the event loop when it is due, like a socket.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::fs::Timespec;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime};
use tokio::io::unix::AsyncFd;

/// Below this a timer would cost more than the requests; several are due then at each wake.
const INTERVAL_MIN: Duration = Duration::from_micros(50);

/// A timer that is due again and again.
#[derive(Debug)]
pub(super) struct Pace(AsyncFd<OwnedFd>);

impl Pace {
    /// Starts it. Fails where the process is out of file descriptors.
    pub(super) fn every(interval: Duration) -> io::Result<Self> {
        let interval = interval.max(INTERVAL_MIN);
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let tv_sec = i64::try_from(interval.as_secs()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let interval = Timespec { tv_sec, tv_nsec: interval.subsec_nanos().into() };
        let times = Itimerspec { it_interval: interval, it_value: interval };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &times)?;
        #[expect(
            deprecated,
            reason = "its replacement is unsafe for the sake of types that may give their descriptor away; \
                      an OwnedFd that nobody else reaches doesn't"
        )]
        let timer = AsyncFd::new(timer)?;
        Ok(Self(timer))
    }

    /// Waits until it is due; at once where it was since the last call.
    pub(super) async fn next(&self) -> io::Result<()> {
        let mut expirations = [0; 8];
        loop {
            let mut ready = self.0.readable().await?;
            if let Ok(read) = ready.try_io(|timer| Ok(rustix::io::read(timer, &mut expirations)?)) {
                return read.map(drop);
            }
        }
    }
}
