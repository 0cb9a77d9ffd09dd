//! What may be written for a target and a runtime.

use super::{Runtime, address, runtime};

#[test]
fn a_target_is_a_host_and_a_port() {
    assert_eq!(address("127.0.0.1:5000"), Ok("127.0.0.1:5000".parse().unwrap()));
    assert_eq!(address("[::1]:5000"), Ok("[::1]:5000".parse().unwrap()));
    assert!(address("5000").unwrap_err().starts_with("write HOST:PORT"));
}

#[test]
fn docker_is_refused_with_its_reason() {
    assert_eq!(runtime("process"), Ok(Runtime::Process));
    assert!(runtime("docker").unwrap_err().contains("yet"));
    assert!(runtime("podman").is_err());
}
