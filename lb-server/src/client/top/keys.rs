//! Which key means what: htop's, k9s's and less's where they agree. Pure.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    /// The other part of the screen.
    Other,
    /// More of what is chosen.
    Open,
    /// Less again.
    Close,
    Explain,
    Help,
    Quit,
    /// To the shell, until `fg`.
    Suspend,
    /// All of the screen anew.
    Redraw,
    /// A character, while a key to explain is typed.
    Typed(char),
    /// The last one away again.
    Erase,
    /// All of it.
    EraseAll,
    Enter,
}

/// `typing`: letters are text.
pub(super) fn key(event: &KeyEvent, typing: bool) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    if event.modifiers.contains(KeyModifiers::CONTROL) {
        return control(event.code, typing);
    }
    Some(match event.code {
        KeyCode::Esc => Key::Close,
        KeyCode::Enter if typing => Key::Enter,
        KeyCode::Backspace if typing => Key::Erase,
        KeyCode::Char(c) if typing => Key::Typed(c),
        _ if typing => return None,
        KeyCode::Up | KeyCode::Char('k') => Key::Up,
        KeyCode::Down | KeyCode::Char('j') => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown | KeyCode::Char(' ') => Key::PageDown,
        KeyCode::Home | KeyCode::Char('g') => Key::First,
        KeyCode::End | KeyCode::Char('G') => Key::Last,
        KeyCode::Tab | KeyCode::BackTab => Key::Other,
        KeyCode::Enter | KeyCode::Char('x' | 'd') => Key::Open,
        KeyCode::Char('/' | 'e') => Key::Explain,
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => Key::Help,
        KeyCode::Char('q') | KeyCode::F(10) => Key::Quit,
        _ => return None,
    })
}

/// In raw mode the kernel makes no signals of these.
fn control(code: KeyCode, typing: bool) -> Option<Key> {
    match code {
        KeyCode::Char('c' | '\\') => Some(Key::Quit),
        KeyCode::Char('z') => Some(Key::Suspend),
        KeyCode::Char('l') => Some(Key::Redraw),
        KeyCode::Char('u') if typing => Some(Key::EraseAll),
        KeyCode::Char('h') if typing => Some(Key::Erase),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
