//! What is told of this very process.

use std::time::{Duration, SystemTime};

use super::super::page::Format;
use super::*;

fn told(name: &str) -> f64 {
    let mut page = Page::new(Format::Text);
    write(&mut page);
    let page = page.finish();
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("{name} is missing in\n{page}")).parse().unwrap()
}

#[test]
fn it_has_descriptors_below_its_limit_and_one_more_when_a_file_is_opened() {
    // Other tests of this process open and close some meanwhile.
    let opened: Vec<_> = (0..50).map(|_| File::open("/proc/self/stat").unwrap()).collect();
    assert!(told("lb_process_open_fds") >= opened.len() as f64);
    assert!(told("lb_process_open_fds") < told("lb_process_max_fds"));
}

#[test]
fn it_has_memory_and_has_used_cpu_time() {
    assert!(told("lb_process_resident_memory_bytes") > 1e6);
    assert!(told("lb_process_cpu_seconds_total") > 0.0);
}

#[test]
fn it_began_a_while_ago_and_not_in_the_future() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let age = now.as_secs_f64() - told("lb_process_start_time_seconds");
    // To the second, each of the two clocks.
    assert!((-2.0..Duration::from_secs(24 * 3600).as_secs_f64()).contains(&age), "{age}");
}
