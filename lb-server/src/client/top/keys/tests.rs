//! Keys as they are pressed, while something is typed and while nothing is.

use super::*;

fn pressed(code: KeyCode, typing: bool) -> Option<Key> {
    key(&KeyEvent::new(code, KeyModifiers::NONE), typing)
}

fn with_control(c: char, typing: bool) -> Option<Key> {
    key(&KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL), typing)
}

#[test]
fn keys_are_those_that_people_know() {
    for (code, wanted) in [
        (KeyCode::Up, Key::Up),
        (KeyCode::Char('j'), Key::Down),
        (KeyCode::Char('G'), Key::Last),
        (KeyCode::Enter, Key::Open),
        (KeyCode::Char('x'), Key::Open),
        (KeyCode::Char('/'), Key::Explain),
        (KeyCode::Char('e'), Key::Explain),
        (KeyCode::Char('?'), Key::Help),
        (KeyCode::F(1), Key::Help),
        (KeyCode::Char('q'), Key::Quit),
        (KeyCode::F(10), Key::Quit),
        (KeyCode::Esc, Key::Close),
        (KeyCode::Tab, Key::Other),
    ] {
        assert_eq!(pressed(code, false), Some(wanted), "{code:?}");
    }
    assert_eq!(pressed(KeyCode::Char('ü'), false), None);
}

#[test]
fn what_is_typed_is_text_and_no_command() {
    for c in ['q', '?', '/', 'j', ' ', 'ü'] {
        assert_eq!(pressed(KeyCode::Char(c), true), Some(Key::Typed(c)));
    }
    assert_eq!(pressed(KeyCode::Enter, true), Some(Key::Enter));
    assert_eq!(pressed(KeyCode::Backspace, true), Some(Key::Erase));
    assert_eq!(pressed(KeyCode::Up, true), None);
    assert_eq!(with_control('u', true), Some(Key::EraseAll));
}

#[test]
fn control_c_always_quits_and_control_z_suspends() {
    for typing in [false, true] {
        assert_eq!(with_control('c', typing), Some(Key::Quit));
        assert_eq!(with_control('z', typing), Some(Key::Suspend));
        assert_eq!(with_control('q', typing), None);
    }
}

#[test]
fn letting_a_key_go_is_nothing() {
    let released = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
    assert_eq!(key(&released, false), None);
}
