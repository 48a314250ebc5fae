//! Invisible characters: they come with text from web pages and mails, and make words differ that look the same.

use crate::diagnostic::Diagnostic;

/// Those that are not control characters, by name.
const NAMES: [(char, &str); 17] = [
    ('\u{ad}', "SOFT HYPHEN"),
    ('\u{200b}', "ZERO WIDTH SPACE"),
    ('\u{200c}', "ZERO WIDTH NON-JOINER"),
    ('\u{200d}', "ZERO WIDTH JOINER"),
    ('\u{200e}', "LEFT-TO-RIGHT MARK"),
    ('\u{200f}', "RIGHT-TO-LEFT MARK"),
    ('\u{202a}', "LEFT-TO-RIGHT EMBEDDING"),
    ('\u{202b}', "RIGHT-TO-LEFT EMBEDDING"),
    ('\u{202c}', "POP DIRECTIONAL FORMATTING"),
    ('\u{202d}', "LEFT-TO-RIGHT OVERRIDE"),
    ('\u{202e}', "RIGHT-TO-LEFT OVERRIDE"),
    ('\u{2060}', "WORD JOINER"),
    ('\u{2066}', "LEFT-TO-RIGHT ISOLATE"),
    ('\u{2067}', "RIGHT-TO-LEFT ISOLATE"),
    ('\u{2068}', "FIRST STRONG ISOLATE"),
    ('\u{2069}', "POP DIRECTIONAL ISOLATE"),
    ('\u{feff}', "ZERO WIDTH NO-BREAK SPACE"),
];

/// An error at the first invisible character of a file. A byte order mark at its start is allowed.
pub(crate) fn first(source: &str) -> Option<Diagnostic> {
    let body = source.strip_prefix('\u{feff}').unwrap_or(source);
    let begin = source.len() - body.len();
    let mut found = body.char_indices().filter(|&(at, c)| is_invisible(c) && !ends_a_line(&body[at..], c));
    let (at, c) = found.next()?;
    let more = found.count();
    let name = NAMES.iter().find(|(other, _)| *other == c).map_or("CONTROL CHARACTER", |(_, name)| name);
    let point = u32::from(c);
    let span = begin + at..begin + at + c.len_utf8();
    let all = match more {
        0 => "delete it".to_owned(),
        more => format!("delete it, and {more} more like it in this file"),
    };
    Some(
        Diagnostic::new(span, format!("an invisible character, U+{point:04X} {name}"))
            .label("here")
            .help(all),
    )
}

fn is_invisible(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n') || NAMES.iter().any(|(other, _)| *other == c)
}

fn ends_a_line(rest: &str, c: char) -> bool {
    c == '\r' && rest[1..].chars().next().is_none_or(|next| next == '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_named() {
        let found = first("race r\r\nx\u{200b} = 1\u{200b}").expect("an error");
        assert_eq!(found.message, "an invisible character, U+200B ZERO WIDTH SPACE");
        assert_eq!(
            (found.span, found.help.as_deref()),
            (9..12, Some("delete it, and 1 more like it in this file"))
        );
        assert_eq!(
            first("title \"\u{1b}[31m\"").expect("an error").message,
            "an invisible character, U+001B CONTROL CHARACTER"
        );
        assert_eq!(first("\u{feff}race r\r\n\ta\n"), None);
    }
}
