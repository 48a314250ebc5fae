//! The text of a baseline: entries come and go, and all else stays as it was written.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TomlError, value};

use super::entry::{Entry, MADE_OF};

/// The name of the tables in the file.
const KNOWN: &str = "known";

/// What a file begins with that did not exist.
const HEADER: &str =
    "# Failures of `cowrace check --baseline` that are known. Each has a reason and an owner.\n\n";

/// A file with entries.
#[derive(Debug)]
pub(super) struct Text {
    document: DocumentMut,
    /// Whether lines end in CR and LF, as the first one does.
    has_cr: bool,
}

impl Text {
    /// Parses a file.
    ///
    /// # Errors
    ///
    /// If it is not TOML.
    pub(super) fn parse(text: &str) -> Result<Self, TomlError> {
        let has_cr = text.split_once('\n').is_some_and(|(first, _)| first.ends_with('\r'));
        Ok(Self { document: text.replace("\r\n", "\n").parse()?, has_cr })
    }

    /// The text as a file has it.
    pub(super) fn written(&self) -> String {
        let text = self.document.to_string();
        if self.has_cr { text.replace('\n', "\r\n") } else { text }
    }

    /// Says of an entry what its era consists of.
    pub(super) fn say_made_of(&mut self, at: usize, made_of: &str) {
        let tables = self.document.get_mut(KNOWN).and_then(Item::as_array_of_tables_mut);
        if let Some(table) = tables.and_then(|tables| tables.get_mut(at)) {
            table.insert(MADE_OF, value(made_of));
        }
    }

    /// Adds entries at the end, and then takes out those of these numbers, which rise. A comment goes with the entry that it
    /// stands directly above; one with a blank line below it belongs to the file. Returns how many entries there are, or
    /// `None` if they are not written as tables.
    pub(super) fn change(&mut self, new: &[&Entry], gone: &[usize]) -> Option<usize> {
        let mut trailing = self.document.trailing().as_str().unwrap_or_default().to_owned();
        let is_fresh = self.document.is_empty() && trailing.is_empty();
        let tables = self.document.entry(KNOWN).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        let tables = tables.as_array_of_tables_mut()?;
        new.iter().for_each(|entry| tables.push(entry.table()));
        if let Some(first) = tables.get_mut(0).filter(|_| is_fresh) {
            first.decor_mut().set_prefix(HEADER);
        }
        for &at in gone.iter().rev() {
            let above = tables.get(at).map(above).unwrap_or_default();
            tables.remove(at);
            let Some(kept) = of_file(&above) else { continue };
            match tables.get_mut(at) {
                Some(next) => {
                    let joined = format!("{kept}{}", self::above(next).trim_start_matches('\n'));
                    next.decor_mut().set_prefix(joined);
                }
                None => trailing = format!("{kept}{}", trailing.trim_start_matches('\n')),
            }
        }
        let all = tables.len();
        self.document.set_trailing(trailing);
        Some(all)
    }
}

/// What stands above a table, up to the one before it.
fn above(table: &Table) -> String {
    table.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned()
}

/// What belongs to the file of what stands above an entry: all up to the last blank line, if there is a comment in it.
fn of_file(above: &str) -> Option<&str> {
    let mut end = 0;
    let mut at = 0;
    for line in above.split_inclusive('\n') {
        at += line.len();
        if line.trim().is_empty() {
            end = at;
        }
    }
    Some(&above[..end]).filter(|kept| kept.contains('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, gone: &[usize]) -> String {
        let mut text = Text::parse(text).expect("it is TOML");
        text.change(&[], gone).expect("it has tables");
        text.written()
    }

    #[test]
    fn a_comment_goes_with_the_entry_that_it_stands_above() {
        let text = "# Known.\n\n# of a\n[[known]]\na = 1\n\n# Part two.\n\n# of b\n[[known]]\nb = 1 # mark\n\n# of c\n\
                    [[known]]\nc = 1\n# The end.\n";
        assert_eq!(without(text, &[]), text);
        let parts: Vec<&str> = text.split_inclusive("\n\n").collect();
        let [head, a, part, b, c] = parts[..] else { panic!("{parts:?}") };
        assert_eq!(without(text, &[0]), [head, part, b, c].concat());
        assert_eq!(without(text, &[1]), [head, a, part, c].concat());
        assert_eq!(without(text, &[0, 1]), [head, part, c].concat());
        assert_eq!(without(text, &[2]), [head, a, part, b.trim_end(), "\n# The end.\n"].concat());
        assert_eq!(without(text, &[0, 1, 2]), [head, part, "# The end.\n"].concat());
    }

    #[test]
    fn lines_end_as_they_did() {
        let text = "# Known.\r\n\r\n[[known]]\r\na = 1\r\n\r\n[[known]]\r\nb = 1\r\n";
        assert_eq!(without(text, &[]), text);
        assert_eq!(without(text, &[0]), "# Known.\r\n\r\n[[known]]\r\nb = 1\r\n");
    }
}
