//! The document says of every path what a client needs, and of itself that it is OpenAPI 3.1.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::testing::{agreeing, ask};
use super::*;

fn all_operations() -> Vec<(String, String, Value)> {
    let paths = document()["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(|(method, operation)| (path.clone(), method.clone(), operation.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

#[tokio::test]
async fn it_is_served_as_it_was_generated() {
    let router = routes::admin(agreeing(&["S1"]).api, true);
    let got = ask(&router, "GET", "/openapi.json", "").await;
    assert_eq!((got.status.as_u16(), got.content_type()), (200, "application/json"));
    let body: Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!(&body, document());
    assert_eq!((&body["openapi"], &body["info"]["title"]), (&"3.1.0".into(), &"lb".into()));
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_and_what_errors_look_like() {
    let mut names = BTreeSet::new();
    for (path, method, operation) in all_operations() {
        let name = operation["operationId"].as_str().unwrap().to_owned();
        assert!(names.insert(name.clone()), "{name} is two operations");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{method} {path}");
        let errors = &operation["responses"]["default"]["content"];
        let kind = if path.starts_with("/v1/") { "application/problem+json" } else { "application/json" };
        assert!(errors[kind]["schema"]["$ref"].is_string(), "{method} {path}: {errors}");
        assert_eq!(operation["security"].is_array(), method != "get", "{method} {path}: only a change needs the token");
    }
    assert!(names.len() > 9, "{names:?}");
}

#[test]
fn every_schema_that_is_referred_to_is_there() {
    let text = document().to_string();
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let mut referred: Vec<&str> =
        text.split("\"#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    referred.sort_unstable();
    referred.dedup();
    assert!(referred.contains(&"Problem") && referred.contains(&"Failure"), "{referred:?}");
    for name in referred {
        assert!(schemas.contains_key(name), "{name}");
    }
}
