//! The sample backend, slowed down, as a command line for `lb serve --command`.

use anyhow::Context;

use crate::balancer::{Program, Runtime};

/// `delay` as in `20ms`.
pub(super) fn slow_replica(program: &Program, delay: &str) -> anyhow::Result<String> {
    if program.runtime == Runtime::Docker {
        // The image's entry point is lb, and the port is the container's own.
        return Ok(format!("replica --delay {delay}"));
    }
    let program = program.lb.to_str().context("--lb: the path is not UTF-8")?;
    // Split as a shell splits words: within single quotes only a single quote means anything.
    let quoted = program.replace('\'', r"'\''");
    Ok(format!("'{quoted}' replica --listen 127.0.0.1:{{port}} --delay {delay}"))
}
