//! `--discover docker`: containers that others run and label come and go, and clients notice nothing of it.

use serde_json::Value;

use super::proxy::{Mode, Proxy};
use super::site::{Site, docker};
use super::support::{Lb, Load, eventually};

/// Those of this test; the engine may have labelled containers of others.
fn found(site: &Site, lb: &Lb) -> Vec<Value> {
    let is_ours = |backend: &Value| backend["name"].as_str().unwrap().starts_with(&site.pool);
    lb.backends().into_iter().filter(is_ours).collect()
}

fn wait_for(site: &Site, lb: &Lb, names: &[&str]) {
    let expected: Vec<String> = names.iter().map(|name| site.container(name)).collect();
    eventually(&format!("{names:?} are ready"), || {
        let found = found(site, lb);
        let ready = found.iter().filter(|backend| backend["state"] == "ready");
        (ready.map(|backend| backend["name"].as_str().unwrap()).collect::<Vec<_>>() == expected).then_some(())
    });
}

#[test]
fn labelled_containers_are_backends_while_they_run_and_no_request_fails() {
    let Some(site) = Site::open() else { return };
    site.make_network();
    let renamed = format!("lb.name={}", site.container("b"));
    site.run("a", &["--label", "lb.enable=true", "--label", "lb.port=5000", "--label", "lb.weight=3"]);
    site.run("named-elsewise", &["--label", "lb.enable=true", "--label", &renamed, "--expose", "5000"]);
    site.run("managed", &["--label", "lb.enable=true", "--label", "lb.managed=true", "--label", "lb.port=5000"]);
    site.run("wrong", &["--label", "lb.enable=true", "--label", "lb.port=many"]);
    site.run("unlabelled", &["--expose", "5000"]);
    let lb = Lb::launch(&["--discover", "docker", "--network", &site.pool, "--check", "/heartbeat"]);
    wait_for(&site, &lb, &["a", "b"]);
    let weights: Vec<Option<f64>> = found(&site, &lb).iter().map(|backend| backend["weight"].as_f64()).collect();
    assert_eq!(weights, [Some(3.0), Some(1.0)]);
    let both = [site.container("a"), site.container("b")].join(" ");
    let is_said = |line: &str| line.contains("ready: ") && line.contains(&both);
    eventually("the start says who is ready", || lb.stderr().lines().any(is_said).then_some(()));
    let complaint = format!("container {}: lb.port 'many': must be 1 to 65535", site.container("wrong"));
    assert_eq!(lb.stderr().matches(&complaint).count(), 1, "{}", lb.stderr());

    let load = Load::start(lb.front);
    load.wait_for_more(100);
    docker(&["stop", "-t", "2", &site.container("named-elsewise")]);
    wait_for(&site, &lb, &["a"]);
    eventually("it has left", || (found(&site, &lb).len() == 1).then_some(()));
    load.wait_for_more(100);
    docker(&["start", &site.container("named-elsewise")]);
    wait_for(&site, &lb, &["a", "b"]);
    load.wait_for_more(100);
    let answers = load.stop();
    assert_eq!(answers.failed, [""; 0], "of {}", answers.answered);
    eprintln!("{} requests while one was stopped and started again, {} failed", answers.answered, answers.failed.len());

    docker(&["pause", &site.container("a")]);
    wait_for(&site, &lb, &["b"]);
    docker(&["unpause", &site.container("a")]);
    wait_for(&site, &lb, &["b", "a"]);
    docker(&["rm", "-f", &site.container("a")]);
    wait_for(&site, &lb, &["b"]);
    let refused = lb.ask_admin("DELETE", "/rm", &format!(r#"{{"hostnames":["{}"]}}"#, site.container("b")));
    assert_eq!(refused.status, 400, "nobody's but its owner's to remove: {refused:?}");
}

#[test]
fn an_engine_that_does_not_answer_is_waited_for_and_takes_nobody_away() {
    let Some(site) = Site::open() else { return };
    site.make_network();
    site.run("a", &["--label", "lb.enable=true", "--label", "lb.port=5000"]);
    let proxy = Proxy::start();
    proxy.turn(Mode::Absent);
    let lb = Lb::launch_through(&proxy.exported(), &["--discover", "docker", "--network", &site.pool]);
    let said = |times| {
        let is_said = || lb.stderr().matches("the backends stay as they were until it answers").count() == times;
        eventually("the silence is said", || is_said().then_some(()));
    };
    said(1);
    proxy.turn(Mode::Pass);
    wait_for(&site, &lb, &["a"]);
    proxy.turn(Mode::Absent);
    said(2);
    wait_for(&site, &lb, &["a"]);
    assert_eq!(lb.get("/home").status, 200);
}
