//! What arguments mean: the defaults, the profile, and every impossible combination with the word that mends it.

use lb_admin::config::{Check, CheckKind};
use lb_core::backend::ProxyVersion;
use lb_core::backend::places::PlaceLimits;
use lb_core::config::{Affinity, Mode};

use super::*;
use crate::cli::usage;
use crate::cli::{Cli, Command};

mod reference;

pub(super) fn around() -> Surroundings {
    Surroundings {
        binary: "/opt/lb".into(),
        cpus: 4,
        pipe_pages: 16_384,
        path: std::env::var_os("PATH"),
        state_directory: None,
        xdg_state_home: None,
        token_key: [7; 16],
        home: Some("/home/somebody".into()),
    }
}

pub(super) fn load(line: &str) -> Result<Config, ConfigError> {
    loaded(line).map(|loaded| loaded.config)
}

pub(super) fn loaded(line: &str) -> Result<Loaded, ConfigError> {
    let words = shell_words::split(&format!("lb serve {line}")).expect("words");
    let Ok(Cli { command: Command::Serve(typed) }) = usage::read(words.into_iter().map(Into::into)) else {
        panic!("not a command line: {line}");
    };
    Loaded::read(&typed, &around())
}

pub(super) fn good(line: &str) -> Config {
    load(line).expect("a configuration")
}

fn worker(config: &Config) -> WorkerConfig {
    config.worker(Secret([7; 16]), Room { connections: 100, pipes: 8, admin_connections: 9 })
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = good("");
    assert_eq!(config.fronts, ["0.0.0.0:5000".parse().expect("an address")]);
    assert_eq!(config.admin, Some(AdminAddr::Tcp("127.0.0.1:5001".parse().expect("an address"))));
    assert_eq!((config.workers, config.replicas), (4, 3));
    let worker = worker(&config);
    assert_eq!((worker.mode, worker.affinity), (Mode::Http, Affinity::Connection));
    assert_eq!((worker.retries, worker.retry_budget_percent), (3, 100));
    let seconds = [worker.connect_timeout, worker.head_timeout, worker.first_byte_timeout, worker.idle_timeout];
    assert_eq!(seconds.map(|timeout| timeout.as_secs()), [1, 5, 30, 3600]);
    assert!(!worker.serve_admin_paths && !worker.record_answered);
    let admin = config.admin(Path::new("/state/5000"), "mark".into());
    let LaunchConfig::Process(process) = admin.launch else { panic!("{:?}", admin.launch) };
    assert_eq!(process.argv, ["/opt/lb", "replica", "--listen", "127.0.0.1:{port}"]);
    assert_eq!((admin.names.first.as_str(), admin.names.made_up.as_str()), ("S{n}", "S{n}"));
    let heartbeat = Check::new(CheckKind::Http("/heartbeat".to_owned()));
    assert_eq!((admin.replica_check, admin.backend_check), (heartbeat, Check::new(CheckKind::Tcp)));
    assert_eq!(admin.max_ejected_percent, 50);
    assert_eq!(config.notes, [""; 0]);
}

#[test]
fn what_a_container_is_and_what_its_defaults_are() {
    let docker =
        |line: &str| match good(&format!("--runtime docker {line}")).admin(Path::new("/state"), "mark".into()).launch {
            LaunchConfig::Docker(docker) => docker,
            other => panic!("{other:?}"),
        };
    let plain = docker("");
    assert_eq!((plain.image.as_str(), plain.network.as_str(), plain.port), ("lb:latest", "net1", 5000));
    assert_eq!((plain.container_name.as_str(), plain.pool.as_str()), ("{pool}-{name}", "lb"));
    assert_eq!(plain.command, Some(vec!["replica".to_owned()]), "our own image must be told what it is");
    assert_eq!((plain.memory_bytes, plain.nano_cpus, plain.pids_max), (Some(256 << 20), None, Some(256)));
    assert!(!plain.writable_root && plain.keep_dead.is_zero());
    assert_eq!(docker("--image web:2").command, None, "anybody else's knows");
    let asked = docker("--memory 1g --cpus 0.5 --pids-limit 0 --writable-root --command 'no-such-program {port}'");
    assert_eq!((asked.memory_bytes, asked.nano_cpus, asked.pids_max), (Some(1 << 30), Some(500_000_000), None));
    assert!(asked.writable_root && asked.command.is_some_and(|argv| argv == ["no-such-program", "{port}"]));
    assert_eq!(docker("--memory 0 --cpus 0").memory_bytes, None);
}

#[test]
fn a_backend_replaces_the_default_replicas() {
    let config = good("--backend a=10.0.0.1:80 --backend 'b=[::1]:81,weight=1.5'");
    assert_eq!(config.replicas, 0);
    let weights: Vec<u32> = config.backends.iter().map(|backend| backend.weight.thousandths()).collect();
    assert_eq!(weights, [1000, 1500]);
    assert_eq!(good("--backend a=h:80 --replicas 2").replicas, 2);
}

#[test]
fn labelled_containers_replace_the_default_replicas() {
    let discover = |line: &str| good(line).admin(Path::new("/state"), "mark".into()).discover;
    let on = |network: &str| Some(DockerDiscovery { network: network.to_owned() });
    assert_eq!(discover(""), None);
    assert_eq!((discover("--discover docker"), good("--discover docker").replicas), (on("net1"), 0));
    assert_eq!(discover("--discover docker --network mine"), on("mine"));
    assert_eq!(good("--discover docker --replicas 2").replicas, 2);
    assert!(load("--discover docker --check tcp --check-status 200").is_ok(), "lb.check may ask for a path");
}

#[test]
fn who_is_behind_a_connection_and_how_many_there_may_be() {
    let plain = worker(&good(""));
    assert_eq!((plain.accept_proxy, plain.connections_per_source, plain.source), (false, 0, None));
    let config = good(
        "--accept-proxy --connections 8 --connections-per-source 5 --source [::1]:2000-3000 --mode tcp --head-timeout 1s \
         --backend a=h:80,send-proxy=v1,weight=2 --backend b=h:81 --send-proxy v2 --command 'sh -c :'",
    );
    let worker = worker(&config);
    let source = Source { addr: "::1".parse().expect("an address"), ports: Some((2000, 3000)) };
    assert_eq!((worker.accept_proxy, worker.connections_per_source, worker.source), (true, 5, Some(source)));
    assert_eq!(config.connections(), Some(8));
    let told: Vec<_> = config.backends.iter().map(|backend| backend.send_proxy).collect();
    assert_eq!(told, [Some(ProxyVersion::V1), None]);
    assert_eq!(config.admin(Path::new("/state"), "mark".into()).replica_send_proxy, Some(ProxyVersion::V2));
    let without_range = good("--source ::1").source().copied();
    assert_eq!(without_range, Some(Source { addr: source.addr, ports: None }));
}

#[test]
fn the_profile_sets_what_the_scripts_need() {
    let config = good("--profile assignment");
    let worker = worker(&config);
    assert!(worker.serve_admin_paths && worker.record_answered);
    assert_eq!(worker.affinity, Affinity::Request);
    assert_eq!(config.record_requests, Some(131_072));
    assert!(config.notes.iter().any(|note| note.contains("whoever reaches the front")), "{:?}", config.notes);
    let docker = config.docker_if_there.expect("runtime auto");
    assert_eq!((docker.container_name.as_str(), docker.keep_dead.as_secs()), ("{name}", 30));
    const { assert!(REPLICAS_MAX >= 64) };
}

#[test]
fn the_profile_gives_up_its_admin_listener_where_a_front_has_its_default_port() {
    let config = good("--profile assignment --front 0.0.0.0:5001");
    assert_eq!(config.admin, None);
    assert!(config.notes.iter().any(|note| note.contains("no admin listener")), "{:?}", config.notes);
    assert!(matches!(load("--front 0.0.0.0:5001"), Err(ConfigError::AdminOnFront { .. })));
    let line = "--profile assignment --front 0.0.0.0:5001 --admin 127.0.0.1:5001";
    assert!(matches!(load(line), Err(ConfigError::AdminOnFront { .. })), "asked for, so not dropped in silence");
}

#[test]
fn free_ports_never_collide() {
    assert!(good("--front 127.0.0.1:0 --front 127.0.0.1:0 --admin 127.0.0.1:0").admin.is_some());
}

#[test]
fn an_admin_address_that_others_reach_needs_a_token_or_to_be_called_open() {
    let access = |line: &str| good(line).admin(Path::new("/state"), "mark".into()).access;
    let said = |line: &str| good(line).notes.iter().any(|note| note.starts_with("--admin-open: whoever reaches"));
    assert!(said("--admin 0.0.0.0:5001 --admin-open") && !said("--admin 127.0.0.1:5001 --admin-open"));
    assert!(!said("--admin unix:/run/lb.sock --admin-open"));
    assert!(access("--admin [::1]:7000").token.is_none());

    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().display();
    std::fs::write(file.path(), "  correct-horse-battery \r\nsecond line\n").expect("written");
    let config = good(&format!("--admin 0.0.0.0:5001 --admin-token-file {path}"));
    assert_eq!(config.notes, [""; 0], "it is its owner's alone");
    assert!(config.access.token.is_some() && format!("{config:?}").contains("Token(…)"));
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(file.path(), open).expect("it is ours");
    let notes = good(&format!("--admin-token-file {path}")).notes;
    assert!(notes.len() == 1 && notes[0].contains("every user"), "{notes:?}");
    for text in ["too-short", "", "\ncorrect-horse-battery", "correct horse battery"] {
        std::fs::write(file.path(), text).expect("written");
        let wrong = load(&format!("--admin-token-file {path}"));
        assert!(matches!(wrong, Err(ConfigError::TokenWrong { .. })), "{text:?}");
    }
}

#[test]
fn names_of_the_admin_api_are_kept_as_requests_are_compared() {
    let access = good("--admin-host LB.example. --admin-host lb:5001").admin(Path::new("/state"), "mark".into()).access;
    assert_eq!((access.hosts, access.changes_per_second), (vec!["lb.example".to_owned(), "lb:5001".to_owned()], 500));
    assert_eq!(good("--admin-rate 0").admin(Path::new("/state"), "mark".into()).access.changes_per_second, 0);
}

#[test]
fn the_admin_api_may_be_a_unix_socket() {
    assert_eq!(good("--admin unix:/run/lb.sock").admin, Some(AdminAddr::Unix("/run/lb.sock".into())));
    assert!(matches!(load("--admin unix:"), Err(ConfigError::AdminSyntax(_))));
}

#[test]
fn places_are_counted_only_where_a_limit_or_a_balance_factor_asks_for_it() {
    let places = |line: &str| good(line).admin(Path::new("/state/5000"), "mark".into()).places;
    assert_eq!(places(""), None);
    assert_eq!(places("--max-connections 0"), None);
    assert_eq!(places("--max-connections 9"), Some(PlaceLimits { places: 9, waiting: 1024 }));
    assert_eq!(places("--max-connections 9 --queue 0"), Some(PlaceLimits { places: 9, waiting: 0 }));
    assert!(places("--balance-factor 1.25").is_some_and(|limits| limits.places == 0));
    let worker = worker(&good("--max-connections 9 --queue-timeout 250ms --balance-factor 1.5"));
    assert_eq!(worker.queue_timeout, Duration::from_millis(250));
    assert_eq!(worker.balance_factor.map(|factor| factor.to_string()).as_deref(), Some("1.5"));
}

#[test]
fn the_load_decides_between_min_and_max_and_begins_with_min() {
    assert_eq!(good("").admin(Path::new("/state"), "mark".into()).autoscale, None);
    let config = good("--autoscale ' target-inflight=20, cooldown=90s,max=8,target-cpu=250,min=2'");
    let cooldown = Duration::from_secs(90);
    let asked = AutoscaleConfig { min: 2, max: 8, target_inflight: 20, target_cpu: Some(250), cooldown };
    assert_eq!(config.admin(Path::new("/state"), "mark".into()).autoscale, Some(asked));
    assert_eq!((config.replicas, config.replicas_most()), (2, 8));
    let config = good("--autoscale min=1,max=4,target-inflight=1 --replicas 3 --backend a=h:80");
    let autoscale = config.admin(Path::new("/state"), "mark".into()).autoscale.expect("it was asked for");
    assert_eq!((config.replicas, autoscale.cooldown.as_secs(), autoscale.target_cpu), (3, 30, None));
    assert_eq!(good("--autoscale min=1,max=4,target-inflight=1 --backend a=h:80").replicas, 1);
}

#[test]
fn every_rule_with_its_parameters_is_accepted() {
    for line in [
        "--hash rendezvous --slots 1024",
        "--hash ring --vnodes 40",
        "--hash maglev --slots 251",
        "--hash assignment --probing quadratic --replicas 6",
    ] {
        assert!(load(line).is_ok(), "{line}");
    }
}

/// A wrong configuration and the words that its one line must hold: what is wrong, and what would mend it.
const REFUSED: &[(&str, &[&str])] = &[
    ("--backend nonsense", &["nonsense", "NAME=HOST:PORT"]),
    ("--backend a=h", &["no :PORT"]),
    ("--backend a=h:0", &["1 to 65535"]),
    ("--backend a=:80", &["no HOST"]),
    ("--backend a=::1:80", &["brackets"]),
    ("--backend a=h/x:80", &["host name"]),
    ("--backend=-a=h:80", &["a name is"]),
    ("--backend a=h:80,wieght=2", &["weight=W"]),
    ("--backend a=h:80,weight=0", &["0.001"]),
    ("--backend a=h:80 --backend a=i:80", &["'a'", "twice"]),
    ("--backend S2=h:80 --replicas 2", &["S2", "rename"]),
    ("--backend a=h:80,send-proxy=v3", &["send-proxy is v1 or v2"]),
    ("--send-proxy v2", &["--command", "lb replica"]),
    ("--source nonsense", &["'nonsense'", "10.0.0.7:20000-40000"]),
    ("--source 10.0.0.7:2000", &["range of ports"]),
    ("--source 10.0.0.7:3000-2000", &["range of ports"]),
    ("--source ::1:2000-3000-", &["range of ports"]),
    ("--source ::1:2000-3000", &["range of ports"]),
    ("--connections 3", &["--connections 3", "4 workers"]),
    ("--mode tcp --head-timeout 1s", &["--head-timeout", "--mode tcp"]),
    ("--key nonsense", &["nonsense", "query:NAME"]),
    ("--hash maglev --slots 65536", &["--slots 65536", "prime"]),
    ("--hash assignment --slots 500", &["--slots 500", "power of two"]),
    ("--hash ring --vnodes 0", &["--vnodes 0"]),
    ("--vnodes 40", &["--hash ring"]),
    ("--probing linear", &["--hash assignment"]),
    ("--hash assignment --replicas 57", &["56", "--replicas"]),
    ("--mode tcp --affinity request", &["--affinity request", "--mode tcp"]),
    ("--mode tcp --profile assignment", &["--profile assignment", "--mode tcp"]),
    ("--mode tcp --key path", &["--key", "--mode tcp"]),
    ("--profile assignment --affinity connection", &["--affinity"]),
    ("--admin 0.0.0.0:5001", &["token", "127.0.0.1:5001", "unix:", "--admin-token-file", "--admin-open"]),
    ("--admin [::ffff:10.0.0.1]:5001", &["token"]),
    ("--admin 0.0.0.0:5001 --admin-open=false", &["--admin-open"]),
    ("--admin-open --admin-token-file /no/such/file", &["--admin-open", "--admin-token-file", "leave one"]),
    ("--admin-token-file /no/such/file", &["--admin-token-file /no/such/file"]),
    ("--admin-token-file /dev/null", &["/dev/null", "0 characters", "openssl"]),
    ("--admin-host *", &["--admin-host '*'", "lb.example"]),
    ("--admin-host http://lb.example", &["http://lb.example"]),
    ("--admin-host lb.example:0", &["lb.example:0"]),
    ("--admin-host a..b", &["a..b"]),
    ("--admin-rate 1000001", &["--admin-rate 1000001", "0 to 1000000"]),
    ("--admin [::]:7000", &["token", "127.0.0.1:7000"]),
    ("--admin localhost", &["unix:PATH"]),
    ("--front 127.0.0.1:5001", &["--admin"]),
    ("--front 127.0.0.1:1 --front 127.0.0.1:1", &["twice"]),
    ("--replicas 257", &["0 to 256"]),
    ("--workers 0", &["1 to 1024"]),
    ("--retries 8", &["0 to 7"]),
    ("--retry-budget 701", &["--retry-budget 701", "0 to 700"]),
    ("--max-connections 1000001", &["--max-connections", "0 to 1000000"]),
    ("--max-connections 1 --queue 1000001", &["--queue", "0 to 1000000"]),
    ("--queue 5", &["--queue ", "--max-connections"]),
    ("--queue-timeout 5s", &["--queue-timeout", "--max-connections"]),
    ("--balance-factor 1", &["--balance-factor", "above 1", "1.25"]),
    ("--balance-factor much", &["--balance-factor", "'much'", "1.25"]),
    ("--record-requests 16777217", &["0 to 16777216"]),
    ("--hash assignment --backend a=h:1,weight=2", &["'a'", "weight", "--hash"]),
    ("--names Server", &["--names", "'Server'", "{n}"]),
    ("--names 'a b{n}'", &["--names", "'a b{n}'", "hostnames"]),
    ("--new-names '_{n}'", &["--new-names", "'_{n}'"]),
    ("--server-id ''", &["--server-id"]),
    ("--command no-such-program-anywhere", &["no-such-program-anywhere", "PATH"]),
    ("--command \"sh 'open\"", &["--command"]),
    ("--command ''", &["names no program"]),
    ("--autoscale nonsense", &["'nonsense'", "KEY=VALUE", "target-inflight=20"]),
    ("--autoscale min=1,max=4", &["target-inflight is missing"]),
    ("--autoscale max=4,target-inflight=2", &["min is missing"]),
    ("--autoscale min=1,target-inflight=2", &["max is missing"]),
    ("--autoscale min=5,max=4,target-inflight=2", &["min=5", "max=4"]),
    ("--autoscale min=0,max=4,target-inflight=2", &["min must be 1 to 256"]),
    ("--autoscale min=1,max=257,target-inflight=2", &["max must be 1 to 256"]),
    ("--autoscale min=1,max=4,target-inflight=0", &["target-inflight must be 1 to 1000000"]),
    ("--autoscale min=1,max=4,target-inflight=2,target-cpu=many", &["target-cpu must be 1 to 10000", "'many'"]),
    ("--autoscale min=1,max=4,target-inflight=2,cooldown=5", &["cooldown: '5' is no duration"]),
    ("--autoscale min=1,max=4,target-inflight=2,cooldown=0", &["cooldown must be 1s to 24h"]),
    ("--autoscale min=1,max=4,target-inflight=2,cooldown=25h", &["cooldown must be 1s to 24h"]),
    ("--autoscale min=1,max=4,target-inflight=2,min=2", &["min is given twice"]),
    ("--autoscale min=1,max=4,target-inflight=2,mx=2", &["no key 'mx'"]),
    ("--autoscale min=2,max=4,target-inflight=2 --replicas 1", &["--replicas 1", "min=2,max=4"]),
    ("--autoscale min=2,max=4,target-inflight=2 --replicas 5", &["--replicas 5", "min=2,max=4"]),
    ("--autoscale min=2,max=57,target-inflight=2 --hash assignment", &["holds 56", "--autoscale may want 57", "max"]),
    ("--image x", &["--image", "--runtime docker"]),
    ("--memory 1g", &["--memory", "--runtime docker"]),
    ("--network mine", &["--network", "--runtime docker", "--discover docker"]),
    ("--discover docker --network host", &["--network 'host'"]),
    ("--discover docker --image x", &["--image", "--runtime docker"]),
    ("--discover docker --replicas 257", &["0 to 256"]),
    ("--runtime docker --image ''", &["--image ''", "lb:latest"]),
    ("--runtime docker --network host", &["--network 'host'", "your own"]),
    ("--runtime docker --network 'a b'", &["--network 'a b'"]),
    ("--runtime docker --pool 'a/b'", &["--pool 'a/b'"]),
    ("--runtime docker --replica-port 0", &["--replica-port 0", "1 to 65535"]),
    ("--runtime docker --container-name fixed", &["--container-name 'fixed'", "{name}"]),
    ("--runtime docker --container-name=-{name}", &["--container-name", "{pool}-{name}"]),
    ("--runtime docker --memory 1m", &["--memory '1m'", "6m"]),
    ("--runtime docker --memory much", &["--memory 'much'", "256m"]),
    ("--runtime docker --cpus -1", &["--cpus '-1'", "0.5"]),
    ("--runtime docker --command ''", &["--command", "names no program"]),
    ("--backend a=h:80,check=up", &["check='up'", "/heartbeat", "tcp"]),
    ("--backend a=h:80,check-port=0", &["check-port must be 1 to 65535"]),
    ("--check-port 0", &["--check-port 0", "1 to 65535"]),
    ("--check-status ok", &["--check-status 'ok'", "200-399, 200,204 or 2xx"]),
    ("--check tcp --check-status 200", &["--check-status", "--check tcp", "leave one"]),
    ("--check-interval 0", &["--check-interval 0ns", "10ms to 1h"]),
    ("--check-interval 2h", &["--check-interval", "10ms to 1h"]),
    ("--check-timeout 5ms", &["--check-timeout 5ms", "10ms to 1h"]),
    ("--check-rise 0", &["--check-rise 0", "1 to 100"]),
    ("--check-fall 101", &["--check-fall 101", "1 to 100"]),
    ("--max-ejected 101", &["--max-ejected 101", "0 to 100"]),
    ("--backends-file /no/such/file", &["--backends-file /no/such/file", "No such file"]),
    ("--backends-file /", &["--backends-file /", "directory"]),
    ("--check nonsense", &["/heartbeat"]),
    ("--check '/a b'", &["/heartbeat"]),
    ("--hash-key-file /no/such/file", &["/no/such/file"]),
    ("--config /no/such/file", &["/no/such/file"]),
];

#[test]
fn whatever_does_not_go_is_refused_in_one_line_that_says_how_to_mend_it() {
    for (line, words) in REFUSED {
        let error = load(line).expect_err(line).to_string();
        assert!(!error.contains('\n'), "{line}: {error}");
        for word in *words {
            assert!(error.contains(word), "{line}: '{word}' is not in: {error}");
        }
    }
}

#[test]
fn the_shared_secret_is_32_hex_digits_and_never_printed() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let line = format!("--hash-key-file {}", file.path().display());
    std::fs::write(file.path(), "000102030405060708090a0b0c0d0e0f\n").expect("written");
    let config = good(&line);
    assert_eq!(config.secret, Some(Secret([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])));
    assert!(format!("{config:?}").contains("Secret(…)"));
    for text in ["", "0001", "zz0102030405060708090a0b0c0d0e0f", "+00102030405060708090a0b0c0d0e0f"] {
        std::fs::write(file.path(), text).expect("written");
        assert!(matches!(load(&line), Err(ConfigError::SecretWrong { .. })), "{text:?}");
    }
}

#[test]
fn the_state_directory_is_the_first_that_is_said() {
    let mut around = around();
    let root = |asked: Option<&str>, around: &Surroundings| state::root(asked.map(PathBuf::from), around);
    assert_eq!(root(None, &around), Path::new("/home/somebody/.local/state/lb"));
    around.xdg_state_home = Some("/xdg".into());
    assert_eq!(root(None, &around), Path::new("/xdg/lb"));
    around.state_directory = Some("/var/lib/lb:/var/lib/other".into());
    assert_eq!(root(None, &around), Path::new("/var/lib/lb"));
    assert_eq!(root(Some("/asked"), &around), Path::new("/asked"));
    let service = Surroundings { state_directory: None, xdg_state_home: None, home: None, ..around };
    assert_eq!(root(None, &service), Path::new("/var/lib/lb"));
}

#[test]
fn pipes_are_sized_by_a_flag_and_bounded_by_the_pages_of_a_user() {
    let pipes = |size, asked| pipes::resolve(size, asked, &around());
    assert_eq!(pipes(None, None).unwrap().by_pages, 128, "half of 16,384 pages, 64 a pipe");
    assert_eq!(pipes(Some(1_048_576), None).unwrap().by_pages, 32);
    assert_eq!(pipes(Some(0), Some(9)).unwrap().asked, Some(0), "no size, no pipes");
    assert!(pipes(Some(100), None).unwrap_err().to_string().starts_with("--pipe-size 100: must be"));
    assert!(pipes(None, Some(9_000)).unwrap_err().to_string().starts_with("--pipes 9000: must be"));
}

#[test]
fn checks_are_as_asked_for_on_their_own_port_and_with_their_own_pace() {
    let line = "--check /up --check-port 81 --check-status 200,204 --check-interval 250ms --check-timeout 2s \
                --check-rise 1 --check-fall 5 --max-ejected 100 --backend a=h:80,check=tcp,check-port=82";
    let admin = good(line).admin(Path::new("/state/5000"), "mark".into());
    let check = Check {
        asks: CheckKind::Http("/up".to_owned()),
        status: "200,204".parse().expect("codes"),
        port: Some(81),
        interval: Duration::from_millis(250),
        timeout: Duration::from_secs(2),
        rise: 1,
        fall: 5,
    };
    assert_eq!((&admin.replica_check, &admin.backend_check), (&check, &check));
    assert_eq!(admin.max_ejected_percent, 100);
    let own = &admin.backends[0].check;
    assert_eq!((own.asks.as_ref(), own.port), (Some(&CheckKind::Tcp), Some(82)));
    assert!(load("--check tcp --check-status 200 --backend a=h:80,check=/up").is_ok(), "one has a path");
}

#[test]
fn a_file_of_backends_replaces_the_default_replicas_and_its_errors_name_the_line() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let line = format!("--backends-file {}", file.path().display());
    std::fs::write(file.path(), "# two\na=h:80\n\n  b=h:81,weight=2 # half as new\n").expect("written");
    let config = good(&line);
    assert_eq!((config.replicas, config.backends.len(), config.members()), (0, 0, 2));
    let names: Vec<_> = config.backends_file.expect("a file").backends.into_iter().map(|b| b.name).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(matches!(load(&format!("{line} --backend b=h:82")), Err(ConfigError::BackendTwice(_))));
    std::fs::write(file.path(), "S2=h:80").expect("written");
    assert!(matches!(load(&format!("{line} --replicas 2")), Err(ConfigError::BackendIsReplica(_))));
    for (text, words) in [
        ("a=h:80\n#\nnonsense", ["line 3", "'nonsense': there is no NAME="]),
        ("a=h:80\na=h:81", ["line 2", "'a' is given twice"]),
        ("a=h:80,weight=0", ["line 1", "0.001"]),
    ] {
        std::fs::write(file.path(), text).expect("written");
        let error = load(&line).expect_err(text).to_string();
        assert!(words.iter().all(|word| error.contains(word)) && !error.contains('\n'), "{text:?}: {error}");
        assert!(error.starts_with("--backends-file /"), "{error}");
    }
}
