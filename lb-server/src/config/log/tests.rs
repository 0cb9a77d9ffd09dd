//! Which words are taken, and that a slip of the finger doesn't silence the log.

use super::access_log as access_log_of;
use super::*;

fn level(text: &str) -> Result<Log, ConfigError> {
    resolve(&ServeArgs { log_level: Some(text.to_owned()), ..ServeArgs::default() })
}

fn access(target: Option<&str>, keys: Option<bool>) -> Result<Option<AccessLogConfig>, ConfigError> {
    let access_log = target.map(str::to_owned);
    access_log_of(&ServeArgs { access_log, access_log_keys: keys, ..ServeArgs::default() })
}

#[test]
fn without_a_word_info_is_told_in_lines_for_people() {
    let log = resolve(&ServeArgs::default()).expect("the default");
    assert_eq!(log, Log { format: LogFormat::Text, filter: "info".to_owned() });
}

#[test]
fn levels_are_taken_for_all_and_by_part() {
    for text in ["off", "warn", "DEBUG", "info,lb_admin::health=debug", "lb_admin=trace"] {
        assert_eq!(level(text).map(|log| log.filter).ok().as_deref(), Some(text));
    }
}

#[test]
fn a_word_that_is_no_level_is_refused_with_those_that_are() {
    for text in ["", "wran", "info,", "lb_admin=loud", "=info", "lb admin=info", "lb_admin"] {
        let error = level(text).expect_err(text).to_string();
        assert!(error.starts_with(&format!("--log-level '{text}': write error, warn, info")), "{error}");
    }
}

#[test]
fn the_access_log_is_off_on_stdout_or_in_a_file() {
    let to = |target| Some(AccessLogConfig { target, raw_keys: false });
    assert_eq!(access(None, None).expect("none"), None);
    assert_eq!(access(Some("off"), Some(false)).expect("off"), None);
    assert_eq!(access(Some("stdout"), None).expect("stdout"), to(AccessLogTarget::Stdout));
    assert_eq!(access(Some("./off"), None).expect("a file"), to(AccessLogTarget::File("./off".into())));
    assert!(access(Some("a"), Some(true)).expect("a file").is_some_and(|log| log.raw_keys));
}

#[test]
fn keys_without_a_log_and_a_log_without_a_name_are_refused() {
    for target in [None, Some("off")] {
        assert!(matches!(access(target, Some(true)), Err(ConfigError::KeysWithoutAccessLog)));
    }
    assert!(matches!(access(Some(""), None), Err(ConfigError::AccessLog)));
}
