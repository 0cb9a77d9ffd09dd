//! The two letters: every reason that a session can end for, where it may end for it.

use super::*;

fn end(reason: CloseReason, stage: Stage) -> End {
    End { reason, stage, queue_timed_out: false, last_failure: Failure::NoneReady }
}

fn letters(end: End) -> String {
    end.letters().iter().collect()
}

#[test]
fn an_end_in_good_order_has_nobody_to_name() {
    for reason in [CloseReason::Complete, CloseReason::ResponseComplete, CloseReason::HandedOver] {
        assert_eq!(letters(end(reason, Stage::Data)), "--");
    }
    // In tcp mode nothing need ever be said.
    assert_eq!(letters(end(CloseReason::Complete, Stage::Wait)), "--");
}

#[test]
fn whoever_goes_without_a_request_is_the_one_who_went() {
    let end = end(CloseReason::Complete, Stage::Head);
    assert_eq!((letters(end).as_str(), end.reason(), end.status()), ("CH", "no_request", None));
}

#[test]
fn each_answer_of_the_front_names_who_made_it_necessary() {
    use Stage::{Connect, Head, Queue, Wait};
    let stages = [Head, Head, Head, Connect, Head, Wait, Queue];
    let ends = Status::ALL.into_iter().zip(stages).map(|(status, stage)| end(CloseReason::Answered(status), stage));
    let told: Vec<_> = ends.map(|end| (end.status().unwrap_or(0), letters(end))).collect();
    let expected = [(400, "CH"), (408, "cH"), (431, "CH"), (502, "BC"), (503, "LH"), (504, "bW"), (503, "LQ")];
    assert_eq!(told, expected.map(|(status, letters)| (status, letters.to_owned())));
}

#[test]
fn a_queue_that_was_full_and_one_that_took_too_long_are_told_apart() {
    for reason in [CloseReason::Answered(Status::Busy), CloseReason::Unroutable] {
        let full = end(reason, Stage::Queue);
        assert_eq!((letters(full), letters(End { queue_timed_out: true, ..full })), ("LQ".to_owned(), "lQ".to_owned()));
    }
}

#[test]
fn a_client_that_cannot_be_answered_is_told_by_the_last_failure() {
    let failed = |last_failure| letters(End { last_failure, ..end(CloseReason::Unroutable, Stage::Connect) });
    let all =
        [Failure::NoneReady, Failure::Refused, Failure::Reset, Failure::Closed, Failure::TimedOut, Failure::Overdue];
    assert_eq!(all.map(failed), ["LC", "BC", "BC", "BC", "bC", "bC"]);
}

#[test]
fn deadlines_are_in_lower_case() {
    let of = |reason| letters(end(reason, Stage::Data));
    assert_eq!([of(CloseReason::ClientStayed), of(CloseReason::IdleTimeout)], ["cD", "lD"]);
    assert_eq!([of(CloseReason::DrainDeadline), of(CloseReason::BackendRemoved)], ["lD", "lD"]);
    assert_eq!([of(CloseReason::ClientReset), of(CloseReason::BackendReset)], ["CD", "BD"]);
}
