//! The dashboard in a real browser: Debian's chromium, without a screen, driven through chromedriver.
//!
//! [`browser`] starts one for a test and asks it as a user would: what is to be read, what can be pressed, what a
//! keyboard reaches. Every test ends by asking whether the page has complained. Where there is no chromedriver, each
//! says so and passes. One at a time: two browsers on a small machine are slower than one after the other.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should panic where it is")]

mod browser;
mod changes;
mod driver;
mod keyboard;
mod looks;
mod pictures;
mod relay;
mod shows;
mod stream;
#[expect(dead_code, unused_imports, reason = "shared with the e2e tests; each binary uses a part of it")]
#[path = "../e2e/support/mod.rs"]
mod support;
