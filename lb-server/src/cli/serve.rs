//! `lb serve`: its flags, which are also the keys of a configuration file and, as `LB_…`, environment variables.
//!
//! What was not said stays `None`: defaults are [`crate::config`]'s.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::parse::{addresses, number_text, socket_addr, texts};
use super::period::Period;
use super::values::{
    Affinity, Discover, DockerReach, Hash, LogFormat, Mode, NonHttp, OnMove, Probing, Profile, Runtime, SendProxy,
};

/// `lb serve`, from one source; `None` is "not said there".
#[derive(Clone, Debug, Default, Args, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct ServeArgs {
    /// A TOML file with these flags as keys; the environment and the command line win over it. With one, SIGHUP reads it
    /// again (as `lb reload` does) instead of ending the process
    #[arg(long, env = "LB_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,

    /// The TCP front; repeatable; port 0 takes a free one [default: 0.0.0.0:5000]
    #[arg(long, env = "LB_FRONT", value_name = "ADDR", value_delimiter = ' ', value_parser = socket_addr)]
    #[serde(deserialize_with = "addresses")]
    pub(crate) front: Option<Vec<SocketAddr>>,
    /// The admin API, an address or unix:PATH; one that others can reach needs --admin-token-file or --admin-open
    /// [default: 127.0.0.1:5001]
    #[arg(long, env = "LB_ADMIN", value_name = "ADDR")]
    pub(crate) admin: Option<String>,
    /// Changes through the admin API must carry the token in this file's first line (Authorization: Bearer TOKEN)
    #[arg(long, env = "LB_ADMIN_TOKEN_FILE", value_name = "FILE")]
    pub(crate) admin_token_file: Option<PathBuf>,
    /// Let whoever reaches the admin API change things, on an address that others can reach, too [default: false]
    #[arg(long, env = "LB_ADMIN_OPEN", num_args = 0..=1, default_missing_value = "true", value_name = "true|false")]
    pub(crate) admin_open: Option<bool>,
    /// A name beside IP addresses and localhost that the admin API is asked under (Host), or NAME:PORT; repeatable
    #[arg(long, env = "LB_ADMIN_HOST", value_name = "NAME", value_delimiter = ' ')]
    #[serde(deserialize_with = "texts")]
    pub(crate) admin_host: Option<Vec<String>>,
    /// Changes a second that the admin API takes, four times as many at once; more get 429; 0 = no limit [default: 500]
    #[arg(long, env = "LB_ADMIN_RATE", value_name = "N", allow_negative_numbers = true)]
    pub(crate) admin_rate: Option<u32>,
    /// Data-plane threads [default: number of CPUs]
    #[arg(long, env = "LB_WORKERS", value_name = "N", allow_negative_numbers = true)]
    pub(crate) workers: Option<usize>,
    /// Replicas to start and keep alive [default: 3, or 0 where backends are told otherwise, or min of --autoscale]
    #[arg(long, env = "LB_REPLICAS", value_name = "N", allow_negative_numbers = true)]
    pub(crate) replicas: Option<u32>,
    /// Let the load decide how many replicas there are, min to max, --replicas being the first number [default: off]
    #[arg(
        long,
        env = "LB_AUTOSCALE",
        value_name = "min=N,max=N,target-inflight=N[,cooldown=TIME][,target-cpu=PERCENT]"
    )]
    pub(crate) autoscale: Option<String>,
    /// How replicas are started [default: process]
    #[arg(long, env = "LB_RUNTIME", value_enum)]
    pub(crate) runtime: Option<Runtime>,
    /// What a replica is: {port} and {name} are filled in, PORT and SERVER_ID set [default: lb replica; with docker and
    /// an --image of yours, that image's own]
    #[arg(long, env = "LB_COMMAND", value_name = "ARGV")]
    pub(crate) command: Option<String>,
    /// What containers are made of (docker); never pulled [default: lb:latest]
    #[arg(long, env = "LB_IMAGE", value_name = "REF")]
    pub(crate) image: Option<String>,
    /// The network that containers are on (docker); made where it isn't there; with --discover, the one whose addresses
    /// come first [default: net1]
    #[arg(long, env = "LB_NETWORK", value_name = "NAME")]
    pub(crate) network: Option<String>,
    /// Where a replica listens in its container (docker); PORT in its environment [default: 5000]
    #[arg(long, env = "LB_REPLICA_PORT", value_name = "PORT", allow_negative_numbers = true)]
    pub(crate) replica_port: Option<u16>,
    /// What containers are called (docker): {pool}, {name}, and {N} = the seat's number [default: {pool}-{name}]
    #[arg(long, env = "LB_CONTAINER_NAME", value_name = "PATTERN")]
    pub(crate) container_name: Option<String>,
    /// The name of this balancer's pool, in the names and labels of its containers (docker) [default: lb]
    #[arg(long, env = "LB_POOL", value_name = "NAME")]
    pub(crate) pool: Option<String>,
    /// Memory of a container (docker), without swap: 256m, 1g; 0 = no limit [default: 256m]
    #[arg(long, env = "LB_MEMORY", value_name = "BYTES", allow_negative_numbers = true)]
    #[serde(deserialize_with = "number_text")]
    pub(crate) memory: Option<String>,
    /// CPUs of a container (docker), 0.5 say; 0 = no limit [default: 0]
    #[arg(long, env = "LB_CPUS", value_name = "N", allow_negative_numbers = true)]
    #[serde(deserialize_with = "number_text")]
    pub(crate) cpus: Option<String>,
    /// Processes and threads of a container (docker); 0 = no limit [default: 256]
    #[arg(long, env = "LB_PIDS_LIMIT", value_name = "N", allow_negative_numbers = true)]
    pub(crate) pids_limit: Option<u32>,
    /// A container may write to its own root file system (docker) [default: false]
    #[arg(long, env = "LB_WRITABLE_ROOT", num_args = 0..=1, default_missing_value = "true", value_name = "true|false")]
    pub(crate) writable_root: Option<bool>,
    /// How containers are reached (docker) [default: auto]
    #[arg(long, env = "LB_DOCKER_REACH", value_enum)]
    pub(crate) docker_reach: Option<DockerReach>,
    /// Names of the first replicas, {N} counted from 1 [default: S{N}]
    #[arg(long, env = "LB_NAMES", value_name = "PATTERN")]
    pub(crate) names: Option<String>,
    /// Names made up later, {N} = six random digits [default: that of --names]
    #[arg(long, env = "LB_NEW_NAMES", value_name = "PATTERN")]
    pub(crate) new_names: Option<String>,
    /// What a replica is told to be: {name}, and {N} = its seat's number [default: {name}]
    #[arg(long, env = "LB_SERVER_ID", value_name = "PATTERN")]
    pub(crate) server_id: Option<String>,
    /// A backend that somebody else runs, NAME=HOST:PORT, with ,weight=W ,check=/path|tcp ,check-port=PORT and
    /// ,send-proxy=v1|v2 behind it; repeatable
    #[arg(long, env = "LB_BACKEND", value_name = "NAME=HOST:PORT[,…]", value_delimiter = ' ')]
    #[serde(deserialize_with = "texts")]
    pub(crate) backend: Option<Vec<String>>,
    /// More of them, one a line as after --backend, # for comments; watched: they come, change and go with it
    #[arg(long, env = "LB_BACKENDS_FILE", value_name = "FILE")]
    pub(crate) backends_file: Option<PathBuf>,
    /// More of them, that come and go: containers that run and have the label lb.enable=true; the labels lb.port, lb.weight,
    /// lb.check and lb.name say the rest [default: none]
    #[arg(long, env = "LB_DISCOVER", value_enum)]
    pub(crate) discover: Option<Discover>,
    /// Begin each connection to a replica with a PROXY header (--backend has it as send-proxy=)
    #[arg(long, env = "LB_SEND_PROXY", value_enum)]
    pub(crate) send_proxy: Option<SendProxy>,
    /// The address that connections to backends come from, and a range of ports for them
    #[arg(long, env = "LB_SOURCE", value_name = "ADDR[:PORT-PORT]")]
    pub(crate) source: Option<String>,
    /// The health check, PATH or tcp [default: /heartbeat for replicas, tcp for backends]
    #[arg(long, env = "LB_CHECK", value_name = "PATH|tcp")]
    pub(crate) check: Option<String>,
    /// The port that is checked [default: the one that serves]
    #[arg(long, env = "LB_CHECK_PORT", value_name = "PORT", allow_negative_numbers = true)]
    pub(crate) check_port: Option<u16>,
    /// Which answers to a checked path are good, as 200-399, 200,204 or 2xx [default: 200-399]
    #[arg(long, env = "LB_CHECK_STATUS", value_name = "CODES")]
    pub(crate) check_status: Option<String>,
    /// Between two checks; they are quicker while a backend starts and while a decision is near [default: 1s]
    #[arg(long, env = "LB_CHECK_INTERVAL", value_name = "TIME")]
    pub(crate) check_interval: Option<Period>,
    /// From the connect of a check to its answer [default: 1s]
    #[arg(long, env = "LB_CHECK_TIMEOUT", value_name = "TIME")]
    pub(crate) check_timeout: Option<Period>,
    /// Good checks in a row until a backend that was down is up again [default: 2]
    #[arg(long, env = "LB_CHECK_RISE", value_name = "N", allow_negative_numbers = true)]
    pub(crate) check_rise: Option<u32>,
    /// Bad checks in a row until a backend that was up is down [default: 3]
    #[arg(long, env = "LB_CHECK_FALL", value_name = "N", allow_negative_numbers = true)]
    pub(crate) check_fall: Option<u32>,
    /// When more of the members than this would be out because they give their checks no good answer, it is the checks
    /// that are suspected, and those are routed to again; 100: only when nobody else is left [default: 50]
    #[arg(long, env = "LB_MAX_EJECTED", value_name = "PERCENT", allow_negative_numbers = true)]
    pub(crate) max_ejected: Option<u32>,

    /// Every client connection must begin with a PROXY header (v1 or v2), which says who the client is [default: false]
    #[arg(long, env = "LB_ACCEPT_PROXY", num_args = 0..=1, default_missing_value = "true", value_name = "true|false")]
    pub(crate) accept_proxy: Option<bool>,
    /// Client connections at a time; more wait to be accepted [default: as many as the file limit allows]
    #[arg(long, env = "LB_CONNECTIONS", value_name = "N", allow_negative_numbers = true)]
    pub(crate) connections: Option<usize>,
    /// Client connections at a time of one address, or of one IPv6 /64; more are reset; 0 = no limit [default: 0]
    #[arg(long, env = "LB_CONNECTIONS_PER_SOURCE", value_name = "N", allow_negative_numbers = true)]
    pub(crate) connections_per_source: Option<u32>,

    /// Where a request's key is looked for, first hit wins: query:NAME, header:NAME, cookie:NAME, path, source, random
    /// [default: query:request_id,query:id,header:x-request-id,random]
    #[arg(long, env = "LB_KEY", value_name = "SOURCES")]
    pub(crate) key: Option<String>,
    /// The rule that gives slots to backends [default: rendezvous]
    #[arg(long, env = "LB_HASH", value_enum)]
    pub(crate) hash: Option<Hash>,
    /// Slots of the ring table [default: by --hash]
    #[arg(long, env = "LB_SLOTS", value_name = "M", allow_negative_numbers = true)]
    pub(crate) slots: Option<u32>,
    /// Virtual nodes per unit of weight, with --hash ring [default: 160]
    #[arg(long, env = "LB_VNODES", value_name = "K", allow_negative_numbers = true)]
    pub(crate) vnodes: Option<u32>,
    /// How a taken slot is passed over, with --hash assignment [default: linear]
    #[arg(long, env = "LB_PROBING", value_enum)]
    pub(crate) probing: Option<Probing>,
    /// The ring's public seed; equal seeds and members give equal tables on every machine [default: 0]
    #[arg(long, env = "LB_RING_SEED", value_name = "NUMBER", allow_negative_numbers = true)]
    pub(crate) ring_seed: Option<u64>,
    /// The secret that ids are hashed with, 32 hex digits [default: made once in the state directory]
    #[arg(long, env = "LB_HASH_KEY_FILE", value_name = "FILE")]
    pub(crate) hash_key_file: Option<PathBuf>,
    /// One decision per connection, or one per request [default: connection]
    #[arg(long, env = "LB_AFFINITY", value_enum)]
    pub(crate) affinity: Option<Affinity>,
    /// http awaits a first line; tcp awaits nothing and the key is the client address [default: http]
    #[arg(long, env = "LB_MODE", value_enum)]
    pub(crate) mode: Option<Mode>,
    /// What is done with bytes that aren't HTTP in http mode [default: raw]
    #[arg(long, env = "LB_NON_HTTP", value_enum)]
    pub(crate) non_http: Option<NonHttp>,

    /// Per connect to a backend [default: 1s]
    #[arg(long, env = "LB_CONNECT_TIMEOUT", value_name = "TIME")]
    pub(crate) connect_timeout: Option<Period>,
    /// From accept to a complete head [default: 5s]
    #[arg(long, env = "LB_HEAD_TIMEOUT", value_name = "TIME")]
    pub(crate) head_timeout: Option<Period>,
    /// From the request sent to the first byte of the response [default: 30s]
    #[arg(long, env = "LB_FIRST_BYTE_TIMEOUT", value_name = "TIME")]
    pub(crate) first_byte_timeout: Option<Period>,
    /// Without a byte in either direction [default: 1h]
    #[arg(long, env = "LB_IDLE_TIMEOUT", value_name = "TIME")]
    pub(crate) idle_timeout: Option<Period>,
    /// How long open sessions may go on at a stop or after /rm [default: 30s]
    #[arg(long, env = "LB_DRAIN_TIMEOUT", value_name = "TIME")]
    pub(crate) drain_timeout: Option<Period>,
    /// What becomes of an open session when a change gives its key to another backend: keep: it stays; drain: it may go on
    /// for --drain-timeout; close: it is reset. One that ends with its response stays [default: keep]
    #[arg(long, env = "LB_ON_MOVE", value_enum)]
    pub(crate) on_move: Option<OnMove>,
    /// Most sessions a second that are closed because their key has moved; 0: as many as there are [default: 100]
    #[arg(long, env = "LB_ON_MOVE_RATE", value_name = "N", allow_negative_numbers = true)]
    pub(crate) on_move_rate: Option<u32>,
    /// Further backends tried for one session [default: 3]
    #[arg(long, env = "LB_RETRIES", value_name = "N", allow_negative_numbers = true)]
    pub(crate) retries: Option<u32>,
    /// Requests sent once more when their backend died, in percent of the sessions of the last 10 s, beside 50 a second
    /// for each worker; 0: none [default: 100]
    #[arg(long, env = "LB_RETRY_BUDGET", value_name = "PERCENT", allow_negative_numbers = true)]
    pub(crate) retry_budget: Option<u32>,

    /// Sessions per backend, all workers together; more of them wait [default: 0 = no limit]
    #[arg(long, env = "LB_MAX_CONNECTIONS", value_name = "N", allow_negative_numbers = true)]
    pub(crate) max_connections: Option<u32>,
    /// Sessions that may wait for a place at one backend; one more gets 503 [default: 1024]
    #[arg(long, env = "LB_QUEUE", value_name = "N", allow_negative_numbers = true)]
    pub(crate) queue: Option<u32>,
    /// How long a session waits for a place before it gets 503 [default: 5s]
    #[arg(long, env = "LB_QUEUE_TIMEOUT", value_name = "TIME")]
    pub(crate) queue_timeout: Option<Period>,
    /// Bounded load: most sessions of a backend as a multiple of its share, 1.25 say; the next of the slot gets the rest
    /// [default: none]
    #[arg(long, env = "LB_BALANCE_FACTOR", value_name = "F", allow_negative_numbers = true)]
    #[serde(deserialize_with = "number_text")]
    pub(crate) balance_factor: Option<String>,
    /// What a pipe holds through which bulk is spliced, in bytes; 0: everything is copied [default: 262144,
    /// and 1048576 for the first few, up to half of the memory of all]
    #[arg(long, env = "LB_PIPE_SIZE", value_name = "BYTES", allow_negative_numbers = true)]
    pub(crate) pipe_size: Option<usize>,
    /// Most such pipes; sessions beyond copy [default: as many as the limits of files and pipes allow]
    #[arg(long, env = "LB_PIPES", value_name = "N", allow_negative_numbers = true)]
    pub(crate) pipes: Option<usize>,

    /// How what happens is told on stderr [default: text]
    #[arg(long, env = "LB_LOG_FORMAT", value_enum)]
    pub(crate) log: Option<LogFormat>,
    /// What of it: error, warn, info, debug, trace, also by part, as in info,lb_admin::health=debug [default: info]
    #[arg(long, env = "LB_LOG", value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
    /// A JSON line for each client connection that has ended: off, stdout, or a file, opened anew on SIGUSR1
    /// [default: off]
    #[arg(long, env = "LB_ACCESS_LOG", value_name = "off|stdout|FILE")]
    pub(crate) access_log: Option<String>,
    /// With the keys themselves, which may be private, beside their hashes [default: false]
    #[arg(long, env = "LB_ACCESS_LOG_KEYS", num_args = 0..=1, default_missing_value = "true", value_name = "true|false")]
    pub(crate) access_log_keys: Option<bool>,

    /// assignment: the settings under which the assignment's scripts run unchanged
    #[arg(long, env = "LB_PROFILE", value_enum)]
    pub(crate) profile: Option<Profile>,
    /// Answered ids kept per replica for /requests/NAME [default: none, or 131072 with --profile assignment]
    #[arg(long, env = "LB_RECORD_REQUESTS", value_name = "N", allow_negative_numbers = true)]
    pub(crate) record_requests: Option<usize>,
    /// What survives a restart [default: the XDG state directory, or /var/lib/lb]
    #[arg(long, env = "LB_STATE_DIR", value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// A normal stop leaves the replicas running for the next lb serve on the same port and state directory; `lb replica`
    /// waits a minute for it [default: false]
    #[arg(long, env = "LB_KEEP_REPLICAS", num_args = 0..=1, default_missing_value = "true", value_name = "true|false")]
    pub(crate) keep_replicas: Option<bool>,
}

/// Takes each field from the first struct that has it.
macro_rules! first_said {
    ($over:ident, $under:ident: $($field:ident)*) => {
        ServeArgs { $($field: $over.$field.or($under.$field)),* }
    };
}

impl ServeArgs {
    /// These arguments where they say something, else those of `under`.
    pub(crate) fn over(self, under: Self) -> Self {
        first_said!(self, under: config front admin admin_token_file admin_open admin_host admin_rate workers replicas autoscale runtime command image network replica_port
            container_name pool memory cpus pids_limit writable_root docker_reach names new_names server_id backend
            send_proxy source accept_proxy connections connections_per_source check key hash slots vnodes probing ring_seed
            hash_key_file affinity mode non_http connect_timeout head_timeout first_byte_timeout idle_timeout drain_timeout
            on_move on_move_rate retries retry_budget max_connections queue queue_timeout balance_factor pipe_size pipes profile
            record_requests state_dir keep_replicas backends_file check_port check_status check_interval check_timeout check_rise
            check_fall max_ejected discover log log_level access_log access_log_keys)
    }
}
