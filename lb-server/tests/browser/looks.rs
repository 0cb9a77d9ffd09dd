//! How it looks: all of it on one screen, readable in light and in dark colours.

use super::browser::{Browser, Scheme};
use super::support::Lb;

/// Contrast of what is read against what is behind it, after WCAG 2: the lowest of all words in sight.
const LOWEST_CONTRAST: &str = "
    const rgb = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
    const behind = (node) => { for (let at = node; at; at = at.parentElement) { const c = rgb(getComputedStyle(at).backgroundColor);
        if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
    let worst = [99, ''];
    for (const node of document.querySelectorAll('body *:not(svg):not(svg *)')) {
        const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim() !== '');
        if (!own || !node.checkVisibility() || node.closest(':disabled')) continue;
        const [a, b] = [light(rgb(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < worst[0]) worst = [contrast, node.outerHTML.slice(0, 120)];
    }
    return worst";

/// Width and height of the window, then of what there is to scroll.
const SIZES: &str = "const page = document.documentElement; \
    return [innerWidth, innerHeight, Math.max(page.scrollWidth, document.body.scrollWidth), \
    Math.max(page.scrollHeight, document.body.scrollHeight)]";

fn must_fit(browser: &Browser) {
    let sizes = browser.run(SIZES);
    assert_eq!(sizes, serde_json::json!([1280, 720, 1280, 720]));
}

#[test]
fn nothing_scrolls_at_1280_by_720_however_much_there_is() {
    let lb = Lb::with_replicas(12, &[]);
    let Some(browser) = Browser::open(lb.admin) else { return };
    for tab in ["explain", "history", "charts", "change"] {
        browser.click(&format!("#tab-{tab}"));
        must_fit(&browser);
    }
    browser.click("#plan");
    browser.until_says("#change-said", "nothing done yet");
    must_fit(&browser);
    browser.must_not_complain();
}

#[test]
fn light_and_dark_are_both_readable() {
    let lb = Lb::start(&[]);
    let mut papers = Vec::new();
    for scheme in [Scheme::Light, Scheme::Dark] {
        let Some(browser) = Browser::open_in(scheme, lb.admin) else { return };
        browser.click("#plan");
        browser.until_says("#change-said", "nothing done yet");
        let worst = browser.run(LOWEST_CONTRAST);
        assert!(worst[0].as_f64().unwrap() >= 4.5, "{scheme:?}: {worst}");
        papers.push(browser.run("return getComputedStyle(document.body).backgroundColor"));
        browser.must_not_complain();
    }
    assert_ne!(papers[0], papers[1]);
}
