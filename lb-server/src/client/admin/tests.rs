//! How an id gets into a query.

use super::percent_encoded;

#[test]
fn an_id_reaches_the_front_as_it_was_typed() {
    assert_eq!(percent_encoded("123"), "123");
    assert_eq!(percent_encoded("a b&c=+/\u{e9}"), "a%20b%26c%3D%2B%2F%C3%A9");
}
