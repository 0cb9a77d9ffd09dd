//! `lb reload`: what of the configuration has changed, and whether it applies now or after a restart.

use serde::Deserialize;
use serde_json::Value;

use super::admin::{Admin, Ask};
use super::http::{Method, Terms};
use super::table::table;
use super::told;
use crate::cli::client::ReloadArgs;
use crate::exit::Exit;

/// The answer.
#[derive(Debug, Deserialize)]
struct Reloaded {
    applied: bool,
    changes: Vec<Change>,
}

#[derive(Debug, Deserialize)]
struct Change {
    from: Value,
    key: String,
    takes_effect: String,
    to: Value,
}

/// Asks `POST /v1/reload`.
pub(crate) fn reload(args: &ReloadArgs) -> Exit {
    let path = if args.dry_run { "/v1/reload?dry_run=true" } else { "/v1/reload" };
    told(Admin::new(&args.admin).and_then(|admin| {
        let answer = admin.ask(Ask { method: Method::POST, path, body: String::new(), terms: Terms::default() })?;
        admin.show(&answer, |reloaded: Reloaded| reloaded.in_words())
    }))
}

impl Reloaded {
    fn in_words(&self) -> String {
        if self.changes.is_empty() {
            return "nothing has changed\n".to_owned();
        }
        let rows: Vec<_> = self.changes.iter().map(|change| change.row(self.applied)).collect();
        table(["key", "from", "to", "applies"], &rows)
    }
}

impl Change {
    fn row(&self, applied: bool) -> [String; 4] {
        let shown = |value: &Value| match value {
            Value::Null => "not set".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let applies = match (&*self.takes_effect, applied) {
            ("now", true) => "now",
            ("now", false) => "would, with a reload",
            _ => "after a restart",
        };
        [self.key.clone(), shown(&self.from), shown(&self.to), applies.to_owned()]
    }
}

#[cfg(test)]
mod tests;
