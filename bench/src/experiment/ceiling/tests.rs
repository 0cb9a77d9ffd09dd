//! Reading what wrk prints.

use super::wrk_result;

#[test]
fn requests_rate_and_errors_are_found() {
    let text = "Running 2s test @ http://127.0.0.1:1/\n  1 threads and 64 connections\n  81234 requests in 2.00s, 9.99MB read\n  Socket errors: connect 0, read 2, write 0, timeout 1\n  Non-2xx or 3xx responses: 4\nRequests/sec:  40617.25\nTransfer/sec:      5.00MB\n";
    assert_eq!(wrk_result(text), Some((81_234, 40_617.25, 7)));
    assert_eq!(wrk_result("unable to connect to 127.0.0.1:1 Connection refused\n"), None);
}
