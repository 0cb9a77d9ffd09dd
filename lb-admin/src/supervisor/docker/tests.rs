//! Tests of the engine's words: errors in one line, and the documented list of calls.

use super::*;

fn answered(status_code: u16, message: &str) -> EngineError {
    translate("unix:///x", Error::DockerResponseServerError { status_code, message: message.to_owned() })
}

#[test]
fn what_an_engine_answers_is_sorted_by_what_can_be_done_about_it() {
    assert_eq!(answered(404, "No such container: a"), EngineError::NotFound("No such container: a".into()));
    assert_eq!(answered(409, "in use"), EngineError::Conflict("in use".into()));
    assert_eq!(answered(500, "a\nb\u{1b}"), EngineError::Refused("b\\u{1b}".into()));
    assert!(answered(403, "no").to_string().contains("forbidden by unix:///x"));
    let absent = translate("unix:///x", Error::SocketNotFoundError("/x".into()));
    assert!(absent.is_engines() && absent.to_string().contains("no Docker engine answers at unix:///x"));
    assert!(!answered(404, "").is_engines());
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_told_from_one_that_refuses() {
    for host in ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "ssh://somewhere"] {
        let engine = Engine::at(host);
        let error = engine.has_image("x").await.expect_err("nobody there");
        assert!(error.is_engines() && error.to_string().contains(host), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_accepts_and_says_nothing_costs_its_deadline_and_no_more() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("port 0");
    let host = format!("tcp://{}", listener.local_addr().expect("bound"));
    let engine = Engine::at(&host);
    let error = engine.list("a=b").await.expect_err("nobody answers");
    assert!(matches!(error, EngineError::TimedOut { after: ASK_DEADLINE, .. }), "{error}");
}

/// A socket proxy is configured by that page, so it must hold every call and no other.
#[test]
fn the_page_for_socket_proxies_lists_exactly_the_calls_that_are_made() {
    let page = include_str!("../../../../docs/docker-api.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: Vec<&str> = rows.filter_map(|row| row.split_once('`')).map(|(call, _)| call).collect();
    assert_eq!(listed, CALLS);
}

/// Every call goes through `client()` and one method of bollard's; there are as many of those in this file as in the list.
#[test]
fn no_call_is_made_that_the_list_does_not_have() {
    let code = include_str!("../docker.rs");
    let methods = [
        "negotiate_version",
        "events",
        "inspect_image",
        "inspect_network",
        "create_network",
        "remove_network",
        "list_containers",
        "create_container",
        "start_container",
        "inspect_container",
        "stop_container",
        "rename_container",
        "logs",
        "stats",
        "remove_container",
    ];
    assert_eq!(methods.len(), CALLS.len());
    let named: std::collections::BTreeSet<&str> = code
        .split("client.")
        .skip(1)
        .filter_map(|rest| rest.split_once('('))
        .map(|(method, _)| method)
        .filter(|method| method.chars().all(|char| char.is_ascii_lowercase() || char == '_'))
        .filter(|method| !["lock", "clone"].contains(method))
        .collect();
    let listed: std::collections::BTreeSet<&str> = methods.into_iter().collect();
    assert_eq!(named, listed);
}

#[test]
fn what_a_container_exposes_and_where_it_is_published_is_read_from_an_inspection() {
    let answer = serde_json::json!({
        "Id": "a", "State": {"Status": "running"},
        "Config": {"ExposedPorts": {"80/tcp": {}, "53/udp": {}}},
        "NetworkSettings": {
            "Ports": {
                "80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "1"}, {"HostIp": "0.0.0.0", "HostPort": "8080"}],
                "81/tcp": null, "82/tcp": [{"HostIp": "::", "HostPort": "8082"}], "53/udp": [{"HostIp": "", "HostPort": "53"}]
            },
            "Networks": {
                "x": {"IPAddress": "172.30.0.2", "Gateway": "172.30.0.1"}, "inner": {"IPAddress": "172.31.0.2", "Gateway": ""}
            }
        }
    });
    let found = inspected_from(serde_json::from_value(answer).expect("an inspection")).expect("id and state");
    assert_eq!((found.exposed_tcp, found.on_loopback), (vec![80], [(80, 8080)].into()));
    assert_eq!(found.gateways, [("x".to_owned(), [172, 30, 0, 1].into())].into());
    assert_eq!(found.networks["inner"], Some([172, 31, 0, 2].into()));
}
