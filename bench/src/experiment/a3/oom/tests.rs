//! Which group a process's memory counts for.

use std::path::Path;

use super::memory_group;

#[test]
fn the_memory_group_is_found_in_either_version() {
    let first = "5:devices:/docker/1\n4:cpu,memory:/docker/1\n0::/docker/1\n";
    assert_eq!(memory_group(first).as_deref(), Some(Path::new("/sys/fs/cgroup/memory/docker/1")));
    let second = "0::/system.slice/docker-1.scope\n";
    assert_eq!(memory_group(second).as_deref(), Some(Path::new("/sys/fs/cgroup/system.slice/docker-1.scope")));
    assert_eq!(memory_group("3:cpu:/docker/1\n"), None);
}
