//! What a file says, and the line in which it is wrong.

use super::super::tests::{good, load};

fn with_file(text: &str, check: impl FnOnce(&str)) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    check(&format!("--config {}", file.path().display()));
}

#[test]
fn a_file_is_read_and_flags_win_over_it() {
    let text = "replicas = 5\nnames = \"R{n}\"\nbackend = [\"a=h:80\"]\nbalance-factor = 1.25\nmax-connections = 3\n";
    with_file(text, |flag| {
        let config = good(&format!("{flag} --replicas 1"));
        assert_eq!((config.replicas, config.names.first.as_str(), config.backends.len()), (1, "R{n}", 1));
        let factor = config.places.balance_factor.map(|factor| factor.to_string());
        assert_eq!((factor.as_deref(), config.places.limits.map(|limits| limits.places)), (Some("1.25"), Some(3)));
    });
}

/// A wrong file and the words that its one line must hold.
const WRONG: &[(&str, &[&str])] = &[
    ("replicas = 5\nrepilcas = 6\n", &["line 2", "no key 'repilcas'", "did you mean 'replicas'?"]),
    ("\nadmin_rate = 6\n", &["line 2", "did you mean 'admin-rate'?"]),
    ("zzz = 6\n", &["line 1", "no key 'zzz'", "lb serve --help"]),
    ("[pool]\nreplicas = 6\n", &["line 1", "pool is a key", "pool = "]),
    ("workers = 2\n[x]\nreplicas = 6\n", &["line 2", "no section 'x'", "without one"]),
    ("\n\nidle-timeout = \"5\"\n", &["line 3", "idle-timeout: ", "no duration"]),
    ("idle-timeout = 5\n", &["line 1", "idle-timeout: ", "expected a text in quotes"]),
    ("\nbalance-factor = [1]\n", &["line 2", "as in 1.25"]),
    ("\nfront = \"here\"\n", &["line 2", "'here': write IP:PORT"]),
    ("\nfront = [\n  \"127.0.0.1:1\",\n  \"here\",\n]\n", &["front: ", "'here': write IP:PORT"]),
    ("\nbackend = 5\n", &["line 2", "in quotes or a list"]),
    ("workers = \"two\"\n", &["line 1", "workers: ", "expected a whole number"]),
    ("workers = 2\n\nworkers = 3\n", &["line 3", "duplicate"]),
    ("retries = -1\n", &["line 1", "retries: ", "expected a whole number"]),
    ("admin-open = \"yes\"\n", &["line 1", "admin-open: ", "expected true or false"]),
    ("hash = \"md5\"\n", &["line 1", "hash: ", "rendezvous"]),
    ("config = \"x\"\n", &["line 1", "no key 'config'"]),
    ("this is no toml", &["line 1", ""]),
    // Values that are of the right kind and don't go.
    ("workers = 2\nretries = 8\n", &["line 2", "--retries 8", "0 to 7"]),
    ("queue = 5\n", &["line 1", "--queue", "--max-connections"]),
    ("\nkey = \"nonsense\"\n", &["line 2", "--key", "query:NAME"]),
    ("\nbackend = [\"nonsense\"]\n", &["line 2", "--backend", "NAME=HOST:PORT"]),
    ("check = \"up\"\n", &["line 1", "--check", "/heartbeat"]),
];

#[test]
fn whatever_is_wrong_in_a_file_is_told_in_one_line_that_names_its_own() {
    for (text, words) in WRONG {
        with_file(text, |flag| {
            let error = load(flag).expect_err(text).to_string();
            assert!(error.starts_with("--config /") && !error.contains('\n'), "{text:?}: {error}");
            for word in *words {
                assert!(error.contains(word), "{text:?}: '{word}' is not in: {error}");
            }
        });
    }
}

#[test]
fn a_wrong_flag_over_a_right_file_is_not_blamed_on_the_file() {
    with_file("retries = 1\nworkers = 2\n", |flag| {
        let error = load(&format!("{flag} --retries 8")).expect_err("too many").to_string();
        assert!(error.starts_with("--retries 8"), "{error}");
    });
}
