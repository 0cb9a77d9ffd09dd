//! What the trivial server understands of a request.

use super::Request;

#[test]
fn a_request_is_complete_with_its_body() {
    let get = b"GET /request?request_id=1 HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(Request::of(get), Some(Request { length: get.len(), close: false, download: None }));
    assert_eq!(Request::of(&get[..get.len() - 1]), None);
    let post = b"POST / HTTP/1.1\r\ncontent-length: 2\r\nConnection: Close\r\n\r\nab";
    assert_eq!(Request::of(post), Some(Request { length: post.len(), close: true, download: None }));
    assert_eq!(Request::of(&post[..post.len() - 1]), None);
}

#[test]
fn a_download_says_how_much_and_old_http_closes() {
    let request = Request::of(b"GET /bytes/512?request_id=1 HTTP/1.0\r\n\r\n").expect("complete");
    assert_eq!((request.download, request.close), (Some(512), true));
}
