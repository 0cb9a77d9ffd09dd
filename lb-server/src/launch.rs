//! `lb launch -- ARGV…`: makes a session of its own and becomes another program.
//!
//! The supervisor starts replicas through this, so that a signal to our terminal or process group doesn't reach them and
//! nothing has to run between fork and exec in a process with threads. Standard library `exec` also gives the program the
//! default SIGPIPE back, which every Rust program ignores.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::exit::Exit;
use crate::say;

/// What a shell answers for a command that it can't run.
const CANNOT_RUN: u8 = 127;

/// Returns only where the program can't be run.
pub(crate) fn run(argv: &[OsString]) -> Exit {
    // EPERM: this process leads a group already (it was started by hand from a shell); it is nobody's child to protect.
    let _session = rustix::process::setsid();
    let Some((program, arguments)) = argv.split_first() else {
        say::line("error: launch: no program given");
        return Exit::Other(CANNOT_RUN);
    };
    let error = Command::new(program).args(arguments).exec();
    say::line(format_args!("error: cannot run '{}': {error}", program.to_string_lossy()));
    Exit::Other(CANNOT_RUN)
}
