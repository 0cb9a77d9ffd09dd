//! Names of a run.

use super::Pool;
use crate::engine::Engine;

#[test]
fn a_replicas_container_begins_with_its_pools_name() {
    let nobody = Engine::at("unix:///nonexistent/docker.sock".to_owned());
    let pool = std::mem::ManuallyDrop::new(Pool { engine: nobody, name: "p-1".to_owned() });
    assert_eq!(pool.container("S1"), "p-1-S1");
    assert_eq!(pool.flags("lb:x")[..4], ["--image", "lb:x", "--network", "p-1"]);
}
