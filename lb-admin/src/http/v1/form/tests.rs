//! Bodies of changes: what is read, and what is refused in which words.

use super::*;

const KEYS: [&str; 4] = ["n", "names", "weight", "drained"];

fn form(body: &str) -> Result<Form, FormError> {
    Form::parse(body.as_bytes(), &KEYS, r#"{"n":2}"#)
}

fn refused<T>(read: Result<T, FormError>) -> String {
    read.err().expect("refused").to_string()
}

#[test]
fn what_is_right_is_read() {
    let form = form(r#"{"n":3,"names":["a","b"],"weight":1.5,"drained":false}"#).expect("good");
    assert_eq!(form.count("n", 1), Ok(Some(3)));
    assert_eq!(form.names("names"), Ok(Some(vec!["a".to_owned(), "b".to_owned()])));
    assert_eq!(form.weight("weight"), Ok(Weight::parse("1.5").ok()));
    assert_eq!((form.flag("drained"), form.connections("max_connections")), (Ok(Some(false)), Ok(None)));
}

#[test]
fn what_is_no_object_is_refused_with_an_example() {
    for (body, why) in [("", "it is empty"), (" \n", "it is empty"), ("[1]", "this is a list"), ("7", "this is 7")] {
        assert!(refused(form(body)).contains(why), "{body}");
    }
    assert!(refused(form("{\"n\":")).starts_with(r#"the body must be a JSON object such as {"n":2}: EOF"#));
    assert_eq!(refused(form("{}")), r#"nothing is asked for: send an object such as {"n":2}"#);
}

#[test]
fn an_unknown_key_is_refused_with_the_one_that_was_meant() {
    assert_eq!(refused(form(r#"{"wieght":2}"#)), "there is no key 'wieght': did you mean weight?");
    assert!(refused(form(r#"{"n":2,"colour":"red"}"#)).ends_with("known are n, names, weight, drained"));
}

#[test]
fn a_value_of_another_kind_is_refused_and_said_what_it_should_be() {
    let read = |body: &str| form(body).expect("an object");
    for (n, found) in [("0", "0"), ("-1", "-1"), ("1.5", "1.5"), ("\"3\"", "a string"), ("null", "null")] {
        let form = read(&format!("{{\"n\":{n}}}"));
        assert_eq!(refused(form.count("n", 1)), format!("n must be a positive integer, not {found}"));
    }
    for weight in ["0", "256.001", "-1", "1e300", "\"2\"", "true"] {
        let form = read(&format!("{{\"weight\":{weight}}}"));
        assert!(refused(form.weight("weight")).starts_with("weight must be a number from 0.001 to 256"), "{weight}");
    }
    let form = read(r#"{"names":["a",1],"drained":"yes"}"#);
    assert!(refused(form.names("names")).starts_with("names must be a list of strings"));
    assert_eq!(refused(form.flag("drained")), "drained must be true or false, not a string");
    let many = Form::parse(br#"{"max_connections":1000001}"#, &["max_connections"], "").expect("an object");
    assert!(refused(many.connections("max_connections")).contains("to 1000000, not 1000001"));
}
