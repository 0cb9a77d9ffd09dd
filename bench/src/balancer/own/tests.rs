//! Finding a started balancer's addresses, and telling why one did not start.

use std::path::Path;

use super::{OwnLb, address_in};

#[test]
fn an_address_is_found_in_the_line_that_names_it() {
    let addr = "127.0.0.1:5000".parse().ok();
    assert_eq!(address_in("front 127.0.0.1:5000", "front"), addr);
    assert_eq!(address_in("lb: front: http://127.0.0.1:5000/", "front"), addr);
    assert_eq!(address_in("admin on [::1]:5001", "admin"), "[::1]:5001".parse().ok());
    assert_eq!(address_in("frontier 127.0.0.1:5000", "front"), None);
    assert_eq!(address_in("front is up", "front"), None);
}

#[test]
fn a_program_that_ends_at_once_is_reported_with_its_last_words() {
    let error = OwnLb::start(Path::new("/bin/false"), 3, &[]).expect_err("it is no balancer");
    assert!(error.to_string().starts_with("lb serve ended before it was up"), "{error}");
}

#[test]
fn a_program_that_is_missing_is_reported_with_the_way_to_mend_it() {
    let error = OwnLb::start(Path::new("/nonexistent/lb"), 3, &[]).expect_err("there is nothing to start");
    assert!(error.to_string().contains("cargo build --release"), "{error}");
}
