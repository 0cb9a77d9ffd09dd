//! What keys, answers and time do to the picture, without a terminal or a balancer.

use proptest::prelude::*;

use super::super::testing::{look, model};
use super::*;

const THREE: [(&str, &str, u64); 3] = [("S1", "ready", 0), ("S2", "ready", 0), ("S3", "ready", 0)];

fn after(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn press(model: &mut Model, keys: &[Key]) -> Vec<Do> {
    keys.iter().flat_map(|key| model.step(Input::Key(*key), Duration::ZERO)).collect()
}

fn typed(text: &str) -> Vec<Key> {
    text.chars().map(Key::Typed).collect()
}

fn chosen(model: &Model) -> &str {
    &model.picture.backends[model.chosen()].backend.name
}

#[test]
fn it_looks_once_an_interval_and_never_twice_at_a_time() {
    let mut model = model(look(0, &THREE));
    assert_eq!(model.step(Input::Time, after(0.9)), []);
    let question = || [Do::Ask(Question::Look { after: 0 })];
    assert_eq!(model.step(Input::Time, after(1.0)), question());
    assert_eq!(model.step(Input::Time, after(9.0)), [], "the first is still on its way");
    assert_eq!(model.step(Input::Looked(Ok(Box::new(look(9, &THREE)))), after(9.0)), question(), "the next is overdue");
}

#[test]
fn silence_is_said_with_its_reason_until_an_answer_comes() {
    let mut model = model(look(0, &THREE));
    model.step(Input::Time, after(2.0));
    assert_eq!(model.silence(), None, "an answer may take a moment");
    model.step(Input::Time, after(3.0));
    assert_eq!(model.silence(), Some((after(3.0), "it doesn't answer")));
    model.step(Input::Looked(Err("refused".to_owned())), after(4.0));
    assert_eq!(model.silence(), Some((after(4.0), "refused")));
    assert_eq!(model.picture.backends.len(), 3, "the last picture stays");
    model.step(Input::Looked(Ok(Box::new(look(5, &THREE[..2])))), after(5.0));
    assert_eq!((model.silence(), model.picture.backends.len()), (None, 2));
}

#[test]
fn after_a_failure_it_looks_again_in_time() {
    let mut model = model(look(0, &THREE));
    model.step(Input::Time, after(1.0));
    assert_eq!(model.step(Input::Looked(Err("refused".to_owned())), after(1.1)), []);
    assert!(model.wakes_at() <= after(2.0));
    assert_eq!(model.step(Input::Time, after(2.0)), [Do::Ask(Question::Look { after: 0 })]);
}

#[test]
fn a_balancer_started_anew_is_asked_for_all_its_events_at_once_but_only_once() {
    let mut model = model(look(100, &THREE));
    model.step(Input::Time, after(1.0));
    let anew = || {
        let mut anew = look(160, &THREE);
        anew.summary.uptime_seconds = 1.0;
        anew
    };
    let due = model.step(Input::Looked(Ok(Box::new(Look { after: 9, ..anew() }))), after(1.1));
    assert_eq!(due, [Do::Ask(Question::Look { after: 0 })]);
    assert_eq!(model.step(Input::Looked(Ok(Box::new(anew()))), after(1.2)), [], "it has none");
}

#[test]
fn the_cursor_stays_with_its_backend_and_where_that_goes_where_it_stood() {
    let mut model = model(look(0, &THREE));
    press(&mut model, &[Key::Down]);
    assert_eq!(chosen(&model), "S2");
    let troubled = [("S1", "ready", 0), ("S2", "ready", 0), ("S3", "down", 0)];
    model.step(Input::Looked(Ok(Box::new(look(1, &troubled)))), after(0.1));
    assert_eq!((chosen(&model), model.chosen()), ("S2", 2));
    let replaced = [("S1", "ready", 0), ("S3", "ready", 0), ("S9", "ready", 0)];
    model.step(Input::Looked(Ok(Box::new(look(2, &replaced)))), after(0.2));
    assert_eq!(chosen(&model), "S9");
    model.step(Input::Looked(Ok(Box::new(look(3, &[])))), after(0.3));
    assert_eq!(press(&mut model, &[Key::Down, Key::Up, Key::Open, Key::Last]), [], "nobody is there to choose");
}

#[test]
fn panes_open_and_close_and_the_arrows_go_where_the_focus_is() {
    let mut model = model(look(0, &THREE));
    press(&mut model, &[Key::Open]);
    assert_eq!((&model.pane, model.focus), (&Pane::Detail, Focus::Backends));
    press(&mut model, &[Key::Open]);
    assert_eq!(model.pane, Pane::Events, "the same key closes it");
    press(&mut model, &[Key::Help]);
    model.drawn(Room { backends: 3, pane: 5, scroll_max: 7 });
    press(&mut model, &[Key::Down, Key::PageDown]);
    assert_eq!((model.focus, model.scroll, chosen(&model)), (Focus::Pane, 6, "S1"));
    press(&mut model, &[Key::PageDown, Key::PageDown]);
    assert_eq!(model.scroll, 7, "no further than there is something");
    press(&mut model, &[Key::Close]);
    assert_eq!((&model.pane, model.focus, model.scroll), (&Pane::Events, Focus::Backends, 0));
    press(&mut model, &[Key::Other, Key::Down, Key::Other, Key::Down]);
    assert_eq!((model.scroll, chosen(&model)), (1, "S2"));
}

#[test]
fn a_key_is_typed_asked_for_and_explained() {
    let mut model = model(look(0, &THREE));
    press(&mut model, &[Key::Explain]);
    press(&mut model, &typed("47"));
    press(&mut model, &[Key::Erase, Key::Typed('q')]);
    assert_eq!(model.typed.as_deref(), Some("4q"));
    assert_eq!(press(&mut model, &[Key::Enter]), [Do::Ask(Question::Explain("4q".to_owned()))]);
    let answer = |key: &str| Input::Explained { key: key.to_owned(), said: Ok("S3".to_owned()) };
    model.step(answer("other"), Duration::ZERO);
    assert_eq!(model.pane, Pane::Explained { key: "4q".to_owned(), said: None }, "that was another question");
    model.step(answer("4q"), Duration::ZERO);
    assert_eq!(model.pane, Pane::Explained { key: "4q".to_owned(), said: Some(Ok("S3".to_owned())) });
}

#[test]
fn a_key_that_is_given_up_asks_nothing_and_closes_nothing_else() {
    let mut model = model(look(0, &THREE));
    press(&mut model, &[Key::Open, Key::Explain, Key::Typed('7'), Key::Close]);
    assert_eq!((&model.typed, &model.pane), (&None, &Pane::Detail));
    assert_eq!(press(&mut model, &[Key::Explain, Key::Enter]), [], "an empty one either");
    press(&mut model, &[Key::Explain]);
    press(&mut model, &typed(&"x".repeat(5000)));
    assert_eq!(model.typed.as_ref().map(String::len), Some(TYPED_CHARS_MAX));
    press(&mut model, &[Key::EraseAll]);
    assert_eq!(model.typed.as_deref(), Some(""));
}

#[test]
fn quit_suspend_and_redraw_work_while_typing_too() {
    for (key, due) in [(Key::Quit, [Do::Quit]), (Key::Suspend, [Do::Suspend]), (Key::Redraw, [Do::Redraw])] {
        let mut model = model(look(0, &THREE));
        assert_eq!(press(&mut model, &[key]), due);
        assert_eq!(press(&mut model, &[Key::Explain, key]), due);
    }
}

#[test]
fn a_command_says_where_unless_it_goes_there_by_itself() {
    let mut model = model(look(0, &THREE));
    assert_eq!(model.typed_as("lb logs S1"), "lb logs S1");
    model.place.flag = Some(" --admin unix:/run/lb".to_owned());
    assert_eq!(model.typed_as("lb logs S1"), "lb logs S1 --admin unix:/run/lb");
}

proptest! {
    /// Whatever comes in whatever order: it wakes again, the cursor is on somebody, and nothing is scrolled out of sight.
    #[test]
    fn it_always_stays_in_order(inputs in prop::collection::vec((any::<u8>(), 0_u64..3000), 1..200)) {
        let looks = [0, 1, 2, 3].map(|n| look(0, &THREE[..n]));
        let mut model = model(looks[3].clone());
        let mut now = Duration::ZERO;
        for (kind, ms) in inputs {
            now += Duration::from_millis(ms);
            let input = match kind % 24 {
                0 => Input::Looked(Ok(Box::new(looks[usize::from(kind) % 4].clone()))),
                1 => Input::Looked(Err("refused".to_owned())),
                2 => Input::Explained { key: "7".to_owned(), said: Ok("S1".to_owned()) },
                3 => Input::Time,
                n => Input::Key([
                    Key::Up, Key::Down, Key::PageUp, Key::PageDown, Key::First, Key::Last, Key::Other, Key::Open,
                    Key::Close, Key::Explain, Key::Help, Key::Redraw, Key::Typed('7'), Key::Erase, Key::EraseAll,
                    Key::Enter, Key::Typed('ü'), Key::Down, Key::Down, Key::PageDown,
                ][usize::from(n) - 4]),
            };
            model.step(input, now);
            model.drawn(Room { backends: 2, pane: 3, scroll_max: usize::from(kind) % 9 });
            prop_assert!(model.wakes_at() > now);
            prop_assert!(model.wakes_at() <= now + Duration::from_secs(1));
            prop_assert!(model.chosen() < model.picture.backends.len().max(1));
            prop_assert!(model.scroll <= usize::from(kind) % 9);
        }
    }
}
