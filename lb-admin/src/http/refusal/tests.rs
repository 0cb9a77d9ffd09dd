//! Which writes are bare refusals, and that the answer in their place arrives whole.

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::time::timeout;

use super::*;

const BARE: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: Sat, 21 Nov 2026 16:00:00 GMT\r\n\r\n";
const BODY: &str = "{\"message\":\"<Error> this is not HTTP/1.1, or its head is malformed\",\"status\":\"failure\"}\n";

#[test]
fn only_hypers_own_bare_refusals_are_replaced() {
    let whole = String::from_utf8(whole_answer(BARE).unwrap()).unwrap();
    let (head, body) = whole.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, BODY);
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len())) && head.contains("connection: close"), "{head}");
    for status in ["414 URI Too Long", "431 Request Header Fields Too Large"] {
        let bare = format!("HTTP/1.0 {status}\r\ncontent-length: 0\r\n\r\n");
        assert!(whole_answer(bare.as_bytes()).is_some(), "{status}");
    }
    let others: [&[u8]; 6] = [
        b"",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
        b"\xffHTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
    ];
    for other in others {
        assert_eq!(whole_answer(other), None, "{other:?}");
    }
}

#[tokio::test]
async fn an_answer_larger_than_the_pipe_arrives_whole_and_then_the_end() {
    let (mut client, theirs) = duplex(7);
    let server = async {
        let mut io = Refusing::new(theirs);
        io.write_all(BARE).await.unwrap();
        io.shutdown().await.unwrap();
    };
    let client = async {
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        client.shutdown().await.unwrap();
        answer
    };
    let ((), answer) = tokio::join!(server, client);
    assert!(answer.ends_with(BODY), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_on_sending_is_left_after_a_while() {
    let (mut client, theirs) = duplex(64);
    let server = tokio::spawn(async {
        let mut io = Refusing::new(theirs);
        io.write_all(BARE).await.unwrap();
        io.shutdown().await.unwrap();
    });
    let mut answer = [0; 1024];
    // Drips for as long as it is heard; on this clock time passes only while it waits.
    while !server.is_finished() {
        let _dripped = timeout(DRIP, client.write_all(b"x")).await;
        let _read = timeout(DRIP, client.read(&mut answer)).await;
        tokio::task::yield_now().await;
    }
    server.await.unwrap();
}

const DRIP: Duration = Duration::from_millis(50);
