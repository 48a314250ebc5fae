//! Areas: the state of memory when the race starts.

use cowrace_mm::world::{Backing, Populate};

use crate::diagnostic::Diagnostic;
use crate::grammar::{Parsed, cut, expected, need, number, peek, run, symbol, word};
use crate::lex::{Input, Kind, Name};
use crate::nearest::{choose, quote};
use crate::syntax::{AreaDecl, Attr};
use crate::text::Text;

/// The kinds of areas.
const KINDS: [(&str, Backing, Populate); 10] = [
    ("anon", Backing::Anon, Populate::Mapped),
    ("none", Backing::Anon, Populate::None),
    ("zero", Backing::Anon, Populate::ZeroPage),
    ("swapped", Backing::Anon, Populate::Swapped),
    ("swapcached", Backing::Anon, Populate::SwapCached),
    ("file", Backing::PrivateFile, Populate::Mapped),
    ("hugetlb", Backing::Hugetlb, Populate::Mapped),
    ("thp", Backing::Anon, Populate::Mapped),
    ("thp_pte", Backing::Anon, Populate::PteMapped),
    ("thp_none", Backing::Anon, Populate::None),
];

/// Whether a kind of area is one that a transparent huge page may back.
pub(crate) fn is_thp(kind: &str) -> bool {
    matches!(kind, "thp" | "thp_pte" | "thp_none")
}

/// The words after the kind: the name, whether columns may follow in parentheses (`None`: they must), and the kinds that
/// the word can be combined with.
const ATTRS: [(&str, Option<bool>, &[&str]); 11] = [
    ("wrprotected", Some(false), &["anon", "hugetlb", "thp", "thp_pte"]),
    ("prevshared", Some(false), &["anon", "swapped", "swapcached", "hugetlb", "thp", "thp_pte"]),
    ("clean", Some(false), &["anon", "thp", "thp_pte"]),
    ("soft_clean", Some(false), &["anon", "zero", "swapped", "swapcached", "thp", "thp_pte"]),
    ("lazyfree", Some(false), &["anon", "thp", "thp_pte"]),
    (
        "read_only",
        Some(false),
        &["anon", "none", "zero", "swapped", "swapcached", "file", "hugetlb", "thp", "thp_pte", "thp_none"],
    ),
    (
        "uffd_wp",
        Some(false),
        &["anon", "none", "zero", "swapped", "swapcached", "thp", "thp_pte", "thp_none"],
    ),
    ("adjacent", Some(false), &["anon", "none", "zero", "swapped", "swapcached", "file"]),
    ("wp_unpopulated", Some(false), &["anon", "none", "zero", "swapped", "swapcached"]),
    ("lru_batch", None, &["anon"]),
    ("warm", Some(true), &["anon", "zero", "file", "hugetlb", "thp"]),
];

/// Why a word cannot be combined with a kind that is not among its kinds.
fn why_not(word: &str, kind: &str) -> &'static str {
    match (word, kind) {
        ("clean" | "soft_clean" | "lazyfree", "none" | "thp_none") => "nothing is mapped at the start",
        ("wrprotected", _) => "only a mapped, exclusive page can be write-protected at the start",
        ("prevshared", _) => "only an anonymous page can have been shared with a child",
        ("clean", "hugetlb") => "the entry of a huge page of hugetlb is always dirty here",
        ("clean", _) => "only the PTE of an anonymous page is dirty at the start",
        ("soft_clean", "hugetlb") => "no soft-dirty bit is kept for huge pages of hugetlb",
        ("soft_clean", _) => "only anonymous memory is soft-dirty at the start",
        ("lazyfree", "hugetlb") => "`MADV_FREE` of huge pages of hugetlb fails with `EINVAL`",
        ("lazyfree", _) => "`MADV_FREE` marks mapped anonymous pages",
        ("uffd_wp" | "wp_unpopulated", "hugetlb") => {
            "write-protection of hugetlb by userfaultfd is not modelled"
        }
        ("wp_unpopulated", kind) if is_thp(kind) => "the model has that feature for base pages only",
        ("uffd_wp" | "wp_unpopulated", _) => {
            "the model has write-protection by userfaultfd for anonymous memory only"
        }
        ("adjacent", _) => HAS_OWN_TABLE,
        ("lru_batch", "hugetlb") => "a page of hugetlb is on no LRU list, and in no batch",
        ("lru_batch", "thp" | "thp_pte") => "a huge page goes to an LRU list at once, and not into a batch",
        ("lru_batch", _) => "only a mapped anonymous page can be in an LRU batch at the start",
        ("warm", "thp_pte") => "the model has no TLB entry at the start for a huge page that PTEs map",
        ("warm", _) => "a TLB has entries for mapped pages only",
        _ => "",
    }
}

/// Why an area is not in the page table of one of huge pages.
pub(crate) const HAS_OWN_TABLE: &str =
    "an area of huge pages shares its page table with no other area; leave out `adjacent`";

/// Reads `NAME: KIND WORD.. [= W0, W1]`.
pub(crate) fn read(text: &Text) -> Result<AreaDecl, Diagnostic> {
    run(text, area).and_then(check)
}

fn area(input: &mut Input<'_, '_>) -> Parsed<AreaDecl> {
    let Ok(name) = word(input) else { return expected(input, "the name of an area") };
    if symbol(":")(input).is_err() {
        return cut(Diagnostic::new(name.at.clone(), format!("area {} has no kind", quote(&name.text)))
            .help(format!("for example, `{}: anon`", name.text)));
    }
    let Ok(kind) = word(input) else { return expected(input, "the kind of the area, such as `anon`") };
    let Some(&(_, backing, populate)) = KINDS.iter().find(|k| k.0 == kind.text) else {
        let help = choose(&kind.text, "the kinds are", KINDS.iter().map(|k| k.0));
        return cut(Diagnostic::new(kind.at.clone(), format!("unknown kind of area {}", quote(&kind.text)))
            .maybe_help(help));
    };
    let mut decl = AreaDecl { name, kind, backing, populate, attrs: Vec::new(), words: [0, 0] };
    loop {
        // Commas may separate the words as well as blanks.
        let comma = symbol(",")(input).is_ok();
        match peek(input).kind {
            Kind::Word => decl.attrs.push(attr(input)?),
            Kind::End if !comma => return Ok(decl),
            Kind::Symbol if !comma && peek(input).text == "=" => break,
            _ => return expected(input, "a word for the state of the area, `=` or the end"),
        }
    }
    need(input, "=")?;
    let Ok((first, _)) = number(input) else {
        return expected(input, "the two words of the page, such as `= 0, 0`");
    };
    need(input, ",")?;
    let Ok((second, _)) = number(input) else { return expected(input, "the second word of the page") };
    decl.words = [first, second];
    Ok(decl)
}

fn attr(input: &mut Input<'_, '_>) -> Parsed<Attr> {
    let name = word(input)?;
    let Some(&(_, takes, _)) = ATTRS.iter().find(|a| a.0 == name.text) else {
        let name = dashed(name, input)?;
        let help = choose(&name.text, "an area can be", ATTRS.iter().map(|a| a.0));
        return cut(Diagnostic::new(
            name.at.clone(),
            format!("unknown state of an area {}", quote(&name.text)),
        )
        .maybe_help(help));
    };
    let mut columns = None;
    if peek(input).text == "(" {
        if takes == Some(false) {
            return cut(Diagnostic::new(
                peek(input).at.clone(),
                format!("{} takes no column", quote(&name.text)),
            ));
        }
        need(input, "(")?;
        let mut list = vec![column(input)?];
        while symbol(",")(input).is_ok() {
            list.push(column(input)?);
        }
        need(input, ")")?;
        columns = Some(list);
    }
    if takes.is_none() && columns.as_ref().is_none_or(|c| c.len() != 1) {
        return cut(Diagnostic::new(name.at.clone(), format!("{} of which column?", quote(&name.text)))
            .help(format!("a batch belongs to one CPU; for example, `{}(thread0)`", name.text)));
    }
    Ok(Attr { name, columns })
}

/// The name of a column, blanks in it written `_` or `-`.
fn column(input: &mut Input<'_, '_>) -> Parsed<Name> {
    let Ok(name) = word(input) else { return expected(input, "the name of a column") };
    dashed(name, input)
}

/// A name with the dashes that follow it, and what stands between them.
fn dashed(mut name: Name, input: &mut Input<'_, '_>) -> Parsed<Name> {
    while let Ok(dash) = symbol("-")(input) {
        name.text.push('-');
        name.at.end = dash.end;
        if let Kind::Word | Kind::Number(_) = peek(input).kind {
            let next = peek(input);
            name.text.push_str(next.text);
            name.at.end = next.at.end;
            let skipped: Parsed<_> = winnow::Parser::parse_next(&mut winnow::token::any, input);
            skipped?;
        }
    }
    Ok(name)
}

/// Refuses combinations that make no sense.
fn check(decl: AreaDecl) -> Result<AreaDecl, Diagnostic> {
    let kind = decl.kind.text.as_str();
    for (i, attr) in decl.attrs.iter().enumerate() {
        let name = attr.name.text.as_str();
        if decl.attrs[..i].iter().any(|a| a.name == attr.name) {
            return Err(Diagnostic::new(attr.name.at.clone(), format!("{} is given twice", quote(name))));
        }
        if let Some((.., kinds)) = ATTRS.iter().find(|a| a.0 == name)
            && !kinds.contains(&kind)
        {
            return Err(Diagnostic::new(
                attr.name.at.clone(),
                format!("`{kind}` and `{name}` cannot be combined"),
            )
            .help(why_not(name, kind)));
        }
        if name == "wp_unpopulated" && !decl.attrs.iter().any(|other| other.name.text == "uffd_wp") {
            let message = "`wp_unpopulated` is a feature of userfaultfd's write-protection";
            return Err(Diagnostic::new(attr.name.at.clone(), message.to_owned())
                .help(format!("write `{kind} uffd_wp wp_unpopulated`")));
        }
    }
    if matches!(decl.populate, Populate::None | Populate::ZeroPage) && decl.words != [0, 0] {
        return Err(Diagnostic::new(
            decl.name.at.clone(),
            format!("the words of `{kind}` memory are always 0"),
        )
        .help(if is_thp(kind) {
            "`thp` memory has its own huge page, with words that can be set"
        } else {
            "`anon` memory has its own page, with words that can be set"
        }));
    }
    Ok(decl)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_combined_has_a_reason() {
        for (word, _, kinds) in ATTRS {
            assert!(kinds.iter().all(|kind| KINDS.iter().any(|known| known.0 == *kind)), "{word}");
            for (kind, ..) in KINDS.iter().filter(|kind| !kinds.contains(&kind.0)) {
                assert!(!why_not(word, kind).is_empty(), "{kind} {word}");
            }
        }
    }
}
