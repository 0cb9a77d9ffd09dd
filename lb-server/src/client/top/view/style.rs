//! How things look: a tone for each meaning. Colour only underlines what a word or a sign says already. Pure.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    /// Labels and what is of less interest.
    Quiet,
    /// Titles and names.
    Strong,
    Good,
    Warn,
    Bad,
    /// A change that somebody wanted.
    Change,
}

/// Whether there are colours (NO_COLOR), and whether what is painted is old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Paint {
    pub(in super::super) colour: bool,
    pub(in super::super) old: bool,
}

impl Paint {
    /// The terminal's own sixteen colours, so that they fit its background.
    pub(super) fn style(self, tone: Tone) -> Style {
        let plain = Style::new();
        if self.old {
            return plain.add_modifier(Modifier::DIM);
        }
        let strong = plain.add_modifier(Modifier::BOLD);
        let coloured = |style: Style, colour| if self.colour { style.fg(colour) } else { style };
        match tone {
            Tone::Plain => plain,
            Tone::Quiet => plain.add_modifier(Modifier::DIM),
            Tone::Strong => strong,
            Tone::Good => coloured(plain, Color::Green),
            Tone::Warn => coloured(strong, Color::Yellow),
            Tone::Bad => coloured(strong, Color::Red),
            Tone::Change => coloured(plain, Color::Cyan),
        }
    }

    pub(super) fn span(self, text: impl Into<String>, tone: Tone) -> Span<'static> {
        Span::styled(text.into(), self.style(tone))
    }

    /// Of the line where the cursor is.
    pub(super) fn chosen() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}
