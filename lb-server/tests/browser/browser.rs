//! One browser with one page, as blocking calls.
//!
//! Dropping it closes the page and ends the browser.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use url::{ParseError, Url};

use super::driver::Driver;
use super::support::eventually;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What the page must fit into without scrolling.
const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

/// A browser with a page open.
pub(crate) struct Browser {
    runtime: Runtime,
    client: Client,
    _driver: Driver,
    _turn: MutexGuard<'static, ()>,
}

/// What the page is to be drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Browser {
    /// At the dashboard of `admin`, in light colours; `None`, and a word about it, where there is no chromedriver.
    pub(crate) fn open(admin: SocketAddr) -> Option<Self> {
        Self::open_in(Scheme::Light, admin)
    }

    /// The same in these colours.
    pub(crate) fn open_in(scheme: Scheme, admin: SocketAddr) -> Option<Self> {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(driver) = Driver::start() else {
            eprintln!(
                "NOT RUN: no chromedriver (apt-get install chromium chromium-driver): nothing is known of the page"
            );
            return None;
        };
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let options =
            ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"];
        let wanted = json!({"goog:loggingPrefs": {"browser": "ALL"}, "goog:chromeOptions": {"args": options}});
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(wanted.as_object().unwrap().clone());
        // On a busy machine chromium may come too late for chromedriver, which then has to be asked again.
        let client = eventually("chromium starts", || runtime.block_on(builder.connect(&driver.url)).ok());
        let browser = Self { runtime, client, _driver: driver, _turn: turn };
        browser.dress(scheme);
        let size = json!({"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": false});
        browser.devtools("Emulation.setDeviceMetricsOverride", size);
        browser.goto(admin);
        Some(browser)
    }

    /// Changes what the user is said to like.
    pub(crate) fn dress(&self, scheme: Scheme) {
        let value = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": value}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features}));
    }

    /// Opens the dashboard of `admin`, and waits until it shows a state.
    pub(crate) fn goto(&self, admin: SocketAddr) {
        self.runtime.block_on(self.client.goto(&format!("http://{admin}/"))).unwrap();
        self.until("the page is live", "document.getElementById('stream').textContent === 'live'");
    }

    /// Runs a script in the page; what it returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.runtime
            .block_on(self.client.execute(script, Vec::new()))
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until an expression is true in the page; how long it took.
    pub(crate) fn until(&self, what: &str, expression: &str) -> Duration {
        let start = Instant::now();
        let script = format!("return Boolean({expression})");
        eventually(what, || (self.run(&script) == Value::Bool(true)).then(|| start.elapsed()))
    }

    /// The visible text of what a selector finds first.
    pub(crate) fn text(&self, selector: &str) -> String {
        let text = self.run(&format!("return document.querySelector({}).innerText", json!(selector)));
        text.as_str().unwrap_or_else(|| panic!("nothing at {selector}")).to_owned()
    }

    /// Waits until that text has `part` in it.
    pub(crate) fn until_says(&self, selector: &str, part: &str) -> Duration {
        let (selector, part) = (json!(selector), json!(part));
        let what = format!("{selector} says {part}");
        self.until(&what, &format!("document.querySelector({selector})?.innerText.includes({part})"))
    }

    /// Presses what a user would press there.
    pub(crate) fn click(&self, selector: &str) {
        let click = async { self.client.find(Locator::Css(selector)).await?.click().await };
        self.runtime.block_on(click).unwrap_or_else(|error| panic!("click {selector}: {error}"));
    }

    /// Types into a field that was empty or is emptied first.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let fill = async {
            let field = self.client.find(Locator::Css(selector)).await?;
            field.clear().await?;
            field.send_keys(text).await
        };
        self.runtime.block_on(fill).unwrap_or_else(|error| panic!("fill {selector}: {error}"));
    }

    /// Chooses the option with this value.
    pub(crate) fn choose(&self, selector: &str, value: &str) {
        let choose = async { self.client.find(Locator::Css(selector)).await?.select_by_value(value).await };
        self.runtime.block_on(choose).unwrap_or_else(|error| panic!("choose {value} at {selector}: {error}"));
    }

    /// Presses a key where the focus is.
    pub(crate) fn press(&self, key: char) {
        let press = async { self.client.active_element().await?.send_keys(&key.to_string()).await };
        self.runtime.block_on(press).unwrap();
    }

    /// The page as a PNG.
    pub(crate) fn screenshot(&self) -> Vec<u8> {
        self.runtime.block_on(self.client.screenshot()).unwrap()
    }

    /// What the page has complained of so far: scripts that failed, files not found, what its policy has stopped.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.ask(Vendor { path: "se/log", body: json!({"type": "browser"}) });
        let lines = log.as_array().unwrap().iter();
        lines.map(|line| format!("{} {}", line["level"], line["message"])).collect()
    }

    /// Fails where the page has complained.
    pub(crate) fn must_not_complain(&self) {
        assert_eq!(self.complaints(), [""; 0]);
    }

    fn devtools(&self, command: &str, parameters: Value) {
        self.ask(Vendor { path: "goog/cdp/execute", body: json!({"cmd": command, "params": parameters}) });
    }

    fn ask(&self, command: Vendor) -> Value {
        self.runtime.block_on(self.client.issue_cmd(command)).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // What fails here ends with the driver.
        let _closed = self.runtime.block_on(self.client.clone().close());
    }
}

/// A command that chromedriver has beside those of the standard.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
