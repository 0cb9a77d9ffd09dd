//! The stream breaks and comes back; the page says since when it knows nothing, and misses nothing.

use super::browser::Browser;
use super::relay::Relay;
use super::support::Lb;

#[test]
fn a_broken_stream_is_said_and_taken_up_again() {
    let lb = Lb::start(&[]);
    let relay = Relay::to(lb.admin);
    let Some(browser) = Browser::open(relay.addr) else { return };
    relay.cut();
    browser.until_says("#stream", "stale since");
    lb.ask_admin("POST", "/add", r#"{"n":1,"hostnames":["S9"]}"#);
    assert!(!browser.text("#replicas").contains("S9"));
    relay.mend();
    browser.until_says("#stream", "live");
    browser.until_says("#replicas", "S9");
    browser.until_says("#events", "S9 was added");
    let twice = "const lines = [...document.querySelectorAll('#events li')].map((line) => line.innerText); \
                 return lines.filter((line) => line.includes('S9 was added')).length";
    assert_eq!(browser.run(twice), 1);
}

#[test]
fn a_stream_that_is_merely_cut_is_back_before_anybody_is_told() {
    let lb = Lb::start(&[]);
    let relay = Relay::to(lb.admin);
    let Some(browser) = Browser::open(relay.addr) else { return };
    browser.run(
        "window.states = []; new MutationObserver(() => states.push(document.getElementById('stream').textContent)) \
         .observe(document.getElementById('stream'), {childList: true, characterData: true, subtree: true})",
    );
    relay.cut();
    relay.mend();
    lb.ask_admin("POST", "/add", r#"{"n":1,"hostnames":["S9"]}"#);
    browser.until_says("#replicas", "S9");
    assert_eq!(browser.run("return states"), serde_json::json!([]));
}

#[test]
fn lb_killed_and_started_again_on_the_same_port_is_taken_up_again() {
    let mut lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    lb.kill();
    browser.until_says("#stream", "stale since");
    let next = lb.next(&["--admin", &lb.admin.to_string()]);
    browser.until_says("#stream", "live");
    browser.until("all are shown", "document.querySelectorAll('#replicas [data-state=ready]').length === 3");
    next.ask_admin("POST", "/add", r#"{"n":1,"hostnames":["S9"]}"#);
    browser.until_says("#events", "S9 was added");
    browser.until_says("#events", "taken over");
}
