//! The terminal: taken over, drawn on, and given back as it was, whatever ends the picture (also a panic). Thin.

use std::io::{self, stdout};

use ratatui::DefaultTerminal;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, enable_raw_mode};
use ratatui::layout::Rect;
use rustix::process::{Signal, kill_current_process_group};

use super::model::Model;
use super::view;

/// The terminal, ours until it is dropped.
#[derive(Debug)]
pub(super) struct Screen {
    terminal: DefaultTerminal,
    colour: bool,
}

impl Screen {
    /// From now on keys come one by one and unechoed, and what was on the screen is kept aside.
    pub(super) fn enter(colour: bool) -> io::Result<Self> {
        let terminal = ratatui::try_init().inspect_err(|_| give_back())?;
        Ok(Self { terminal, colour })
    }

    /// Draws what has changed, and tells the model what there was room for.
    pub(super) fn draw(&mut self, model: &mut Model) -> io::Result<()> {
        let mut room = None;
        self.terminal.draw(|frame| room = Some(view::draw(model, self.colour, frame.buffer_mut())))?;
        if let Some(room) = room {
            model.drawn(room);
        }
        Ok(())
    }

    /// All of it anew at the next draw. The terminal's own `clear` would ask where the cursor is, and the answer would come
    /// among the keys, which somebody else reads.
    pub(super) fn redraw(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }

    /// Gives the terminal back, stops, and takes it over again when the shell lets us go on.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        self.terminal.show_cursor()?;
        // As the kernel does for Ctrl-Z. Where no shell would wake us (an orphaned group), it doesn't stop us either.
        kill_current_process_group(Signal::TSTP)?;
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen)?;
        self.terminal.hide_cursor()?;
        self.redraw()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
        // The cursor is shown again by the terminal's own drop.
    }
}

/// A terminal that is gone needs nothing back.
fn give_back() {
    let _gone = ratatui::try_restore();
}
