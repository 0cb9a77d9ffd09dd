//! The exit codes that scripts may rely on.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0.
    Ok,
    /// 1: it was right to ask and it failed.
    Failed,
    /// 2: the command line makes no sense.
    Usage,
    /// 3: the configuration makes no sense.
    Config,
    /// 4: nobody answers where the admin API (or the front) should be.
    Unreachable,
    /// 5: it answered, and refused.
    Refused,
    /// 6: it didn't answer in time.
    TimedOut,
    /// A code with a meaning of its own (`lb launch`: 127).
    Other(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Config => 3,
            Exit::Unreachable => 4,
            Exit::Refused => 5,
            Exit::TimedOut => 6,
            Exit::Other(code) => code,
        })
    }
}
