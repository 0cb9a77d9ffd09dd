//! The keeper against its laws, and against one that is too simple to be wrong.

use axum::http::HeaderValue;
use proptest::prelude::*;

use super::super::key::{HEADER, read};
use super::*;

const BOUNDS: Bounds = Bounds { keys: 4, bytes: 40, age: Duration::from_secs(100) };

fn key(number: u8) -> Key {
    let mut headers = HeaderMap::new();
    headers.insert(HEADER, HeaderValue::from(u16::from(number)));
    read(&headers).expect("a key").expect("a key")
}

fn answer(length: usize) -> Answer {
    let body = Bytes::from("x".repeat(length));
    Answer { status: StatusCode::CREATED, headers: HeaderMap::new(), body }
}

#[test]
fn an_answer_is_given_again_until_it_is_a_day_old() {
    let (mut keeper, start) = (Keeper::new(BOUNDS), Instant::now());
    assert_eq!(keeper.begin(&key(1), 7, start), Begun::New);
    assert_eq!(keeper.begin(&key(1), 7, start), Begun::UnderWay);
    // However long it takes.
    assert_eq!(keeper.begin(&key(1), 7, start + BOUNDS.age * 3), Begun::UnderWay);
    keeper.end(&key(1), Some(answer(3)), start + BOUNDS.age * 3);
    let last = start + BOUNDS.age * 4 - Duration::from_nanos(1);
    assert_eq!(keeper.begin(&key(1), 7, last), Begun::Answered(answer(3)));
    assert_eq!(keeper.begin(&key(1), 8, last), Begun::Another);
    assert_eq!(keeper.begin(&key(1), 8, start + BOUNDS.age * 4), Begun::New);
}

#[test]
fn a_request_that_was_not_judged_leaves_its_key_free() {
    let (mut keeper, now) = (Keeper::new(BOUNDS), Instant::now());
    assert_eq!(keeper.begin(&key(1), 7, now), Begun::New);
    keeper.end(&key(1), None, now);
    assert_eq!(keeper.begin(&key(1), 8, now), Begun::New);
}

#[test]
fn the_oldest_answer_makes_room_but_nobody_who_is_under_way() {
    let (mut keeper, now) = (Keeper::new(BOUNDS), Instant::now());
    for number in 0..4 {
        assert_eq!(keeper.begin(&key(number), 0, now), Begun::New);
    }
    assert_eq!(keeper.begin(&key(4), 0, now), Begun::Full);
    keeper.end(&key(2), Some(answer(1)), now);
    keeper.end(&key(0), Some(answer(1)), now);
    assert_eq!(keeper.begin(&key(4), 0, now), Begun::New, "2 was answered first");
    assert_eq!(keeper.begin(&key(0), 0, now), Begun::Answered(answer(1)));
    assert_eq!(keeper.begin(&key(1), 0, now), Begun::UnderWay);
}

/// What is known, each key once, in the order in which their requests ended; those under way last.
#[derive(Debug, Default)]
struct Simple(Vec<(u8, u64, Option<Since>)>);

/// An answer, and when it was given.
type Since = (Instant, Answer);

impl Simple {
    fn forget_first_answered(&mut self) -> bool {
        let first = self.0.iter().position(|(_, _, answer)| answer.is_some());
        first.map(|index| self.0.remove(index)).is_some()
    }

    fn begin(&mut self, number: u8, request: u64, now: Instant) -> Begun {
        self.0.retain(|(_, _, answer)| answer.as_ref().is_none_or(|(since, _)| now < *since + BOUNDS.age));
        if let Some((_, theirs, answer)) = self.0.iter().find(|(known, ..)| *known == number) {
            return match answer {
                _ if *theirs != request => Begun::Another,
                Some((_, answer)) => Begun::Answered(answer.clone()),
                None => Begun::UnderWay,
            };
        }
        if self.0.len() == BOUNDS.keys && !self.forget_first_answered() {
            return Begun::Full;
        }
        self.0.push((number, request, None));
        Begun::New
    }

    fn end(&mut self, number: u8, answer: Option<Answer>, now: Instant) {
        let index = self.0.iter().position(|(known, ..)| *known == number).expect("it is under way");
        let (_, request, _) = self.0.remove(index);
        let Some(answer) = answer else { return };
        self.0.push((number, request, Some((now, answer))));
        let bytes =
            |known: &Self| -> usize { known.0.iter().flat_map(|(_, _, answer)| answer).map(|a| a.1.body.len()).sum() };
        while bytes(self) > BOUNDS.bytes && self.forget_first_answered() {}
    }
}

#[derive(Clone, Debug)]
enum Step {
    Begin {
        number: u8,
        request: u64,
    },
    /// Of those under way, this one; `None`: it was not judged.
    End {
        which: usize,
        length: Option<usize>,
    },
    Wait {
        seconds: u64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let begin = (0..8_u8, 0..2_u64).prop_map(|(number, request)| Step::Begin { number, request });
    let length = prop::option::weighted(0.8, 0..30_usize);
    let end = (any::<usize>(), length).prop_map(|(which, length)| Step::End { which, length });
    let wait = (0..60_u64).prop_map(|seconds| Step::Wait { seconds });
    prop::collection::vec(prop_oneof![4 => begin, 3 => end, 1 => wait], 0..200)
}

proptest! {
    /// It says what the simple one says; no request begins twice without an end between; its bounds hold after each step.
    #[test]
    fn whatever_comes_it_knows_what_a_list_would_know_and_keeps_no_more(steps in steps()) {
        let (mut keeper, mut simple, mut now) = (Keeper::new(BOUNDS), Simple::default(), Instant::now());
        let mut under_way: Vec<u8> = Vec::new();
        for step in steps {
            match step {
                Step::Begin { number, request } => {
                    let begun = keeper.begin(&key(number), request, now);
                    prop_assert_eq!(&begun, &simple.begin(number, request, now));
                    if begun == Begun::New {
                        prop_assert!(!under_way.contains(&number), "{} begins twice", number);
                        under_way.push(number);
                    }
                }
                Step::End { which, length } if !under_way.is_empty() => {
                    let number = under_way.remove(which % under_way.len());
                    keeper.end(&key(number), length.map(answer), now);
                    simple.end(number, length.map(answer), now);
                }
                Step::End { .. } => {}
                Step::Wait { seconds } => now += Duration::from_secs(seconds),
            }
            let kept: usize = keeper.known.values().flat_map(|known| &known.answer).map(|answer| answer.body.len()).sum();
            prop_assert_eq!(keeper.bytes, kept);
            prop_assert!(kept <= BOUNDS.bytes && keeper.known.len() <= BOUNDS.keys);
            prop_assert_eq!(keeper.known.len(), keeper.answered.len() + under_way.len());
        }
    }
}
