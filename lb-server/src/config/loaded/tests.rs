//! Where values come from, that the printed configuration is the same one, and that the defaults are what is done without them.

use super::super::tests::{around, loaded};
use super::*;

/// Command lines that between them have every default.
const LINES: &[&str] = &[
    "",
    "--hash ring",
    "--hash assignment",
    "--hash maglev --slots 251",
    "--mode tcp",
    "--mode tcp --accept-proxy",
    "--max-connections 10",
    "--runtime docker",
    "--runtime auto --discover docker",
    "--profile assignment",
    "--profile assignment --front 0.0.0.0:5001",
    "--check tcp --backend a=h:80",
    "--autoscale min=2,max=4,target-inflight=9 --names R{n}",
    "--backend a=h:80,weight=2 --backend b=h:81 --admin unix:/run/lb.sock --idle-timeout 0",
];

fn resolved(args: &ServeArgs) -> String {
    // Whether a number was asked for is not what it is.
    let config = Config::resolve(args, &around()).unwrap_or_else(|error| panic!("{error}: {args:?}"));
    format!("{:?}", Config { replicas_given: true, notes: Vec::new(), ..config })
}

fn args_of(table: &Table) -> ServeArgs {
    toml::from_str(&table.to_string()).expect("what was written is read")
}

#[test]
fn saying_a_default_out_loud_changes_nothing() {
    for line in LINES {
        let said = said(line);
        let config = Config::resolve(&args_of(&said), &around()).expect(line);
        let without = resolved(&args_of(&said));
        for (key, value) in to_table(&defaults::of(&args_of(&said), &config)) {
            let mut with = said.clone();
            with.entry(key.clone()).or_insert(value.clone());
            assert_eq!(resolved(&args_of(&with)), without, "`{line}` with {key} = {value}");
        }
    }
}

#[test]
fn what_check_prints_is_a_file_that_means_the_same() {
    for line in LINES {
        let before = loaded(line).expect(line);
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), before.effective.to_toml()).expect("written");
        let again = file::read(file.path()).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(resolved(&again.args), resolved(&args_of(&said(line))), "{line}");
    }
}

#[test]
fn every_value_says_where_it_comes_from() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "\nworkers = 2\nretries = 1\n").expect("written");
    let loaded = loaded(&format!("--config {} --retries 2", file.path().display())).expect("it goes");
    let of = |key: &str| loaded.effective.settings.iter().find(|setting| setting.key == key).expect("a key").origin;
    assert_eq!([of("workers"), of("retries"), of("hash")], [Origin::File(2), Origin::Flag, Origin::Default]);
    let printed = loaded.effective.to_toml();
    for row in ["workers = 2 ", "# file, line 2", "retries = 2 ", "# flag", "# default", "# autoscale "] {
        assert!(printed.contains(row), "{row} is not in\n{printed}");
    }
    assert_eq!(loaded.effective.file.as_deref(), Some(file.path()));
}

#[test]
fn what_the_environment_said_says_so() {
    let typed = Typed {
        args: ServeArgs { workers: Some(2), ..ServeArgs::default() },
        from_environment: ["workers".to_owned()].into(),
    };
    let printed = Loaded::read(&typed, &around()).expect("it goes").effective.to_toml();
    assert!(printed.contains("# environment, LB_WORKERS"), "{printed}");
}

/// What a command line says, as a file would.
fn said(line: &str) -> Table {
    let loaded = loaded(line).expect(line);
    let settings = loaded.effective.settings.into_iter().filter(|setting| setting.origin != Origin::Default);
    settings.filter_map(|setting| Some((setting.key, setting.value?))).collect()
}
