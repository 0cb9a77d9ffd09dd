//! Which way imports may go: `lb-server → lb-admin → lb-core`, and inside lb-core `worker → {net, session, ring}`,
//! `session → {ring, backend}`, `ring → backend`. ARCHITECTURE.md says why.

use crate::source::Source;

/// A part of the tree and what its code must not name.
struct Rule {
    part: &'static str,
    forbidden: &'static [&'static str],
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        part: "lb-core/src/",
        forbidden: &["tokio", "axum", "hyper", "serde", "serde_json", "bollard", "clap", "lb_admin", "lb_server"],
        why: "the data plane knows no runtime, no JSON and nothing above it",
    },
    Rule {
        part: "lb-core/src/ring/",
        forbidden: &["crate::session", "crate::net", "crate::worker", "crate::control", "std::net", "std::time", "mio"],
        why: "the ring is pure and knows backends only",
    },
    Rule {
        part: "lb-core/src/backend.rs",
        forbidden: &["crate::ring", "crate::session", "crate::net", "crate::worker", "crate::control"],
        why: "everything knows what a backend is, so it knows nothing",
    },
    Rule {
        part: "lb-core/src/session/",
        forbidden: &["crate::net", "crate::worker", "crate::control", "mio", "socket2", "rustix"],
        why: "a session is decided without sockets; the worker joins it with net",
    },
    Rule {
        part: "lb-core/src/net/",
        forbidden: &["crate::session", "crate::worker", "crate::control", "crate::ring"],
        why: "net is syscalls; what they are for is the worker's business",
    },
    Rule {
        part: "lb-admin/src/",
        forbidden: &["lb_server", "clap"],
        why: "the control plane doesn't know how it was started",
    },
    Rule {
        part: "lb-admin/src/",
        forbidden: &["lb_core::session", "lb_core::net"],
        why: "lb_core::control is the door to the workers",
    },
    Rule { part: "lb-admin/src/", forbidden: &["bollard"], why: "supervisor/docker.rs is the only file that knows it" },
    Rule {
        part: "lb-server/src/",
        forbidden: &["bollard"],
        why: "supervisor/docker.rs is the only file that knows it",
    },
    Rule {
        part: "bench/src/",
        forbidden: &[
            "lb_admin",
            "lb_server",
            "lb_core::session",
            "lb_core::net",
            "lb_core::worker",
            "lb_core::control",
        ],
        why: "the bench is a user like any other; only the expected owner comes from lb_core::ring",
    },
];

/// What is forbidden everywhere but in one file: (what, the file).
const HOMES: [(&str, &str); 1] = [("bollard", "lb-admin/src/supervisor/docker.rs")];

/// Complaints about code that names what it must not. Tests may use what they like.
pub(crate) fn directions(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test) {
        for rule in RULES.iter().filter(|rule| source.path.starts_with(rule.part)) {
            let is_its_home = |path: &str| HOMES.contains(&(path, source.path.as_str()));
            for path in rule.forbidden.iter().filter(|path| !is_its_home(path)) {
                complaints.extend(named(&source.code, path).map(|at| {
                    format!("{}: names {path}, but {}: move it, or pass what it needs in", source.place(at), rule.why)
                }));
            }
        }
        complaints.extend(grouped(source));
    }
    complaints
}

/// Where `path` stands as a whole path or the beginning of one, as in `use mio::Waker` but not in `my_mio::x`.
fn named<'a>(code: &'a str, path: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_crate = !path.contains("::");
    code.match_indices(path).map(|(at, _)| at).filter(move |&at| {
        let (before, after) = (&code[..at], &code[at + path.len()..]);
        let whole = !before.ends_with(part_of_word) && !after.starts_with(part_of_word);
        // The name of a crate is only one at the beginning of a path: `use x;`, `x::y`, but not `self.x` or `a::x`.
        let begins = !before.ends_with("::") && (after.starts_with("::") || before.ends_with("use "));
        whole && (!is_crate || begins)
    })
}

/// `use crate::{…}` would hide a module from the rules above.
fn grouped(source: &Source) -> Vec<String> {
    let roots = ["use crate::{", "use lb_core::{"];
    let places = roots.iter().flat_map(|root| source.code.match_indices(root));
    places.map(|(at, _)| format!("{}: write one `use` a module of the crate", source.place(at))).collect()
}
