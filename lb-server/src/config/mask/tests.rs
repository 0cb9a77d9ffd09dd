//! What is hidden of a command and what isn't.

use super::*;

fn shown(command: &str) -> String {
    match masked("command", Value::String(command.to_owned())) {
        Value::String(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_belongs_to_a_word_that_names_a_secret_is_hidden() {
    assert_eq!(shown("app --password hunter2 --port {port}"), "app --password '***' --port {port}");
    assert_eq!(shown("app --api-key=abc -v"), "app '--api-key=***' -v");
    assert_eq!(shown("env DB_TOKEN=abc app"), "env 'DB_TOKEN=***' app");
}

#[test]
fn everything_else_is_shown_as_it_was_typed() {
    for command in ["python3  'my app.py' {port}", "lb replica --listen 127.0.0.1:{port}"] {
        assert_eq!(shown(command), command);
    }
    assert_eq!(masked("key", Value::String("query:id".to_owned())), Value::String("query:id".to_owned()));
}
