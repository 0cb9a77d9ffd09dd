//! What the page shows: the state as it is, and trouble while it is open.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use super::browser::Browser;
use super::support::process::signal;
use super::support::{Lb, Outsider, load};

/// How late the page may be: the state comes once a second, an event at once.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);

#[test]
fn the_page_loads_without_a_complaint_and_shows_what_there_is() {
    let lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    assert_eq!(browser.text("#verdict-word"), "All well");
    for name in ["S1", "S2", "S3"] {
        let row = browser.text(&format!("#replicas [data-name={name}]"));
        assert!(row.contains("ready"), "{row}");
        assert!(browser.text("#events").contains(&format!("{name} takes requests")));
    }
    let arcs = browser.run("return [...document.querySelectorAll('#ring [data-arc]')].map((arc) => arc.ariaLabel)");
    assert_eq!(arcs.as_array().unwrap().len(), 3, "{arcs}");
    load::ask_each(lb.front, 1..=200);
    browser.until("the strip shows requests", "document.querySelectorAll('#flow .band').length === 3");
    browser.must_not_complain();
}

#[test]
fn a_replica_killed_while_the_page_is_open_shows_within_two_seconds() {
    let lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    assert!(signal(lb.pid_of("S2"), Signal::KILL));
    let died = browser.until_says("#events", "S2 died");
    let gone = browser.until(
        "S2's row is no longer that of a ready one",
        "!document.querySelector('#replicas [data-name=S2][data-state=ready]')",
    );
    assert!(died.max(gone) < SHOWN_WITHIN, "shown after {died:?} and {gone:?}");
    browser.until("its mark is on the strip", "document.querySelector('#flow .mark.bad')");
    browser.until(
        "there is another in its seat",
        "document.querySelectorAll('#replicas [data-state=ready]').length === 3",
    );
    browser.must_not_complain();
}

#[test]
fn who_is_in_trouble_stands_first_and_the_verdict_names_it() {
    let (stays, goes) = (Outsider::start("stays"), Outsider::start("goes"));
    let backends = [stays.as_backend("stays"), goes.as_backend("goes")];
    let lb = Lb::launch(&["--replicas", "0", "--backend", &backends[0], "--backend", &backends[1]]);
    lb.wait_until_ready(2);
    let Some(browser) = Browser::open(lb.admin) else { return };
    let first = "return document.querySelector('#replicas tr').dataset.name";
    assert_eq!(browser.run(first), "stays");
    drop(goes);
    browser.until_says("#replicas [data-name=goes]", "down");
    assert_eq!(browser.run(first), "goes");
    assert_eq!(browser.text("#verdict-word"), "Look here");
    browser.until_says("#verdict-text", "goes");
    browser.must_not_complain();
}

#[test]
fn the_verdict_says_which_command_mends_it() {
    let lb = Lb::launch(&["--replicas", "0"]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    assert_eq!(browser.text("#verdict-word"), "Trouble");
    assert!(browser.text("#verdict-text").contains("503"));
    assert_eq!(browser.text("#verdict-command"), "lb add -n 3");
    browser.must_not_complain();
}

#[test]
fn a_key_is_explained_as_it_is_routed() {
    let lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    browser.click("#tab-explain");
    for id in [7, 8, 4711] {
        browser.fill("#explain-key", &id.to_string());
        browser.click("#explain-form button");
        browser.until_says("#explained dl", &format!("{id}"));
        browser.until_says("#explained .chosen", &lb.replica_of(id));
    }
    browser.must_not_complain();
}

#[test]
fn an_arc_that_is_pointed_at_shows_its_slots() {
    let lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    browser.click("#replicas [data-name=S2] button");
    browser.until_says("#ring-detail", "ranges:");
    let shown = browser.text("#ring-detail");
    let ring = lb.ask_admin("GET", "/v1/ring?name=S2", "").json();
    let first = &ring["ranges"][0][0];
    assert!(shown.contains("S2") && shown.contains(&format!("ranges: {first}")), "{shown} against {first}");
    assert_eq!(browser.run("return document.querySelector('[data-arc=S2]').ariaPressed"), json!("true"));
    let output = browser.run("return document.querySelector('#ring-detail a').getAttribute('href')");
    assert_eq!(lb.ask_admin("GET", output.as_str().unwrap(), "").status, 200, "{output}");
    browser.must_not_complain();
}
