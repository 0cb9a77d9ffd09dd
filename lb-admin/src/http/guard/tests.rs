//! Which requests of a browser are refused, and that scripts are not.

use axum::body::Body;
use axum::http::Request;

use super::super::testing::{Got, agreeing, send};
use super::super::{Api, routes};
use crate::config::Access;
use crate::token::Token;

const TOKEN: &str = "correct-horse-battery";

fn with_token() -> Access {
    Access { token: Some(Token::new(TOKEN, [7; 16]).unwrap()), ..Access::default() }
}

async fn ask(method: &str, path: &str, headers: &[(&str, &str)]) -> Got {
    ask_of(Access::default(), method, path, headers).await
}

async fn ask_of(access: Access, method: &str, path: &str, headers: &[(&str, &str)]) -> Got {
    let api = Api { access: tokio::sync::watch::channel(access).1, ..agreeing(&["S1"]).api };
    let router = routes::admin(api, true);
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
            assert!(got.body.contains("use an IP address or localhost, or start with --admin-host"), "{}", got.body);
        }
    }
    let two = [("host", "127.0.0.1"), ("host", "evil.example")];
    assert_eq!(ask("GET", "/rep", &two).await.status, 400);
    let user = [("host", "user@127.0.0.1")];
    assert_eq!(ask("GET", "/rep", &user).await.status, 421);
    assert_eq!(
        ask("GET", "/v1/backends", &[("host", "evil.example")]).await.content_type(),
        "application/problem+json"
    );
}

#[tokio::test]
async fn a_configured_name_is_served_and_its_own_page_may_change_things() {
    let access = || Access { hosts: vec!["lb.example".to_owned()], ..Access::default() };
    for host in ["lb.example", "LB.example:5001", "lb.example."] {
        assert_eq!(ask_of(access(), "GET", "/rep", &[("host", host)]).await.status, 200, "{host}");
    }
    assert_eq!(ask_of(access(), "GET", "/rep", &[("host", "evil.example")]).await.status, 421);
    let own = [("host", "lb.example:5001"), ("origin", "http://lb.example:5001"), ("sec-fetch-site", "same-origin")];
    assert_eq!(ask_of(access(), "POST", "/add", &own).await.status, 200);
    let other = [("host", "lb.example:5001"), ("origin", "http://lb.example:5000")];
    assert_eq!(ask_of(access(), "POST", "/add", &other).await.status, 403);
}

#[tokio::test]
async fn what_an_absolute_target_names_counts_like_a_host() {
    let host = ("host", "127.0.0.1:5001");
    assert_eq!(ask("GET", "http://127.0.0.1:5001/rep", &[host]).await.status, 200);
    for target in ["http://evil.example/rep", "http://user@127.0.0.1:5001/rep"] {
        assert_eq!(ask("GET", target, &[host]).await.status, 421, "{target}");
        assert_eq!(ask("GET", target, &[]).await.status, 421, "{target}");
    }
    let origin = ("origin", "http://127.0.0.1:5001");
    assert_eq!(ask("POST", "http://127.0.0.1:5001/add", &[host, origin]).await.status, 200);
    assert_eq!(ask("POST", "http://127.0.0.1:5002/add", &[host, origin]).await.status, 403);
}

#[tokio::test]
async fn with_a_token_every_change_needs_it_and_no_read_does() {
    let right = format!("Bearer {TOKEN}");
    for (method, path) in [("POST", "/add"), ("DELETE", "/rm"), ("POST", "/rm")] {
        let got = ask_of(with_token(), method, path, &[("authorization", &right)]).await;
        assert_eq!(got.status, 200, "{method} {path}");
        let lower = right.replace("Bearer", "bEARER");
        assert_eq!(ask_of(with_token(), method, path, &[("authorization", &lower)]).await.status, 200);
    }
    for path in ["/rep", "/livez", "/readyz", "/metrics", "/requests/S1", "/v1/backends", "/v1/events"] {
        assert_eq!(ask_of(with_token(), "GET", path, &[]).await.status, 200, "{path}");
        assert_eq!(ask_of(with_token(), "HEAD", path, &[]).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn without_the_right_token_a_change_is_a_typed_401_that_names_the_scheme() {
    let right = format!("Bearer {TOKEN}");
    let missing = "a change needs the token: send 'Authorization: Bearer TOKEN'";
    let wrong = "this is not the token";
    let cases: [(&[(&str, &str)], &str); 9] = [
        (&[], missing),
        (&[("authorization", "")], missing),
        (&[("authorization", TOKEN)], missing),
        (&[("authorization", "Basic Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5")], missing),
        (&[("authorization", &right), ("authorization", &right)], missing),
        (&[("authorization", "Bearer ")], wrong),
        (&[("authorization", "Bearer correct-horse-batter")], wrong),
        (&[("authorization", "Bearer correct-horse-battery2")], wrong),
        (&[("authorization", "Bearer correct-horse-battery, x")], wrong),
    ];
    for (headers, message) in cases {
        for (method, path) in [("POST", "/add"), ("DELETE", "/rm"), ("PUT", "/rep"), ("PATCH", "/x"), ("BREW", "/rep")]
        {
            let got = ask_of(with_token(), method, path, headers).await;
            assert_eq!(got.status, 401, "{method} {path} {headers:?}");
            assert_eq!(got.headers["www-authenticate"], "Bearer");
            assert_eq!(got.body, format!("{{\"message\":\"<Error> {message}\",\"status\":\"failure\"}}\n"));
        }
    }
    let got = ask_of(with_token(), "POST", "/v1/backends", &[]).await;
    assert_eq!((got.status.as_u16(), got.content_type()), (401, "application/problem+json"));
    let rebound = [("host", "evil.example"), ("authorization", right.as_str())];
    assert_eq!(ask_of(with_token(), "POST", "/add", &rebound).await.status, 421, "a token opens no other door");
    let foreign = [("origin", "http://evil.example"), ("authorization", right.as_str())];
    assert_eq!(ask_of(with_token(), "POST", "/add", &foreign).await.status, 403);
}

#[tokio::test]
async fn the_front_asks_for_no_token() {
    let api = Api { access: tokio::sync::watch::channel(with_token()).1, ..agreeing(&["S1"]).api };
    let add = Request::post("/add").body(Body::from(r#"{"n":1}"#)).unwrap();
    assert_eq!(send(&routes::front(api), add).await.status, 200);
}

#[tokio::test]
async fn there_are_no_cors_headers_whatever_is_asked() {
    let preflight =
        [("host", "127.0.0.1:5001"), ("origin", "http://evil.example"), ("access-control-request-method", "POST")];
    for (method, path, status) in [("OPTIONS", "/add", 405), ("GET", "/rep", 200), ("POST", "/add", 403)] {
        let got = ask(method, path, &preflight).await;
        assert_eq!(got.status, status, "{method}");
        let cors = got.headers.keys().filter(|name| name.as_str().starts_with("access-control"));
        assert_eq!(cors.count(), 0, "{method}");
    }
}

#[tokio::test]
async fn the_front_takes_any_host_and_still_no_foreign_change() {
    let router = routes::front(agreeing(&["S1"]).api);
    let rep = Request::get("/rep").header("host", "lb.example").body(Body::empty()).unwrap();
    assert_eq!(send(&router, rep).await.status, 200);
    let add = Request::post("/add").header("host", "lb.example").header("origin", "http://evil.example");
    assert_eq!(send(&router, add.body(Body::from(r#"{"n":1}"#)).unwrap()).await.status, 403);
}
