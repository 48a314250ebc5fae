//! Replaces `$word` by the text of a variant.

use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::lex;
use crate::nearest::{did_you_mean, quote};
use crate::syntax::VariantDecl;
use crate::text::Text;

/// The longest text that a replacement may produce; a longer one is not a cell but an attack.
const MAX_BYTES: usize = 4096;

/// The text of a variant.
pub(crate) fn replace(
    text: &Text,
    decl: Option<&VariantDecl>,
    all: &[VariantDecl],
) -> Result<Text, Diagnostic> {
    if !text.as_str().contains('$') {
        return Ok(text.clone());
    }
    let tokens = lex::tokens(text)?;
    let mut replaced = Text::default();
    let mut copied = 0;
    for (i, token) in tokens.iter().enumerate().filter(|(_, t)| t.text == "$") {
        let at = token.at.clone();
        let Some(word) =
            tokens.get(i + 1).filter(|w| w.local.start == token.local.end && lex::is_word(w.text))
        else {
            return Err(Diagnostic::new(at, "expected a word after `$`")
                .help("a variant says what `$word` is replaced by"));
        };
        let at = at.start..word.at.end;
        let instead = decl.and_then(|d| d.words.iter().find(|(name, _)| name.text == word.text));
        let Some((_, instead)) = instead else { return Err(unknown(word.text, at, decl, all)) };
        replaced.push_text(text, copied..token.local.start);
        replaced.push_instead(instead.as_str(), at.clone());
        copied = word.local.end;
        if replaced.as_str().len() > MAX_BYTES {
            return Err(Diagnostic::new(at, "this is too long after its words are replaced"));
        }
    }
    replaced.push_text(text, copied..text.as_str().len());
    lex::canonical(&replaced)
}

/// The words after a `$` in a text, each with its span, which includes the `$`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    text.match_indices('$').map(|(at, _)| {
        let rest = &text[at + 1..];
        let word = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())];
        (at..at + 1 + word.len(), word)
    })
}

fn unknown(
    word: &str,
    at: std::ops::Range<usize>,
    decl: Option<&VariantDecl>,
    all: &[VariantDecl],
) -> Diagnostic {
    let shown = quote(&format!("${word}"));
    let Some(decl) = decl else {
        return Diagnostic::new(at, format!("{shown} is not defined")).help(format!(
            "define it in the header, for example `variant pin {{ ${word} = pin_user_pages_fast }}`"
        ));
    };
    let diagnostic = Diagnostic::new(at, format!("variant `{}` does not define {shown}", decl.name.text));
    let words: Vec<String> =
        all.iter().flat_map(|v| &v.words).map(|(name, _)| format!("${}", name.text)).collect();
    let word = format!("${word}");
    match did_you_mean(&word, words.iter().map(String::as_str).filter(|w| *w != word)) {
        Some(near) => diagnostic.help(near),
        None => diagnostic.help(format!("every variant must define every word: add `{word} = ..` to it")),
    }
}
