//! What applies where nobody says anything, as it would be written in the file.
//!
//! For people to read (`lb check`, `GET /v1/config`, the reference): the values themselves are decided where each is resolved,
//! and a test says every one of these out loud and finds the same configuration. A key that stands in no file as a value
//! (nothing is limited, looked for or asked for) has none, nor one that would be refused beside what was said: `vnodes` without
//! `hash = "ring"`.

use lb_core::config::ON_MOVE_RATE;
use lb_core::ring::{Rule, VNODES_DEFAULT};

use super::{Config, access, check, docker, places, record_requests, route};
use crate::cli::period::Period;
use crate::cli::serve::ServeArgs;
use crate::cli::values::{Affinity, Hash, Mode, NonHttp, Probing, Runtime};
use crate::cli::values::{DockerReach, LogFormat, OnMove};
use lb_admin::config::AdminAddr;
use std::time::Duration;

/// Every default beside `said`, which was resolved to `config`.
pub(super) fn of(said: &ServeArgs, config: &Config) -> ServeArgs {
    control_plane(said, config).over(containers(said)).over(data_plane(said, config))
}

fn control_plane(said: &ServeArgs, config: &Config) -> ServeArgs {
    let names = said.names.clone().unwrap_or_else(|| "S{n}".to_owned());
    ServeArgs {
        front: Some(config.fronts.clone()),
        admin: config.admin.as_ref().map(admin_text),
        admin_open: Some(false),
        admin_host: Some(Vec::new()),
        admin_rate: Some(access::CHANGES_PER_SECOND),
        replicas: Some(config.replicas),
        runtime: Some(runtime(said)),
        names: Some(names.clone()),
        new_names: Some(names),
        server_id: Some("{name}".to_owned()),
        backend: Some(Vec::new()),
        check_status: (said.check.as_deref() != Some("tcp")).then(|| "200-399".to_owned()),
        check_interval: seconds(1),
        check_timeout: seconds(1),
        check_rise: Some(2),
        check_fall: Some(3),
        max_ejected: Some(check::MAX_EJECTED_PERCENT),
        state_dir: Some(config.state_root.clone()),
        keep_replicas: Some(false),
        drain_timeout: seconds(30),
        on_move: Some(OnMove::Keep),
        on_move_rate: Some(ON_MOVE_RATE),
        log: Some(LogFormat::Text),
        log_level: Some("info".to_owned()),
        access_log: Some("off".to_owned()),
        access_log_keys: Some(false),
        ..ServeArgs::default()
    }
}

/// Only where replicas may be some.
fn containers(said: &ServeArgs) -> ServeArgs {
    let contained = (runtime(said) != Runtime::Process).then_some(());
    let assignment = said.profile.is_some();
    ServeArgs {
        image: contained.map(|()| docker::OWN_IMAGE.to_owned()),
        network: contained.or(said.discover.map(|_| ())).map(|()| docker::NETWORK.to_owned()),
        replica_port: contained.map(|()| docker::PORT),
        container_name: contained.map(|()| docker::container_name_default(assignment).to_owned()),
        pool: contained.map(|()| docker::POOL.to_owned()),
        memory: contained.map(|()| docker::MEMORY.to_owned()),
        cpus: contained.map(|()| "0".to_owned()),
        pids_limit: contained.map(|()| docker::PIDS_MAX),
        writable_root: contained.map(|()| false),
        docker_reach: contained.map(|()| DockerReach::Auto),
        ..ServeArgs::default()
    }
}

fn data_plane(said: &ServeArgs, config: &Config) -> ServeArgs {
    let assignment = said.profile.is_some();
    let http = (said.mode != Some(Mode::Tcp)).then_some(());
    let limited = said.max_connections.is_some_and(|most| most > 0).then_some(());
    ServeArgs {
        workers: Some(config.workers),
        accept_proxy: Some(false),
        connections_per_source: Some(0),
        key: http.map(|()| route::KEY_SOURCES.to_owned()),
        hash: Some(Hash::Rendezvous),
        slots: Some(config.ring.slots()),
        vnodes: matches!(config.ring.rule(), Rule::Ring { .. }).then_some(VNODES_DEFAULT),
        probing: matches!(config.ring.rule(), Rule::Assignment { .. }).then_some(Probing::Linear),
        ring_seed: Some(0),
        affinity: Some(if assignment { Affinity::Request } else { Affinity::Connection }),
        mode: Some(Mode::Http),
        non_http: http.map(|()| NonHttp::Raw),
        connect_timeout: seconds(1),
        head_timeout: http.or(said.accept_proxy.filter(|accepts| *accepts).map(|_| ())).and_then(|()| seconds(5)),
        first_byte_timeout: http.and_then(|()| seconds(30)),
        idle_timeout: seconds(3600),
        retries: Some(3),
        retry_budget: Some(100),
        max_connections: Some(0),
        queue: limited.map(|()| places::QUEUE),
        queue_timeout: limited.and_then(|()| seconds(5)),
        record_requests: http.and_then(|()| record_requests(None, assignment).ok()).map(Option::unwrap_or_default),
        ..ServeArgs::default()
    }
}

fn runtime(said: &ServeArgs) -> Runtime {
    said.runtime.unwrap_or(if said.profile.is_some() { Runtime::Auto } else { Runtime::Process })
}

fn seconds(seconds: u64) -> Option<Period> {
    Some(Period(Duration::from_secs(seconds)))
}

fn admin_text(admin: &AdminAddr) -> String {
    match admin {
        AdminAddr::Tcp(addr) => addr.to_string(),
        AdminAddr::Unix(path) => format!("unix:{}", path.display()),
    }
}
