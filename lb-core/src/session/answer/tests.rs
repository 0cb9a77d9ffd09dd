//! Each answer is a response that an HTTP reader accepts, of the length that it says.

use super::*;
use crate::worker::stats::ANSWER_STATUSES;

#[test]
fn every_answer_is_well_formed_and_as_long_as_it_says() {
    for status in Status::ALL {
        let mut headers = [httparse::EMPTY_HEADER; 8];
        let mut response = httparse::Response::new(&mut headers);
        let head = response.parse(status.response()).unwrap().unwrap();
        let body = &status.response()[head..];
        let field = |name: &str| response.headers.iter().find(|header| header.name == name).map(|header| header.value);
        assert_eq!(response.code, Some(status.code()));
        assert_eq!(field("Content-Length").unwrap(), body.len().to_string().as_bytes(), "{status:?}");
        assert_eq!(field("Content-Type").unwrap(), b"application/json");
        assert_eq!(field("Connection").unwrap(), b"close");
        let body: serde_json::Value = serde_json::from_slice(body).unwrap();
        assert_eq!(body["status"], "failure");
        assert!(body["message"].as_str().unwrap().starts_with("<Error> "));
        assert!(status.response().ends_with(b"}\n"));
        assert_eq!(ANSWER_STATUSES[status.index()], status.code());
    }
}
