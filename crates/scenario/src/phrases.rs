//! The words that mails use for the operations of a scenario.

use crate::diagnostic::{Diagnostic, Span};
use crate::nearest::quote;

/// Words of a mail, and what to write instead.
#[derive(Debug)]
pub(crate) struct Phrase {
    /// The words of the mail, for readers.
    pub(crate) mail: &'static str,
    /// The cell must contain one word of each group, ignoring case.
    groups: &'static [&'static [&'static str]],
    /// What to write; cells stand in backquotes.
    pub(crate) cell: &'static str,
}

const fn phrase(
    mail: &'static str,
    groups: &'static [&'static [&'static str]],
    cell: &'static str,
) -> Phrase {
    Phrase { mail, groups, cell }
}

/// The first that matches is used.
pub(crate) const PHRASES: &[Phrase] = &[
    phrase(
        "read lost, corruption",
        &[&["lost", "corrupt", "stale data", "wrong data"]],
        "what must be true below the diagram: `r = buf[0]` as a last row, then `always r == 1 else lost-read`",
    ),
    phrase(
        "read syscall returns",
        &[&["return", "finished", "completes"]],
        "`}`, which closes the call that was opened with `{`",
    ),
    phrase(
        "page_count == 2, wp_page_copy (what the kernel finds, not what it is asked to do)",
        &[&["page_count", "mapcount", "refcount", "==", "!="]],
        "nothing, or a step within the call that finds it: `buf[1] = 2 {`, `page_count`, `}`",
    ),
    phrase(
        "GUP(FOLL_WRITE), DMA to vaddr+0",
        &[&["gup", "dma"]],
        "the steps `gup` and `dma` within `read(O_DIRECT, buf[0], 1) {` and `}`; or \
         `h = pin_user_pages(buf, FOLL_WRITE)` and `dma_write(h[0], 1)`",
    ),
    phrase(
        "read syscall, O_DIRECT, len = 512 bytes",
        &[&["o_direct", "read syscall", "direct i/o", "direct io", "bytes"]],
        "`read(O_DIRECT, buf[0], 1) {` and further down `}`, with the steps `gup` and `dma` in between; a \
         page has two words, `buf[0]` and `buf[1]`",
    ),
    phrase(
        "fork, the child quits",
        &[&["fork"]],
        "`C = fork()`; the child has a column `child @C`, its last cell is `exit()`, and `wait C` waits for it",
    ),
    phrase("process B quits", &[&["quit", "exits", "dies", "killed"]], "`exit()` in a column of that mm"),
    phrase("pin_user_pages(write=true), GUP pin", &[&["pin"]], "`h = pin_user_pages(buf, FOLL_WRITE)`"),
    phrase(
        "vmsplice, then the reader of the pipe",
        &[&["splice", "pipe"]],
        "`p = vmsplice(buf)`, `s = pipe_read(p[0])`",
    ),
    phrase(
        "echo 4 > /proc/PID/clear_refs, pte_wrprotect",
        &[&["clear_refs", "soft-dirty", "softdirty", "wrprotect", "write-protect"]],
        "`clear_refs(A)`, or `UFFDIO_WRITEPROTECT(A.buf, WP)` for userfaultfd",
    ),
    phrase("page is swapped out", &[&["swap", "reclaim", "paged out", "evict"]], "`reclaim(A.buf)`"),
    phrase(
        "write vaddr+512 (the other half of the page)",
        &[&["write", "writes", "store", "modif", "dirties"]],
        "`buf[1] = 2`, a store to the other word of the page",
    ),
    phrase(
        "page fault, do_wp_page, COW",
        &[&["fault", "cow"]],
        "the access that faults: `buf[1] = 2` or `x = buf[0]`",
    ),
    phrase("read vaddr", &[&["read", "load"]], "`x = buf[0]`"),
    phrase("unmap", &[&["unmap"]], "`munmap(buf)`"),
];

/// The words of mails, and what to write instead.
pub fn phrases() -> impl Iterator<Item = (&'static str, &'static str)> {
    PHRASES.iter().map(|phrase| (phrase.mail, phrase.cell))
}

/// The phrase that matches the words of a cell.
pub(crate) fn find(text: &str) -> Option<&'static Phrase> {
    let text = text.to_lowercase();
    PHRASES
        .iter()
        .find(|phrase| phrase.groups.iter().all(|group| group.iter().any(|word| text.contains(word))))
}

/// Whether a cell is prose rather than an operation.
fn is_prose(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.first() == Some(&"wait") {
        return false;
    }
    let is_word = |word: &str| {
        word.starts_with(char::is_alphabetic) && word.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let is_number = |word: &str| word.chars().all(|c| c.is_ascii_digit());
    let pairs = words.windows(2).filter(|pair| (is_word(pair[0]) || is_number(pair[0])) && is_word(pair[1]));
    pairs.count() > 0 || words.len() > 1 && !text.contains(['(', '[', '='])
}

/// The error of a cell that cannot be read, or a better one if the cell is prose.
pub(crate) fn or(text: &str, at: Span, diagnostic: Diagnostic) -> Diagnostic {
    let is_misspelt = diagnostic.help.as_ref().is_some_and(|help| help.starts_with("did you mean"));
    if is_misspelt || !is_prose(text) && !text.contains("==") {
        return diagnostic;
    }
    Diagnostic::new(at, format!("{} is not an operation", quote(text))).help(advice(text))
}

/// The advice on what to write instead of prose.
pub(crate) fn advice(text: &str) -> String {
    let remark = format!("as a remark it is written {}", quote(&format!("[{text}]")));
    match find(text) {
        Some(phrase) => format!("write {}; {remark}", phrase.cell),
        None => remark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_every_phrase() {
        let rows = phrases().map(|(mail, cell)| format!("| {mail} | {cell} |\n"));
        let table = format!("| mail | what to write |\n|---|---|\n{}", rows.collect::<String>());
        let documentation = include_str!("../../../docs/language.md");
        assert!(documentation.contains(&table), "docs/language.md lacks this table:\n{table}");
    }

    #[test]
    fn operations_are_no_prose() {
        for cell in [
            "x = buf[0]",
            "wait f",
            "wait C",
            "read(O_DIRECT, buf[0], 1)",
            "buf[0] = 1;",
            "clear_refs",
            "spin_lock(ptl)",
        ] {
            assert!(!is_prose(cell), "{cell}");
        }
        for words in [
            "read syscall",
            "write vaddrA+512",
            "len = 512 bytes",
            "DMA writing to RAM started",
            "fault on the entry",
        ] {
            assert!(is_prose(words), "{words}");
        }
    }

    /// Each phrase is found by the words that the documentation gives for it.
    #[test]
    fn every_phrase_is_found() {
        for phrase in PHRASES {
            let first = phrase.mail.split(", ").next().and_then(find).map(|found| found.mail);
            assert_eq!(first, Some(phrase.mail));
        }
    }
}
