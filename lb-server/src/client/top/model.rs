//! What is on the screen and what comes next: out of answers, keys and the time that has passed. Pure.
//!
//! No answer ends it: where a look fails, the last picture stays, is said to be old, and the next look is made as usual.
//! Time is what has passed since the start, as whoever drives it says. Looks are made one at a time.

use std::time::Duration;

use super::documents::Look;
use super::keys::Key;
use super::picture::{Picture, Taken};
use super::trouble::Patient;

/// After so long without an answer a picture is old, however often it is looked.
const SILENCE_MIN: Duration = Duration::from_millis(2500);
/// The longest key that is taken: the front takes no longer line.
const TYPED_CHARS_MAX: usize = 200;

/// Everything that is shown.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) picture: Picture,
    pub(super) place: Place,
    pub(super) interval: Duration,
    /// What is below the backends.
    pub(super) pane: Pane,
    /// The key to explain, while it is typed.
    pub(super) typed: Option<String>,
    pub(super) focus: Focus,
    /// How far the pane is scrolled, in lines.
    pub(super) scroll: usize,
    /// The chosen one, and where it stood when it was chosen.
    cursor: (Option<String>, usize),
    /// Why the last look came to nothing.
    failure: Option<String>,
    now: Duration,
    heard_at: Duration,
    looked_at: Duration,
    is_looking: bool,
    room: Room,
}

/// Where the balancer is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) admin: String,
    /// What a command needs behind it to ask there, too; `None`: it does so by itself.
    pub(super) flag: Option<String>,
}

/// What is below the backends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pane {
    Events,
    /// All of the chosen one.
    Detail,
    /// Where this key goes; `None`: the answer is on its way.
    Explained {
        key: String,
        said: Option<Result<String, String>>,
    },
    Help,
}

/// What the arrow keys move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Focus {
    Backends,
    Pane,
}

/// How much of it there was room for, for keys that go by the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    /// Backends in sight.
    pub(super) backends: usize,
    /// Lines of the pane in sight.
    pub(super) pane: usize,
    /// As far as it can be scrolled.
    pub(super) scroll_max: usize,
}

/// What happens to it.
#[derive(Debug)]
pub(super) enum Input {
    Key(Key),
    /// What came of a look.
    Looked(Result<Box<Look>, String>),
    /// What came of asking where a key goes.
    Explained {
        key: String,
        said: Result<String, String>,
    },
    /// Nothing, but time.
    Time,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Do {
    Ask(Question),
    Quit,
    Suspend,
    Redraw,
}

/// What the balancer is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// How all is; of the events only those after this one.
    Look { after: u64 },
    /// Where a key goes.
    Explain(String),
}

impl Model {
    /// The first look has been made at time 0.
    pub(super) fn new(look: Look, place: Place, interval: Duration) -> Self {
        Self {
            picture: Picture::new(look),
            place,
            interval,
            pane: Pane::Events,
            typed: None,
            focus: Focus::Backends,
            scroll: 0,
            cursor: (None, 0),
            failure: None,
            now: Duration::ZERO,
            heard_at: Duration::ZERO,
            looked_at: Duration::ZERO,
            is_looking: false,
            room: Room::default(),
        }
    }

    /// `now`: since the start.
    pub(super) fn step(&mut self, input: Input, now: Duration) -> Vec<Do> {
        self.now = now;
        let mut due = match input {
            Input::Key(key) => self.press(key).into_iter().collect(),
            Input::Looked(result) => {
                self.looked(result);
                Vec::new()
            }
            Input::Explained { key: asked, said } => {
                self.explained(&asked, said);
                Vec::new()
            }
            Input::Time => Vec::new(),
        };
        if !self.is_looking && now >= self.looked_at + self.interval {
            self.is_looking = true;
            self.looked_at = now;
            due.push(Do::Ask(Question::Look { after: self.picture.last_event() }));
        }
        due
    }

    /// What the last frame had room for.
    pub(super) fn drawn(&mut self, room: Room) {
        self.room = room;
        self.scroll = self.scroll.min(room.scroll_max);
    }

    /// When it wants to be woken, since the start.
    pub(super) fn wakes_at(&self) -> Duration {
        let next_look = self.looked_at + self.interval;
        // The age of an old picture counts on.
        let next_second = self.now + Duration::from_secs(1);
        if self.is_looking { next_second } else { next_look.min(next_second) }
    }

    /// For how long nothing was heard, and why, where that is too long.
    pub(super) fn silence(&self) -> Option<(Duration, &str)> {
        let silence = self.now.saturating_sub(self.heard_at);
        let patience = SILENCE_MIN.max(self.interval * 5 / 2);
        let why = self.failure.as_deref();
        (why.is_some() || silence > patience).then(|| (silence, why.unwrap_or("it doesn't answer")))
    }

    /// Where the cursor stands among the backends.
    pub(super) fn chosen(&self) -> usize {
        let last = self.picture.backends.len().saturating_sub(1);
        let is_it = |patient: &Patient| Some(&patient.backend.name) == self.cursor.0.as_ref();
        // Who was chosen and has gone leaves the cursor where it stood.
        self.picture.backends.iter().position(is_it).unwrap_or(self.cursor.1).min(last)
    }

    /// A command as it is to be typed.
    pub(super) fn typed_as(&self, command: &str) -> String {
        format!("{command}{}", self.place.flag.as_deref().unwrap_or_default())
    }

    fn looked(&mut self, result: Result<Box<Look>, String>) {
        self.is_looking = false;
        match result {
            Ok(look) => {
                self.cursor.1 = self.chosen();
                if self.picture.take(*look) == Taken::WithoutItsEvents {
                    // They are asked for at once.
                    self.looked_at = self.now.saturating_sub(self.interval);
                }
                self.failure = None;
                self.heard_at = self.now;
            }
            Err(why) => self.failure = Some(why),
        }
    }

    fn explained(&mut self, asked: &str, answer: Result<String, String>) {
        if let Pane::Explained { key, said } = &mut self.pane
            && key == asked
        {
            *said = Some(answer);
        }
    }

    fn press(&mut self, key: Key) -> Option<Do> {
        match key {
            Key::Quit => return Some(Do::Quit),
            Key::Suspend => return Some(Do::Suspend),
            Key::Redraw => return Some(Do::Redraw),
            _ if self.typed.is_some() => return self.type_on(key),
            Key::Explain => self.typed = Some(String::new()),
            Key::Help if self.pane == Pane::Help => self.show(Pane::Events, Focus::Backends),
            Key::Help => self.show(Pane::Help, Focus::Pane),
            Key::Open if self.pane == Pane::Detail => self.show(Pane::Events, Focus::Backends),
            Key::Open => self.show(Pane::Detail, Focus::Backends),
            Key::Close => self.show(Pane::Events, Focus::Backends),
            Key::Other if self.focus == Focus::Pane => self.focus = Focus::Backends,
            Key::Other => self.focus = Focus::Pane,
            _ => self.go(key),
        }
        None
    }

    fn type_on(&mut self, key: Key) -> Option<Do> {
        let typed = self.typed.as_mut()?;
        match key {
            Key::Typed(c) if typed.chars().count() < TYPED_CHARS_MAX => typed.push(c),
            Key::Erase => drop(typed.pop()),
            Key::EraseAll => typed.clear(),
            Key::Close => self.typed = None,
            Key::Enter => return self.explain(),
            _ => {}
        }
        None
    }

    fn show(&mut self, pane: Pane, focus: Focus) {
        (self.pane, self.focus, self.scroll) = (pane, focus, 0);
    }

    fn explain(&mut self) -> Option<Do> {
        let key = self.typed.take().filter(|typed| !typed.is_empty())?;
        self.show(Pane::Explained { key: key.clone(), said: None }, Focus::Pane);
        Some(Do::Ask(Question::Explain(key)))
    }

    fn go(&mut self, key: Key) {
        match self.focus {
            Focus::Backends => {
                let last = self.picture.backends.len().saturating_sub(1);
                let at = moved(key, self.chosen(), self.room.backends, last);
                self.cursor = (self.picture.backends.get(at).map(|patient| patient.backend.name.clone()), at);
            }
            Focus::Pane => self.scroll = moved(key, self.scroll, self.room.pane, self.room.scroll_max),
        }
    }
}

fn moved(key: Key, at: usize, page: usize, last: usize) -> usize {
    let page = page.max(1);
    match key {
        Key::Up => at.saturating_sub(1),
        Key::Down => at + 1,
        Key::PageUp => at.saturating_sub(page),
        Key::PageDown => at + page,
        Key::First => 0,
        Key::Last => last,
        _ => at,
    }
    .min(last)
}

#[cfg(test)]
mod tests;
