//! How many files this process and its children may open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises it to what this user may have; children inherit it.
pub(crate) fn raise_limit() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    // Who needs many looks at what there is.
    let _best_effort = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// What it is now.
pub(crate) fn limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
