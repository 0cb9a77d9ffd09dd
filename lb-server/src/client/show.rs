//! `lb config` and `lb openapi`: documents of the running balancer, as they are.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::admin::Admin;
use super::table::table;
use super::told;
use crate::cli::client::ShowArgs;
use crate::exit::Exit;

/// `GET /v1/config`.
#[derive(Debug, Deserialize)]
struct Effective {
    config: BTreeMap<String, Value>,
    sources: BTreeMap<String, String>,
}

/// Asks `GET /v1/config`.
pub(crate) fn config(args: &ShowArgs) -> Exit {
    told(Admin::new(&args.admin).and_then(|admin| {
        admin.show(&admin.get("/v1/config")?, |document: Effective| {
            let source = |key: &str| document.sources.get(key).cloned().unwrap_or_default();
            let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let rows: Vec<_> =
                document.config.iter().map(|(key, set)| [key.clone(), source(key), value(set)]).collect();
            table(["key", "from", "value"], &rows)
        })
    }))
}

/// Asks `GET /openapi.json`.
pub(crate) fn openapi(args: &ShowArgs) -> Exit {
    told(Admin::new(&args.admin).and_then(|admin| Ok(admin.get("/openapi.json")?.as_received())))
}
