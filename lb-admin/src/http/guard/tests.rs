//! Which requests of a browser are refused, and that scripts are not.

use axum::body::Body;
use axum::http::Request;

use super::super::routes;
use super::super::testing::{Got, agreeing, send};

async fn ask(method: &str, path: &str, headers: &[(&str, &str)]) -> Got {
    let router = routes::admin(agreeing(&["S1"]).api, true);
    let request = headers
        .iter()
        .fold(Request::builder().method(method).uri(path), |request, (name, value)| request.header(*name, *value));
    send(&router, request.body(Body::from(r#"{"n":1}"#)).unwrap()).await
}

#[tokio::test]
async fn a_change_that_another_site_asks_for_is_refused() {
    let host = ("host", "127.0.0.1:5001");
    let cases: [&[(&str, &str)]; 7] = [
        &[host, ("sec-fetch-site", "cross-site")],
        &[host, ("sec-fetch-site", "same-site")],
        &[host, ("origin", "http://evil.example")],
        &[host, ("origin", "null")],
        &[host, ("origin", "http://127.0.0.1:5000")],
        &[host, ("origin", "http://127.0.0.1:5001"), ("sec-fetch-site", "same-site")],
        &[("origin", "http://127.0.0.1:5001")],
    ];
    for headers in cases {
        for (method, path) in [("POST", "/add"), ("DELETE", "/rm"), ("POST", "/rm"), ("PUT", "/rep"), ("PATCH", "/x")] {
            let got = ask(method, path, headers).await;
            assert_eq!(got.status, 403, "{method} {path} {headers:?}");
            let message =
                r#"{"message":"<Error> a change asked for by another website is refused","status":"failure"}"#;
            assert_eq!(got.body.trim_end(), message);
        }
        assert!(!ask("POST", "/add", headers).await.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn a_refused_change_never_reaches_the_owner() {
    let mut scripted = agreeing(&["S1"]);
    let router = routes::admin(scripted.api.clone(), true);
    let request = Request::post("/add").header("sec-fetch-site", "cross-site").body(Body::from(r#"{"n":1}"#)).unwrap();
    send(&router, request).await;
    assert!(scripted.asked.try_recv().is_err());
}

#[tokio::test]
async fn scripts_and_our_own_pages_may_change_things() {
    let cases: [&[(&str, &str)]; 6] = [
        &[],
        &[("host", "localhost:5001"), ("content-type", "application/x-www-form-urlencoded")],
        &[("host", "LocalHost:5001"), ("origin", "http://localhost:5001")],
        &[("host", "127.0.0.1:5001"), ("origin", "http://127.0.0.1:5001"), ("sec-fetch-site", "same-origin")],
        &[("host", "[::1]:5001"), ("origin", "http://[::1]:5001")],
        &[("host", "10.0.0.7"), ("sec-fetch-site", "none")],
    ];
    for headers in cases {
        assert_eq!(ask("POST", "/add", headers).await.status, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn reading_is_not_a_change() {
    let headers = [("host", "127.0.0.1"), ("sec-fetch-site", "cross-site"), ("origin", "http://evil.example")];
    assert_eq!(ask("GET", "/rep", &headers).await.status, 200);
}

#[tokio::test]
async fn a_host_that_is_a_name_is_refused_on_every_path() {
    let hosts = ["evil.example", "evil.example:5001", "localhost.evil.example", "127.0.0.1.nip.io", "", "127.1", "a b"];
    for host in hosts {
        for path in ["/rep", "/livez", "/metrics", "/nothing"] {
            let got = ask("GET", path, &[("host", host)]).await;
            assert_eq!(got.status, 421, "{host} {path}");
            assert!(got.body.contains("use an IP address or localhost"), "{}", got.body);
        }
    }
    let two = [("host", "127.0.0.1"), ("host", "evil.example")];
    assert_eq!(ask("GET", "/rep", &two).await.status, 421);
    assert_eq!(
        ask("GET", "/v1/backends", &[("host", "evil.example")]).await.content_type(),
        "application/problem+json"
    );
}

#[tokio::test]
async fn the_front_takes_any_host_and_still_no_foreign_change() {
    let router = routes::front(agreeing(&["S1"]).api);
    let rep = Request::get("/rep").header("host", "lb.example").body(Body::empty()).unwrap();
    assert_eq!(send(&router, rep).await.status, 200);
    let add = Request::post("/add").header("host", "lb.example").header("origin", "http://evil.example");
    assert_eq!(send(&router, add.body(Body::from(r#"{"n":1}"#)).unwrap()).await.status, 403);
}
