//! What is written of an answer.

use super::*;

#[test]
fn each_key_says_whether_it_applies() {
    let answer = r#"{"applied":true,"changes":[
        {"from":"1h","key":"idle-timeout","takes_effect":"now","to":"5m"},
        {"from":null,"key":"connections","takes_effect":"restart","to":10}]}"#;
    let reloaded: Reloaded = serde_json::from_str(answer).expect("an answer");
    let words = reloaded.in_words();
    let rows: Vec<Vec<&str>> = words.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1], ["idle-timeout", "1h", "5m", "now"]);
    assert_eq!(rows[2], ["connections", "not", "set", "10", "after", "a", "restart"]);
    assert_eq!(Reloaded { applied: true, changes: Vec::new() }.in_words(), "nothing has changed\n");
}
