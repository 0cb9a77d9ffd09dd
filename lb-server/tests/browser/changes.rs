//! Steering through the page: a plan first, then the change; the token; what is refused is said.

use std::fs;

use super::browser::Browser;
use super::support::{Lb, eventually};

const TOKEN: &str = "correct-horse-battery";

#[test]
fn a_change_is_planned_shown_and_applied() {
    let lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    browser.fill("#change-names", "S7");
    browser.click("#plan");
    browser.until_says("#change-said", "nothing done yet");
    let plan = browser.text("#plan-view");
    for part in ["moves", "ideal", "none unnecessarily", "live sessions", "→ S7"] {
        assert!(plan.contains(part), "{part}: {plan}");
    }
    assert_eq!(lb.replicas(), ["S1", "S2", "S3"], "a plan does nothing");
    browser.until("the ring shows the plan", "document.querySelectorAll('#ring .ghost').length === 4");

    browser.click("#apply");
    browser.until_says("#change-said", "Applied");
    assert_eq!(lb.replicas(), ["S1", "S2", "S3", "S7"]);
    browser.until_says("#replicas [data-name=S7]", "ready");
    browser.until_says("#events", "S7 was added");
    browser.must_not_complain();
}

#[test]
fn every_kind_of_change_can_be_made_through_the_page() {
    let lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    let made = |kind: &str, fill: &dyn Fn()| {
        browser.choose("#change-kind", kind);
        fill();
        browser.click("#plan");
        browser.until("it is planned", "!document.querySelector('#apply').hidden");
        browser.click("#apply");
        browser.until_says("#change-said", "Applied");
    };
    let backend = |name: &str| lb.ask_admin("GET", &format!("/v1/backends/{name}"), "").json();
    made("weight", &|| {
        browser.choose("#change-name", "S2");
        browser.fill("#change-weight", "2.5");
    });
    assert_eq!(backend("S2")["weight"], 2.5);
    made("limit", &|| browser.fill("#change-limit", "40"));
    assert_eq!(backend("S2")["max_connections"], 40);
    made("drain", &|| ());
    assert_eq!(backend("S2")["drained"], true);
    browser.until_says("#replicas [data-name=S2]", "drained");
    made("undrain", &|| ());
    assert_eq!(backend("S2")["drained"], false);
    made("target", &|| browser.fill("#change-n", "4"));
    assert_eq!(lb.replicas().len(), 4);
    made("remove", &|| browser.choose("#change-name", "S3"));
    assert!(!lb.replicas().contains(&"S3".to_owned()));
    browser.must_not_complain();
}

#[test]
fn history_leads_back() {
    let lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    let patched = lb.ask_admin("PATCH", "/v1/backends/S1", r#"{"weight":3}"#);
    assert_eq!(patched.status, 200, "{patched:?}");
    browser.click("#tab-history");
    browser.until_says("#history", "back to it");
    browser.click("#history button");
    browser.until_says("#change-said", "nothing done yet");
    browser.click("#apply");
    browser.until_says("#change-said", "Applied");
    assert_eq!(lb.ask_admin("GET", "/v1/backends/S1", "").json()["weight"], 1.0);
    browser.must_not_complain();
}

#[test]
fn a_plan_that_somebody_else_has_overtaken_is_not_applied() {
    let lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    browser.click("#plan");
    browser.until_says("#change-said", "nothing done yet");
    lb.ask_admin("POST", "/add", r#"{"n":1,"hostnames":["S9"]}"#);
    browser.until_says("#change-said", "plan again");
    browser.until("it can't be pressed any more", "document.querySelector('#apply').disabled");
    assert_eq!(lb.replicas().len(), 4);
    browser.must_not_complain();
}

#[test]
fn what_is_refused_is_said() {
    let lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    browser.fill("#change-names", "S1");
    browser.click("#plan");
    browser.until_says("#change-said", "Refused: ");
    assert!(browser.text("#change-said").contains("S1"));
    assert!(browser.run("return document.querySelector('#apply').hidden") == true);
}

#[test]
fn without_the_token_the_page_is_read_only_and_a_wrong_one_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, TOKEN).unwrap();
    let lb = Lb::start(&["--admin-token-file", file.to_str().unwrap()]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    assert!(browser.text("#token-form").contains("Read-only"));
    assert!(browser.run("return document.querySelector('#plan').disabled") == true);

    browser.fill("#token", "not-the-token-at-all");
    browser.click("#token-use");
    browser.click("#plan");
    browser.until_says("#change-said", "this is not the token");
    browser.until("it is asked for again", "!document.querySelector('#token-form').hidden");

    browser.fill("#token", TOKEN);
    browser.click("#token-use");
    browser.click("#plan");
    browser.until_says("#change-said", "nothing done yet");
    browser.click("#apply");
    browser.until_says("#change-said", "Applied");
    eventually("there are four", || (lb.replicas().len() == 4).then_some(()));
    let kept = browser.run("return [localStorage.length, document.cookie, document.querySelector('#token').value]");
    assert_eq!(kept, serde_json::json!([0, "", ""]), "it is kept in this tab only");
}
