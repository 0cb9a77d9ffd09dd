//! The first minute of a newcomer: three replicas, `/rep`, and the sample backend's four answers, byte for byte.

use crate::support::{Lb, eventually};

#[test]
fn rep_lists_the_three_replicas_in_order() {
    let lb = Lb::start(&[]);
    let rep = lb.ask_admin("GET", "/rep", "");
    assert_eq!(rep.status, 200);
    assert_eq!(rep.field("content-type"), Some("application/json"));
    assert_eq!(rep.text(), "{\"message\":{\"N\":3,\"replicas\":[\"S1\",\"S2\",\"S3\"]},\"status\":\"successful\"}\n");
    let pretty = lb.ask_admin("GET", "/rep?pretty", "");
    assert!(pretty.text().starts_with("{\n  \"message\": {\n    \"N\": 3,\n"), "{}", pretty.text());
    assert_eq!(pretty.json(), rep.json());
}

#[test]
fn home_and_request_say_which_replica_answered() {
    let lb = Lb::start(&[]);
    let home = lb.get("/home");
    assert_eq!(home.status, 200);
    assert_eq!(home.field("content-type"), Some("application/json"));
    let name = home.replica();
    assert!(["S1", "S2", "S3"].contains(&&*name), "{name}");
    assert_eq!(home.text(), format!("{{\"message\":\"Hello from Server: {name}\",\"status\":\"successful\"}}\n"));

    let request = lb.get("/request?request_id=7");
    assert_eq!(request.status, 200);
    let name = request.replica();
    let response = format!("{{\"message\":\"Hello from Server: {name}\",\"status\":\"Successful\"}}");
    assert_eq!(request.text(), format!("{{\"response\":{response},\"server_id\":\"{name}\"}}\n"));
}

#[test]
fn the_heartbeat_is_empty_and_any_other_path_is_refused_by_the_replica() {
    let lb = Lb::with_replicas(1, &[]);
    let heartbeat = lb.get("/heartbeat");
    assert_eq!((heartbeat.status, heartbeat.text()), (200, ""));
    let other = lb.get("/other");
    assert_eq!(other.status, 400);
    let message = "<Error> '/other' endpoint does not exist in server replicas";
    assert_eq!(other.text(), format!("{{\"message\":\"{message}\",\"status\":\"failure\"}}\n"));
}

#[test]
fn livez_readyz_and_metrics_answer() {
    let lb = Lb::with_replicas(1, &[]);
    for path in ["/livez", "/readyz", "/metrics", "/v1/events"] {
        assert_eq!(lb.ask_admin("GET", path, "").status, 200, "{path}");
    }
}

#[test]
fn a_balancer_without_backends_is_alive_but_not_ready() {
    let lb = Lb::launch(&["--replicas", "0"]);
    assert_eq!(lb.ask_admin("GET", "/livez", "").status, 200);
    assert_eq!(lb.ask_admin("GET", "/readyz", "").status, 503);
    assert_eq!(lb.replicas(), [""; 0]);
}

#[test]
fn the_start_says_front_admin_and_ready_in_one_line_each() {
    let lb = Lb::start(&[]);
    let [front, admin] = [lb.front, lb.admin].map(|addr| addr.to_string());
    for (word, detail) in [("front", &*front), ("admin", &admin), ("ready", "3")] {
        eventually(&format!("one line says {word} and {detail}"), || {
            let stderr = lb.stderr();
            let lines = stderr.lines().filter(|line| line.starts_with(word) && line.contains(detail));
            (lines.count() == 1).then_some(())
        });
    }
}
