//! Every endpoint of the assignment once, with the errors that it asks for. Leaves as many replicas as it found.
//!
//! Only status and a part of the body are judged: implementations differ in spacing and in words.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::balancer::{Balancer, http};
use crate::report::progress::Progress;

/// The name that is added and removed; chosen so that no pattern makes it up.
const NAME: &str = "lb-bench-a3";

/// One request and what must come back.
struct Case {
    method: &'static str,
    path: &'static str,
    body: String,
    status: u16,
    /// Somewhere in the body.
    part: &'static str,
    /// Replicas listed in the answer, against those found at first; `None` where it lists none.
    grown_by: Option<i64>,
}

/// A case with its answer.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    /// `GET /home`, with its body where it has one.
    pub(super) request: String,
    /// What came.
    pub(super) status: u16,
    /// What is wrong with it; empty: nothing.
    pub(super) wrong: String,
}

/// Asks all of them in their order.
pub(super) async fn exercise(balancer: &Balancer) -> anyhow::Result<Vec<Answered>> {
    let found = balancer.admin.replicas().await?.len();
    let (front, admin) = (balancer.front, balancer.admin.addr());
    let cases: Vec<(SocketAddr, Case)> =
        to_replicas().map(|case| (front, case)).into_iter().chain(to_balancer().map(|case| (admin, case))).collect();
    let progress = Progress::steps("A-3: every endpoint", cases.len() as u64);
    let mut answers = Vec::new();
    for (addr, case) in cases {
        let (status, body) = http::ask(addr, case.method, case.path, &case.body).await?;
        answers.push(Answered {
            request: format!("{} {} {}", case.method, case.path, case.body).trim_end().to_owned(),
            status,
            wrong: case.wrong(status, &body, found),
        });
        progress.step();
    }
    Ok(answers)
}

fn to_replicas() -> [Case; 4] {
    let get = |path, status, part| Case { method: "GET", path, body: String::new(), status, part, grown_by: None };
    [
        get("/home", 200, "Hello from Server"),
        get("/heartbeat", 200, ""),
        get("/request?request_id=123456", 200, "Hello from Server"),
        get("/other", 400, "<Error>"),
    ]
}

fn to_balancer() -> [Case; 9] {
    let add = |body: Value| Case { path: "/add", method: "POST", ..refused(body.to_string()) };
    let remove = |body: Value| Case { path: "/rm", method: "DELETE", ..refused(body.to_string()) };
    let listing = |case: Case, grown_by| Case { status: 200, part: "successful", grown_by: Some(grown_by), ..case };
    [
        listing(Case { method: "GET", path: "/rep", ..refused(String::new()) }, 0),
        add(json!({ "n": 1, "hostnames": [NAME, "lb-bench-a3-2"] })),
        add(json!({ "n": 0, "hostnames": [] })),
        Case { body: "{\"n\":".to_owned(), ..add(json!({})) },
        listing(add(json!({ "n": 1, "hostnames": [NAME] })), 1),
        remove(json!({ "n": 1, "hostnames": [NAME, "lb-bench-a3-2"] })),
        remove(json!({ "n": 1, "hostnames": ["nobody-of-this-name"] })),
        listing(remove(json!({ "n": 1, "hostnames": [NAME] })), 0),
        listing(Case { method: "GET", path: "/rep", ..refused(String::new()) }, 0),
    ]
}

/// What the assignment says to a request that can't be fulfilled.
fn refused(body: String) -> Case {
    Case { method: "POST", path: "/add", body, status: 400, part: "<Error>", grown_by: None }
}

impl Case {
    fn wrong(&self, status: u16, body: &[u8], found: usize) -> String {
        let text = String::from_utf8_lossy(body);
        if status != self.status {
            return format!("status {status}, not {}", self.status);
        }
        if !text.contains(self.part) {
            return format!("no {:?} in {:?}", self.part, text.trim_end());
        }
        let Some(grown_by) = self.grown_by else { return String::new() };
        let message: Value = serde_json::from_slice(body).unwrap_or_default();
        let wanted = found as i64 + grown_by;
        match message["message"]["N"].as_i64() {
            Some(n) if n == wanted => String::new(),
            n => format!("N is {n:?}, not {wanted}"),
        }
    }
}

#[cfg(test)]
mod tests;
