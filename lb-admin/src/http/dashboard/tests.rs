//! The page is whole, comes from here alone, and says what it may say.

use std::fs;
use std::path::Path;

use axum::http::header::CONTENT_SECURITY_POLICY;

use super::super::testing::{Got, agreeing, ask};
use super::super::{Api, routes};
use super::*;
use crate::config::Access;
use crate::token::Token;

async fn get(path: &str) -> Got {
    ask(&routes::admin(agreeing(&["S1"]).api, true), "GET", path, "").await
}

fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    let text = |bytes| std::str::from_utf8(bytes).unwrap();
    let assets = ASSETS.iter().filter(|(name, _, _)| !name.starts_with("charts/"));
    assets.map(move |&(name, _, bytes)| (name, text(bytes))).chain([("index.html", PAGE)])
}

/// What stands between `before` and `after`, wherever it does.
fn between<'a>(text: &'a str, before: &str, after: char) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split_once(after)).map(|(found, _)| found).collect()
}

#[tokio::test]
async fn the_page_and_its_assets_come_with_a_policy_that_lets_nothing_else_in() {
    let page = get("/").await;
    assert_eq!((page.status.as_u16(), page.content_type()), (200, "text/html; charset=utf-8"));
    for path in ["/".to_owned()].into_iter().chain(ASSETS.iter().map(|(name, _, _)| format!("/assets/{name}"))) {
        let got = get(&path).await;
        assert_eq!(got.status, 200, "{path}");
        assert!(got.headers[CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'self';"), "{path}");
        assert_eq!(got.headers["x-content-type-options"], "nosniff", "{path}");
        assert!(!got.body.is_empty(), "{path}");
    }
    assert_eq!(get("/assets/app.js").await.content_type(), "text/javascript; charset=utf-8");
    assert_eq!(get("/assets/charts/a1_10k.svg").await.content_type(), "image/svg+xml");
}

#[tokio::test]
async fn whatever_else_is_asked_for_isnt_there() {
    for path in ["/assets", "/assets/", "/assets/none.js", "/assets/../dashboard.rs", "/assets/%2e%2e/%2e%2e/mod.rs"] {
        assert_eq!(get(path).await.status, 404, "{path}");
    }
    let router = routes::admin(agreeing(&["S1"]).api, true);
    for path in ["/", "/assets/app.js"] {
        assert_eq!(ask(&router, "POST", path, "").await.status, 405, "{path}");
        assert_eq!(ask(&router, "HEAD", path, "").await.status, 200, "{path}");
    }
}

#[test]
fn everything_that_the_page_names_is_there_and_nothing_is_there_unnamed() {
    let mut named: Vec<String> = Vec::new();
    for (file, text) in texts() {
        named.extend(between(text, "\"/assets/", '"').into_iter().map(str::to_owned));
        named.extend(between(text, "from \"./", '"').into_iter().map(str::to_owned));
        named.extend(between(text, "import \"./", '"').into_iter().map(str::to_owned));
        if file == "charts.js" {
            named.extend(between(text, "  [\"", '"').into_iter().map(|name| format!("charts/{name}.svg")));
        }
    }
    for name in &named {
        assert!(ASSETS.iter().any(|(known, _, _)| known == name), "{name} is named and not there");
    }
    for (known, _, _) in ASSETS {
        assert!(named.iter().any(|name| name == known), "{known} is there and not named");
    }
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/dashboard")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let served = name == "index.html" || ASSETS.iter().any(|(known, _, _)| *known == name);
        assert!(served || ["tests.rs", "charts"].contains(&name.as_str()), "{name} lies there and isn't served");
    }
}

#[test]
fn nothing_is_inline_and_nothing_is_from_elsewhere() {
    for (name, text) in texts() {
        let text = text.replace("http://www.w3.org/2000/svg", "");
        for word in ["http://", "https://", "src=\"//", "innerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!text.contains(word), "{name}: {word}");
        }
    }
    for word in ["<style", "style=\"", " onclick", " onload", "javascript:", "<script>"] {
        assert!(!PAGE.contains(word), "{word}");
    }
}

#[tokio::test]
async fn the_page_says_whether_a_change_needs_the_token_and_not_which() {
    assert!(get("/").await.body.contains(OPEN));
    let access = Access { token: Some(Token::new("correct-horse-battery", [7; 16]).unwrap()), ..Access::default() };
    let api = Api { access: tokio::sync::watch::channel(access).1, ..agreeing(&["S1"]).api };
    let page = ask(&routes::admin(api, true), "GET", "/", "").await.body;
    assert!(page.contains(TOKEN_WANTED) && !page.contains(OPEN) && !page.contains("horse"));
}

/// A copy, since an image is built without the results; it is refreshed by copying the four files again.
#[test]
fn the_charts_are_those_that_were_committed() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/results").join(MEASURED);
    for (name, _, bytes) in ASSETS.iter().filter(|(name, _, _)| name.starts_with("charts/")) {
        let file = results.join(name.strip_prefix("charts/").unwrap());
        assert!(fs::read(&file).is_ok_and(|committed| committed == *bytes), "{} differs from {name}", file.display());
    }
}

/// Which measurement they are of.
const MEASURED: &str = "2026-11-21-data-path";
