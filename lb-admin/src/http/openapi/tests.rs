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

/// What is wrong with `value` by `schema`: keys that are missing or not known, at any depth.
fn misfits(value: &Value, schema: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return misfits(value, &document()["components"]["schemas"][name], at);
    }
    match (value, schema["oneOf"].as_array()) {
        (Value::Null, _) => return Vec::new(),
        (_, Some(choices)) => {
            let real = choices.iter().find(|choice| choice["type"] != "null").unwrap();
            return misfits(value, real, at);
        }
        _ => {}
    }
    match value {
        Value::Object(fields) if schema["properties"].is_object() => {
            let known = schema["properties"].as_object().unwrap();
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let missing = required.iter().filter(|name| !fields.contains_key(name.as_str().unwrap()));
            let missing = missing.map(|name| format!("{at} lacks {name}"));
            let unknown = fields.keys().filter(|name| !known.contains_key(*name));
            let unknown = unknown.map(|name| format!("{at} has {name}, which is not described"));
            let within = fields.iter().flat_map(|(name, field)| misfits(field, &known[name], &format!("{at}.{name}")));
            missing.chain(unknown).chain(within.collect::<Vec<_>>()).collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| misfits(item, &schema["items"], at)).collect(),
        _ => Vec::new(),
    }
}

/// Two types of one name would be described as one of them.
#[tokio::test]
async fn what_is_answered_is_what_is_described() {
    let scripted = agreeing(&["S1", "S2"]);
    scripted.api.events.record(crate::events::EventKind::Ready, &"S1".into(), 1, String::new());
    let router = routes::admin(scripted.api, true);
    for (path, described) in [
        ("/rep", "/rep"),
        ("/livez", "/livez"),
        ("/readyz", "/readyz"),
        ("/requests/S1", "/requests/{name}"),
        ("/v1/backends", "/v1/backends"),
        ("/v1/backends/S2", "/v1/backends/{name}"),
        ("/v1/epochs", "/v1/epochs"),
        ("/v1/epochs/diff?from=12&to=12", "/v1/epochs/diff"),
        ("/v1/events", "/v1/events"),
        ("/v1/explain?key=7", "/v1/explain"),
        ("/v1/ring?name=S1", "/v1/ring"),
        ("/v1/summary", "/v1/summary"),
        ("/v1/target", "/v1/target"),
    ] {
        let got = ask(&router, "GET", path, "").await;
        assert_eq!(got.status, 200, "{path}: {}", got.body);
        let schema =
            &document()["paths"][described]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{path}");
        let misfits = misfits(&serde_json::from_str(&got.body).unwrap(), schema, path);
        assert_eq!(misfits, [""; 0]);
    }
}
