//! Colours for terminals.

use anstyle::{AnsiColor, Effects, Style};

/// Whether text gets colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paint {
    /// It stays plain.
    #[default]
    Plain,
    /// It gets colours, by escape sequences of terminals.
    Colours,
}

/// What a text says, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A violation.
    Bad,
    /// It holds.
    Good,
    /// There is no answer, or none that was expected.
    Open,
    /// A heading.
    Heading,
    /// Something less important.
    Faint,
}

impl Tone {
    const fn style(self) -> Style {
        let plain = Style::new();
        match self {
            Self::Bad => AnsiColor::Red.on_default().effects(Effects::BOLD),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Open => AnsiColor::Yellow.on_default(),
            Self::Heading => plain.effects(Effects::BOLD),
            Self::Faint => plain.effects(Effects::DIMMED),
        }
    }
}

impl Paint {
    /// A text, which must not be laid out any more: colours have no width, and count as characters.
    #[must_use]
    pub fn text(self, tone: Tone, text: &str) -> String {
        match self {
            Self::Colours if !text.is_empty() => {
                let style = tone.style();
                format!("{style}{text}{style:#}")
            }
            Self::Colours | Self::Plain => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(Paint::Plain.text(Tone::Bad, "x"), "x");
        assert_eq!(Paint::Colours.text(Tone::Bad, ""), "");
        assert_eq!(Paint::Colours.text(Tone::Bad, "x"), "\u{1b}[1m\u{1b}[31mx\u{1b}[0m");
    }
}
