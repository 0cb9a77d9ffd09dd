//! What may be written for a target and a runtime.

use clap::Parser;

use super::{Balancer, Program, Runtime, address};
use crate::load::test_server::on_one_thread;

#[derive(Debug, Parser)]
struct Typed {
    #[command(flatten)]
    program: Program,
}

#[test]
fn a_target_is_a_host_and_a_port() {
    assert_eq!(address("127.0.0.1:5000"), Ok("127.0.0.1:5000".parse().unwrap()));
    assert_eq!(address("[::1]:5000"), Ok("[::1]:5000".parse().unwrap()));
    assert!(address("5000").unwrap_err().starts_with("write HOST:PORT"));
}

#[test]
fn a_runtime_is_one_of_two_and_only_containers_have_an_inside() {
    let typed = |words: &[&str]| Typed::try_parse_from([&["lb-bench"], words].concat()).map(|typed| typed.program);
    let program = typed(&["--runtime", "docker", "--image", "lb:x", "--inside"]).unwrap();
    assert_eq!((program.runtime, program.image.as_str(), program.inside), (Runtime::Docker, "lb:x", true));
    assert_eq!(typed(&[]).unwrap().runtime, Runtime::Process);
    assert!(typed(&["--runtime", "podman"]).is_err());
    let program = typed(&["--inside"]).unwrap();
    on_one_thread(async move {
        let refused = Balancer::start(&program, 1, &[]).await.expect_err("processes have no network to be in");
        assert!(refused.to_string().contains("--runtime docker"), "{refused}");
    });
}
