//! All of it is put into effect or nothing, and what has changed is told in words.

use serde_json::json;

use super::fixed::Fixed;
use super::*;
use crate::http::testing::{Asked, agreeing, members, scripted};
use crate::token::Token;

fn with_host(host: &str) -> Access {
    Access { hosts: vec![host.to_owned()], changes_per_second: 7, ..Access::default() }
}

#[tokio::test]
async fn what_was_read_is_put_into_effect_after_the_membership_has_agreed() {
    let mut scripted = agreeing(&["S1"]);
    let fixed = Fixed::good(with_host("lb.example"));
    let (reloads, access, _) = fixed.reloads(scripted.api.membership.clone(), ChangeRate::new(0));
    let planned = reloads.reload(true).await.unwrap();
    assert_eq!((planned.applied, planned.changes.len(), access.borrow().hosts.len()), (false, 2, 0));
    assert_eq!(*fixed.told.lock().unwrap(), [""; 0], "a plan is no reload");
    let done = reloads.reload(false).await.unwrap();
    assert_eq!((done.applied, done.changes), (true, planned.changes));
    assert_eq!((access.borrow().hosts.clone(), *fixed.applied.lock().unwrap()), (vec!["lb.example".to_owned()], 1));
    let asked = scripted.asked.recv().await.unwrap();
    assert_eq!(asked, Asked::Configure("retries 3 → 1; after a restart: workers".to_owned()));
    assert_eq!(*fixed.told.lock().unwrap(), ["begun", "over"]);
}

#[tokio::test]
async fn a_configuration_that_is_wrong_or_refused_changes_nothing() {
    let refusing = scripted(members(&["S1"]), Err(ChangeError::Unfit("'a' is left out".to_owned())));
    let fixed = Fixed::good(with_host("lb.example"));
    let (reloads, access, _) = fixed.reloads(refusing.api.membership.clone(), ChangeRate::new(0));
    let refused = reloads.reload(false).await.unwrap_err();
    assert_eq!(refused.to_string(), "'a' is left out; nothing was changed");
    *fixed.access.lock().unwrap() = Err("line 3: nonsense".to_owned());
    assert_eq!(reloads.reload(false).await.unwrap_err(), ReloadError::Wrong("line 3: nonsense".to_owned()));
    assert_eq!((access.borrow().hosts.len(), *fixed.applied.lock().unwrap()), (0, 0));
    assert_eq!(*fixed.told.lock().unwrap(), ["begun", "over", "begun", "over"]);
}

#[test]
fn two_tokens_hashed_alike_are_equal_where_their_texts_are() {
    let token = |text| Token::new(text, [7; 16]).unwrap();
    assert!(token("correct-horse-battery") == token("correct-horse-battery"));
    assert!(token("correct-horse-battery") != token("correct-horse-batterz"));
}

#[test]
fn changes_are_told_in_one_line() {
    let change =
        |key: &str, takes_effect| KeyChange { from: json!(null), key: key.to_owned(), takes_effect, to: json!(1) };
    assert_eq!(in_words(&[]), "read again, nothing has changed");
    assert_eq!(in_words(&[change("retries", TakesEffect::Now)]), "retries not set → 1");
    assert_eq!(in_words(&[change("slots", TakesEffect::Restart)]), "nothing yet; after a restart: slots");
}
