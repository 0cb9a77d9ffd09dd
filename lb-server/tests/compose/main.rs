//! The stack of compose.yaml on a real engine: the assignment's own curl examples on the front, a killed container, and
//! nothing left behind after `down`.
//!
//! Runs where `LB_TEST_IMAGE` names an image of this lb (`just docker` builds it and says so); elsewhere it says that it was
//! not run. The replicas' names are the assignment's, S1 and so on, so an engine has room for one such test at a time: this
//! is one test, alone in its binary. What it sends is sent by curl, as the scripts do; run with --nocapture it is the
//! session as a user would see it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should panic where it is")]

mod stack;

use serde_json::{Value, json};
use stack::{Stack, docker, eventually};

#[test]
fn the_assignments_session_runs_on_the_stack_and_nothing_is_left() {
    let Ok(image) = std::env::var("LB_TEST_IMAGE") else {
        return eprintln!("not run: LB_TEST_IMAGE names no image (just docker)");
    };
    let stack = Stack::up(&image);
    three_replicas_are_there(&stack);
    four_named_ones_are_added(&stack);
    more_names_than_n_are_refused(&stack);
    requests_are_answered(&stack);
    a_killed_container_is_replaced_under_a_new_name(&stack);
    three_are_removed_two_by_name(&stack);
    the_clients_in_the_container_need_no_flags(&stack);
    the_image_checks_its_own_health(&stack);
    let replicas = containers_of(&replicas_of(&stack));
    assert_eq!(replicas.len(), 4, "a container for each replica, of its name: {replicas:?}");
    let network = stack.network.clone();
    stack.down();
    assert_eq!(containers_of(&[]), [""; 0], "every replica is gone");
    assert!(!docker(&["network", "ls", "--format", "{{.Name}}"]).lines().any(|name| name == network));
}

fn three_replicas_are_there(stack: &Stack) {
    let expected = json!({"message": {"N": 3, "replicas": ["S1", "S2", "S3"]}, "status": "successful"});
    assert_eq!(stack.curl(&["/rep"]), (200, expected));
}

fn four_named_ones_are_added(stack: &Stack) {
    let body = r#"{"n":4,"hostnames":["S5","S4","S10","S11"]}"#;
    let names = ["S1", "S2", "S3", "S5", "S4", "S10", "S11"];
    let expected = json!({"message": {"N": 7, "replicas": names}, "status": "successful"});
    assert_eq!(stack.curl(&["-X", "POST", "-d", body, "/add"]), (200, expected));
}

fn more_names_than_n_are_refused(stack: &Stack) {
    let body = r#"{"n":3,"hostnames":["S6","S7","S8","S9"]}"#;
    let message = "<Error> Length of hostname list is more than newly added instances";
    let refused = stack.curl(&["-X", "POST", "-d", body, "/add"]);
    assert_eq!(refused, (400, json!({"message": message, "status": "failure"})));
    let body = r#"{"n":3,"hostnames":["S5","S4","S10","S11"]}"#;
    let message = "<Error> Length of hostname list is more than removable instances";
    let refused = stack.curl(&["-X", "DELETE", "-d", body, "/rm"]);
    assert_eq!(refused, (400, json!({"message": message, "status": "failure"})));
    assert_eq!(replicas_of(stack).len(), 7, "nothing was applied");
}

fn requests_are_answered(stack: &Stack) {
    let (status, body) = stack.curl(&["/home"]);
    let greeting = body["message"].as_str().unwrap();
    let who = greeting.strip_prefix("Hello from Server: ").unwrap();
    assert!(status == 200 && body["status"] == "successful" && replicas_of(stack).iter().any(|name| name == who));
    let message = "<Error> '/other' endpoint does not exist in server replicas";
    assert_eq!(stack.curl(&["/other"]), (400, json!({"message": message, "status": "failure"})));
}

fn a_killed_container_is_replaced_under_a_new_name(stack: &Stack) {
    stack.shell("docker", &["kill", "S1"]);
    let before = ["S2", "S3", "S5", "S4", "S10", "S11"];
    let now = eventually("S1 is replaced", || {
        let now = replicas_of(stack);
        (now.len() == 7 && !now.contains(&"S1".to_owned())).then_some(now)
    });
    assert_eq!(now[..6], before, "the others are as they were");
    stack.curl(&["/rep"]);
    assert_eq!(stack.curl(&["/home"]).0, 200);
}

fn three_are_removed_two_by_name(stack: &Stack) {
    let (status, body) = stack.curl(&["-X", "DELETE", "-d", r#"{"n":3,"hostnames":["S5","S4"]}"#, "/rm"]);
    assert_eq!((status, &body["message"]["N"]), (200, &json!(4)));
    let names = names(&body);
    assert!(names.len() == 4 && !names.iter().any(|name| name == "S5" || name == "S4"), "{names:?}");
    eventually("their containers are gone", || (containers_of(&[]).len() == 4).then_some(()));
}

fn the_clients_in_the_container_need_no_flags(stack: &Stack) {
    let listed = stack.exec(&["/lb", "rep"]);
    assert_eq!(listed.lines().collect::<Vec<_>>(), replicas_of(stack));
    assert!(stack.exec(&["/lb", "route", "7"]).contains("server_id"));
}

fn the_image_checks_its_own_health(stack: &Stack) {
    eventually("the engine calls the balancer healthy", || {
        let health = docker(&["inspect", "--format", "{{.State.Health.Status}}", &stack.container()]);
        (health.trim() == "healthy").then_some(())
    });
}

fn replicas_of(stack: &Stack) -> Vec<String> {
    names(&stack.ask("/rep"))
}

fn names(body: &Value) -> Vec<String> {
    body["message"]["replicas"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// The running containers on the engine that lb owns; only those of these names where there are any.
fn containers_of(wanted: &[String]) -> Vec<String> {
    let listed =
        docker(&["ps", "--filter", "label=lb.managed", "--filter", stack::ON_OUR_NETWORK, "--format", "{{.Names}}"]);
    listed
        .lines()
        .filter(|name| wanted.is_empty() || wanted.iter().any(|want| want == name))
        .map(str::to_owned)
        .collect()
}
