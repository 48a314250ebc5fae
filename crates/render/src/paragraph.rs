//! Breaks text into lines that are narrow enough for a terminal or for a mail.

use unicode_width::UnicodeWidthStr as _;

use crate::overlap::MAIL;

/// The largest width of a paragraph.
const WIDTH: usize = 76;

/// A paragraph in lines that are narrow enough for a terminal.
#[must_use]
pub fn wrap(text: &str) -> String {
    wrap_at(text, WIDTH)
}

/// A line in lines that are narrow enough for a mail; those after the first begin with `continued`.
#[must_use]
pub fn fold(line: &str, continued: &str) -> Vec<String> {
    if line.width() <= MAIL {
        return vec![line.to_owned()];
    }
    let folded = wrap_at(line, MAIL - continued.width());
    let begin = |at| if at == 0 { "" } else { continued };
    folded.lines().enumerate().map(|(at, line)| format!("{}{line}", begin(at))).collect()
}

/// A paragraph in lines of at most so many columns, except for words that are wider.
pub(crate) fn wrap_at(text: &str, columns: usize) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        if width > 0 && width + 1 + word.width() > columns {
            out.push('\n');
            width = 0;
        }
        if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += word.width();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_folded_if_it_is_too_wide_for_a_mail() {
        assert_eq!(fold("# short  as it is", "#   "), ["# short  as it is"]);
        let lines = fold(&("# ".to_owned() + &"word ".repeat(20)), "#   ");
        assert!(lines.len() == 2 && lines.iter().all(|line| line.len() <= MAIL), "{lines:?}");
        assert!(lines[1].starts_with("#   word"), "{lines:?}");
    }
}
