//! The picture on terminals of every size, of a balancer in every mood.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};
use serde_json::json;
use std::time::Duration;

use super::super::documents::Look;
use super::super::keys::Key;
use super::super::model::{Input, Model};
use super::super::testing::{at, backend, event, look, model, of, summary};
use super::*;

mod pictured;

const THREE: [(&str, &str, u64); 3] = [("S1", "ready", 0), ("S2", "ready", 0), ("S3", "ready", 0)];
const SIZES: [(u16, u16); 6] = [(80, 24), (120, 40), (200, 60), (20, 5), (1, 1), (80, 3)];

/// As a terminal of this size shows it.
fn drawn(model: &mut Model, (columns, rows): (u16, u16), colour: bool) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a buffer");
    let mut room = Room::default();
    terminal.draw(|frame| room = draw(model, colour, frame.buffer_mut())).expect("a buffer takes all");
    model.drawn(room);
    terminal.backend().buffer().clone()
}

fn rows(buffer: &Buffer) -> Vec<String> {
    let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..buffer.area.height).map(row).collect()
}

fn text(model: &mut Model, size: (u16, u16)) -> String {
    rows(&drawn(model, size, true)).join("\n")
}

/// S2 is down, S3 drained; one is lost and replaced.
fn trouble() -> Look {
    let mut summary = summary(60);
    summary["verdict"] = json!({
        "level": "warn", "text": "S2 keeps failing, 4 times in a row so far", "command": "lb logs S2",
        "reasons": ["S3 is drained and gets no new sessions until 'lb undrain S3'"],
    });
    let mut drained = backend(60, 3, ("S3", "ready", 0));
    drained["drained"] = true.into();
    let backends = vec![backend(60, 1, ("S1", "ready", 0)), backend(60, 2, ("S2", "down", 0)), drained];
    let events = vec![
        event(1, 30, "ready", "S1", "after 2 ms"),
        event(2, 40, "died", "S2", "killed by signal 9: \u{1b}[2J"),
        event(3, 50, "mapped", "*", "epoch 2: drain S3"),
    ];
    of(&summary, backends, events)
}

fn press(model: &mut Model, keys: &[Key]) {
    keys.iter().for_each(|key| drop(model.step(Input::Key(*key), Duration::ZERO)));
}

#[test]
fn eighty_by_twenty_four_shows_verdict_backends_and_events() {
    let shown = text(&mut model(trouble()), (80, 24));
    for words in [
        "▲ Look here: S2 keeps failing, 4 times in a row so far",
        "mend it with: lb logs S2",
        "also: S3 is drained",
        "✕ down",
        "‖ drained",
        "● ready",
        "33.3/33.3",
        "✕ S2 died: killed by signal 9",
        "◆ epoch 2: drain S3",
        "● live",
        "q quit",
    ] {
        assert!(shown.contains(words), "{words} is missing:\n{shown}");
    }
    let place = |words: &str| shown.find(words).expect("it is there");
    assert!(place("✕ down") < place("‖ drained") && place("‖ drained") < place("● ready"), "{shown}");
}

#[test]
fn a_big_terminal_shows_every_column_and_the_flow() {
    let mut model = model(look(60, &[("S1", "ready", 100)]));
    model.step(Input::Looked(Ok(Box::new(look(61, &[("S1", "ready", 142)])))), Duration::from_secs(1));
    let shown = text(&mut model, (120, 40));
    for words in ["last check", "restarts", "fails", "p50/p99", "ok 0s ago", "Requests  42 req/s, at most 42", "█"] {
        assert!(shown.contains(words), "{words} is missing:\n{shown}");
    }
}

#[test]
fn no_size_and_no_mood_panics() {
    let silent = || {
        let mut model = model(trouble());
        model.step(Input::Looked(Err("127.0.0.1:5001: Connection refused".to_owned())), Duration::from_secs(9));
        model
    };
    let nobody = || model(of(&summary(0), vec![], vec![]));
    let moods: [&dyn Fn() -> Model; 4] = [&|| model(trouble()), &silent, &nobody, &|| model(look(9, &THREE))];
    for mood in moods {
        for size in SIZES {
            for keys in [&[][..], &[Key::Open], &[Key::Help], &[Key::Explain, Key::Typed('7')]] {
                let mut model = mood();
                press(&mut model, keys);
                drawn(&mut model, size, true);
                press(&mut model, &[Key::Enter, Key::PageDown, Key::Last]);
                let rows = rows(&drawn(&mut model, size, false));
                assert_eq!(rows.len(), usize::from(size.1));
            }
        }
    }
}

#[test]
fn a_picture_without_an_answer_says_so_and_is_grey() {
    let mut model = model(look(60, &THREE));
    model.step(Input::Looked(Err("127.0.0.1:5001: Connection refused".to_owned())), Duration::from_secs(12));
    let buffer = drawn(&mut model, (80, 24), true);
    let shown = rows(&buffer);
    assert!(shown[0].contains("✕ 12s old"), "{shown:?}");
    assert!(shown[1].contains("✕ Stale: 127.0.0.1:5001: Connection refused; trying again"), "{shown:?}");
    assert!(shown[2].contains("before: 3 of 3 replicas are ready"), "{shown:?}");
    let at = shown.iter().position(|row| row.contains("S2")).expect("the last picture stays");
    assert!(buffer[(2, at as u16)].modifier.contains(Modifier::DIM));
}

#[test]
fn nobody_at_all_is_said_with_what_to_type() {
    assert!(
        text(&mut model(of(&summary(0), vec![], vec![])), (80, 24)).contains("no backend; `lb add -n 3` starts some")
    );
}

#[test]
fn a_long_name_is_cut_in_the_table_and_whole_in_the_detail() {
    let name = "a-replica-with-a-very-long-name.of.63.characters.all.of.them.ok";
    let mut model = model(look(9, &[(name, "ready", 0)]));
    let shown = text(&mut model, (80, 24));
    assert!(shown.contains("a-replica-with-a-very-l… ● ready") && !shown.contains(name), "{shown}");
    press(&mut model, &[Key::Open]);
    let shown = text(&mut model, (80, 24));
    assert!(shown.contains(name) && shown.contains("kept alive by lb"), "{shown}");
}

#[test]
fn the_detail_says_what_can_be_typed() {
    let mut model = model(trouble());
    model.place.flag = Some(" --admin unix:/x".to_owned());
    press(&mut model, &[Key::Open]);
    let shown = text(&mut model, (100, 40));
    for words in ["lb logs S2 --admin unix:/x", "lb drain S2", "failed 0s ago: no answer in 1s", "pid 23319"] {
        assert!(shown.contains(words), "{words} is missing:\n{shown}");
    }
    press(&mut model, &[Key::Down]);
    assert!(text(&mut model, (100, 40)).contains("lb undrain S3"), "it follows the cursor");
}

#[test]
fn without_colour_there_is_none_and_the_signs_are_the_same() {
    for keys in [&[][..], &[Key::Open], &[Key::Help]] {
        let mut model = model(trouble());
        press(&mut model, keys);
        let (plain, coloured) = (drawn(&mut model, (120, 40), false), drawn(&mut model, (120, 40), true));
        let has_colour =
            |buffer: &Buffer| buffer.content.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
        assert!(!has_colour(&plain));
        assert!(has_colour(&coloured) || keys == [Key::Help]);
        assert_eq!(rows(&plain), rows(&coloured), "colour carries nothing");
    }
}

#[test]
fn the_cursor_is_seen_without_colour_and_in_a_list_that_is_longer_than_the_screen() {
    let names: Vec<String> = (1..=50).map(|n| format!("S{n}")).collect();
    let members: Vec<_> = names.iter().map(|name| (&**name, "ready", 0)).collect();
    let mut model = model(look(9, &members));
    for (keys, chosen) in
        [(&[][..], "▸ S1 "), (&[Key::Last], "▸ S50 "), (&[Key::PageUp], "▸ S35 "), (&[Key::First], "▸ S1 ")]
    {
        press(&mut model, keys);
        let shown = text(&mut model, (80, 24));
        assert!(shown.contains(chosen), "{chosen} is missing:\n{shown}");
        assert!(shown.contains(&format!("{} of 50", chosen.trim_start_matches("▸ S").trim())), "{shown}");
    }
}

#[test]
fn what_is_typed_and_what_was_explained_are_shown() {
    let mut model = model(look(9, &THREE));
    press(&mut model, &[Key::Explain, Key::Typed('4'), Key::Typed('2')]);
    assert!(text(&mut model, (80, 24)).contains("key to explain: 42_"));
    press(&mut model, &[Key::Enter]);
    assert!(text(&mut model, (80, 24)).contains("asking…"));
    let said = Ok("key 42 -> hash 1 -> slot 2 -> S3 (its owner)\n\nrank  backend\n   0  S3".to_owned());
    model.step(Input::Explained { key: "42".to_owned(), said }, Duration::ZERO);
    let shown = text(&mut model, (80, 24));
    assert!(shown.contains("Where 42 goes") && shown.contains("slot 2 -> S3") && shown.contains("   0  S3"), "{shown}");
}

#[test]
fn a_picture_as_text_has_no_escape_and_ends_its_lines() {
    let shown = picture(&model(trouble()), 80);
    assert!(!shown.contains('\u{1b}') && shown.ends_with('\n'), "{shown:?}");
    assert!(shown.lines().all(|line| text::width(line) <= 80 && line.trim_end() == line), "{shown}");
    assert!(shown.contains("▲ Look here") && shown.contains("✕ down") && shown.contains("S2 died"), "{shown}");
}
