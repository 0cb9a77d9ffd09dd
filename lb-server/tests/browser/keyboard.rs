//! Without a mouse: everything that can be pressed is reached by Tab, is seen to be reached, and can be used.

use std::collections::BTreeSet;

use fantoccini::key::Key;

use super::browser::Browser;
use super::support::Lb;

/// More than the page has stops.
const STOPS_MAX: usize = 60;

/// Where the focus is, and whether it can be seen.
const FOCUSED: &str = "const at = document.activeElement; const style = getComputedStyle(at); \
    const arc = at.querySelector('.arc'); \
    const seen = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || \
        (arc && parseFloat(getComputedStyle(arc).strokeWidth) >= 3); \
    return [at.id || at.dataset.arc || at.innerText || at.className || at.tagName, Boolean(seen)]";

#[test]
fn tab_reaches_everything_and_what_it_reaches_is_seen() {
    let lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    let mut reached = BTreeSet::new();
    for _ in 0..STOPS_MAX {
        browser.press(Key::Tab.into());
        let at = browser.run(FOCUSED);
        let name = at[0].as_str().unwrap().trim().to_owned();
        if name == "BODY" || at[0] == browser.run("return document.body.innerText") {
            continue;
        }
        assert!(at[1] == true, "the focus isn't seen at {name}");
        reached.insert(name);
    }
    for name in ["S1", "S2", "S3", "events", "tab-change", "change-kind", "change-n", "change-names", "plan"] {
        assert!(reached.contains(name), "{name} isn't reached: {reached:?}");
    }
    browser.must_not_complain();
}

#[test]
fn arrows_move_between_tabs_and_between_arcs() {
    let lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    browser.run("document.getElementById('tab-change').focus()");
    browser.press(Key::Right.into());
    browser.until("the next tab is open", "!document.getElementById('panel-explain').hidden");
    browser.press(Key::Left.into());
    browser.until("the first is open again", "!document.getElementById('panel-change').hidden");

    browser.run("document.querySelector('[data-arc=S1]').focus()");
    browser.press(Key::Right.into());
    browser.until_says("#ring-detail h3", "S2");
    browser.press(Key::Enter.into());
    browser.until("it is selected", "document.querySelector('[data-arc=S2]').ariaPressed === 'true'");
    browser.must_not_complain();
}

#[test]
fn a_change_is_planned_and_applied_by_keys_alone() {
    let lb = Lb::start(&[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    browser.run("document.getElementById('change-names').focus()");
    "S7".chars().for_each(|letter| browser.press(letter));
    browser.press(Key::Enter.into());
    browser.until_says("#change-said", "nothing done yet");
    browser.run("document.getElementById('plan').focus()");
    browser.press(Key::Tab.into());
    browser.press(Key::Enter.into());
    browser.until_says("#change-said", "Applied");
    assert!(lb.replicas().contains(&"S7".to_owned()));
    browser.must_not_complain();
}
