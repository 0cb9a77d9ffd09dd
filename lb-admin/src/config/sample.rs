//! The settings that tests of the control plane begin with; each changes what it is about.

use super::*;

/// `replicas` replicas by a small `rendezvous` ring, nothing asked for beyond that.
pub(crate) fn config(replicas: u32) -> AdminConfig {
    AdminConfig {
        listen: None,
        access: Access::default(),
        ring: RingConfig::new(lb_core::ring::Rule::Rendezvous, Some(1024), 0).expect("a good ring"),
        replicas,
        replicas_given: false,
        launch: LaunchConfig::Process(ProcessConfig { argv: vec!["true".into()], launcher: "true".into() }),
        backends: Vec::new(),
        backends_file: None,
        discover: None,
        replica_check: Check::new(CheckKind::Http("/heartbeat".into())),
        backend_check: Check::new(CheckKind::Tcp),
        max_ejected_percent: 50,
        replica_send_proxy: None,
        names: Names { first: "S{n}".into(), made_up: "S{n}".into(), server_id: "{name}".into() },
        drain_timeout: Duration::from_secs(30),
        places: None,
        record_requests: None,
        replicas_max: 64,
        state_dir: "unused".into(),
        instance: "0123456789abcdef".into(),
        keep_replicas: false,
        autoscale: None,
        access_log: None,
    }
}
