//! The mix is the seed's, and an answer is judged by its status and its JSON.

use super::*;

#[test]
fn equal_seeds_give_equal_nonsense() {
    let mix = |seed| {
        let mut random = Rng::with_seed(seed);
        (0..200).map(|_| request(&mut random)).collect::<Vec<_>>()
    };
    assert_eq!(mix(1), mix(1));
    assert_ne!(mix(1), mix(2));
}

#[test]
fn only_a_4xx_with_the_json_of_an_error_is_typed() {
    let json = "content-type: application/json\r\n";
    let cases = [
        (String::new(), Ending::Closed),
        (format!("HTTP/1.1 400 Bad Request\r\n{json}\r\n{{\"status\":\"failure\"}}\n"), Ending::Typed),
        (
            "HTTP/1.1 404 Not Found\r\ncontent-type: application/problem+json\r\n\r\n{\"status\":404}\n".to_owned(),
            Ending::Typed,
        ),
        (format!("HTTP/1.1 405 Method Not Allowed\r\n{json}\r\n"), Ending::Typed),
        ("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_owned(), Ending::Wrong),
        (format!("HTTP/1.1 200 OK\r\n{json}\r\n{{\"status\":\"successful\"}}\n"), Ending::Wrong),
        (format!("HTTP/1.1 500 Oh\r\n{json}\r\n{{\"status\":\"failure\"}}\n"), Ending::Wrong),
        ("HTTP/1.1 4".to_owned(), Ending::Wrong),
    ];
    for (answer, ending) in cases {
        assert_eq!(judge(answer.as_bytes()), ending, "{answer}");
    }
}
