//! The text around the diagram, for one variant alone: that of a scenario with no other variant.

use unicode_width::UnicodeWidthStr;

use crate::diagnostic::Span;
use crate::lex::Name;
use crate::lower::substitute;
use crate::print;
use crate::scenario::Scenario;
use crate::syntax::{AreaText, Quote, VariantDecl};
use crate::text::Text;
use crate::variant::Variant;

/// A change of the text.
type Edit = (Span, String);

impl Scenario {
    /// Everything above the names of the columns, for a diagram in which the actions of the environment have
    /// columns of their own. The words of the variant are replaced, and the lines that declare variants are left
    /// out. Texts are folded into lines that are narrow enough for a mail.
    #[must_use]
    pub fn header_of(&self, variant: &Variant) -> String {
        let header = &self.file.header;
        let mut edits: Vec<Edit> = Vec::new();
        let environment = cowrace_mm::world::Environment {
            lru_drain: false,
            spec_ref: false,
            reclaim: 0,
            ..header.env.environment
        };
        let kept = print::environment(environment);
        for (i, line) in header.env.lines.iter().enumerate() {
            edits.push(match i {
                0 if !kept.is_empty() => (line.clone(), format!("env {}", kept.join(", "))),
                _ => (whole_lines(self.header_text(), 0, line), String::new()),
            });
        }
        let is_wide = |quote: &&Quote| {
            let lines = self.header_text().get(quote.at.clone()).unwrap_or_default().lines();
            lines.map(UnicodeWidthStr::width).any(|width| width > print::WIDTH)
        };
        let fold = |quote: &Quote| (quote.at.clone(), print::folded(&quote.keyword, &quote.text));
        edits.extend(header.quotes.iter().filter(is_wide).map(fold));
        let own = self.decl(variant);
        edits.extend(header.variants.iter().map(|decl| {
            if own.is_some_and(|own| own.name == decl.name) {
                // Expectations refer to the variant by its name.
                (decl.at.0.clone(), format!("variant {} {{ }}", decl.name.text))
            } else {
                (whole_lines(self.header_text(), 0, &decl.at.0), String::new())
            }
        }));
        if let Some(decl) = own {
            for area in header.mms.iter().flat_map(|mm| &mm.areas) {
                if let AreaText::Words(text) = area {
                    edits.extend(words(text, decl));
                }
            }
        }
        edited(self.header_text(), 0, edits)
    }

    /// Everything below the diagram. The words of the variant are replaced, and expectations of other variants are
    /// left out.
    #[must_use]
    pub fn footer_of(&self, variant: &Variant) -> String {
        let Some(decl) = self.decl(variant) else { return self.footer_text().to_owned() };
        let footer = &self.file.footer;
        let predicates = footer.predicates.iter().map(|predicate| &predicate.text);
        let texts = predicates.chain(&footer.promises).chain(&footer.windows);
        let mut edits: Vec<Edit> = texts.flat_map(|text| words(text, decl)).collect();
        let is_other = |of: &Name| *of != decl.name;
        let others = footer.expects.iter().filter(|expect| expect.variant.as_ref().is_some_and(is_other));
        edits.extend(
            others.map(|expect| {
                (whole_lines(self.footer_text(), self.footer_start, &expect.at.0), String::new())
            }),
        );
        edited(self.footer_text(), self.footer_start, edits)
    }

    fn decl(&self, variant: &Variant) -> Option<&VariantDecl> {
        let name = variant.name()?;
        self.file.header.variants.iter().find(|decl| decl.name.text == name)
    }
}

/// A statement with the rest of its last line, and its end, in a text that begins at `start` of the file.
fn whole_lines(text: &str, start: usize, at: &Span) -> Span {
    let rest = text.get(at.end.saturating_sub(start)..).unwrap_or_default();
    at.start..rest.find('\n').map_or(start + text.len(), |newline| at.end + newline + 1)
}

/// The words of a text that the variant replaces, each with its replacement.
fn words(text: &Text, decl: &VariantDecl) -> Vec<Edit> {
    let found = substitute::words(text.as_str());
    let instead = |word: &str| decl.words.iter().find(|(name, _)| name.text == word);
    let edits = found.filter_map(|(at, word)| Some((text.span(at), instead(word)?.1.as_str().to_owned())));
    edits.collect()
}

/// A text that begins at `start` of the file, with changes.
fn edited(text: &str, start: usize, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(at, _)| at.start);
    let mut out = String::new();
    let mut copied = start;
    for (at, instead) in edits {
        let Some(kept) =
            copied.checked_sub(start).and_then(|from| text.get(from..at.start.saturating_sub(start)))
        else {
            continue;
        };
        out.push_str(kept);
        out.push_str(&instead);
        copied = at.end;
    }
    out.push_str(text.get(copied.saturating_sub(start)..).unwrap_or_default());
    out
}
