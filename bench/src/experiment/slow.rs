//! The sample backend, slowed down, as a command line for `lb serve --command`.

use anyhow::Context;

use crate::balancer::Program;

/// `delay` as in `20ms`.
pub(super) fn slow_replica(program: &Program, delay: &str) -> anyhow::Result<String> {
    let program = program.lb.to_str().context("--lb: the path is not UTF-8")?;
    // Split as a shell splits words: within single quotes only a single quote means anything.
    let quoted = program.replace('\'', r"'\''");
    Ok(format!("'{quoted}' replica --listen 127.0.0.1:{{port}} --delay {delay}"))
}
