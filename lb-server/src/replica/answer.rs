//! What the sample backend answers, byte for byte as the assignment has it: compact JSON, sorted keys, one newline.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

/// The bodies, made once.
#[derive(Debug)]
pub(super) struct Answers {
    home: Bytes,
    request: Bytes,
    delay: Duration,
}

impl Answers {
    /// Answers of the replica `id`; `/home` and `/request` take `delay`.
    pub(super) fn new(id: &str, delay: Duration) -> Self {
        let hello = format!("Hello from Server: {id}");
        let home = json!({ "message": hello, "status": "successful" });
        let request = json!({ "response": { "message": hello, "status": "Successful" }, "server_id": id });
        Self { home: line(&home), request: line(&request), delay }
    }

    /// The answer to one request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let path = request.uri().path();
        let body = match path {
            "/home" => &self.home,
            "/request" => &self.request,
            "/heartbeat" => return Ok(Response::new(Full::default())),
            _ => return Ok(unknown(path)),
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(wrong_method(path));
        }
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        Ok(json_response(StatusCode::OK, body.clone()))
    }
}

fn unknown(path: &str) -> Response<Full<Bytes>> {
    let message = format!("<Error> '{path}' endpoint does not exist in server replicas");
    json_response(StatusCode::BAD_REQUEST, line(&json!({ "message": message, "status": "failure" })))
}

fn wrong_method(path: &str) -> Response<Full<Bytes>> {
    let message = format!("<Error> '{path}' answers GET and HEAD only");
    let body = line(&json!({ "message": message, "status": "failure" }));
    let mut response = json_response(StatusCode::BAD_REQUEST, body);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

fn json_response(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn line(value: &serde_json::Value) -> Bytes {
    format!("{value}\n").into()
}
