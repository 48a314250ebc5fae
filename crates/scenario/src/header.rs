//! The statements above the columns.

use cowrace_mm::world::{Environment, MAX_MMS};

use crate::area;
use crate::diagnostic::{Diagnostic, Report};
use crate::lex::{self, Name};
use crate::nearest::{choose, quote};
use crate::scan::Statement;
use crate::subject::Subject;
use crate::syntax::{AreaText, At, Header, MmDecl, Quote, VariantDecl};
use crate::text::Text;

/// The largest N of `env reclaim<=N`; more runs find nothing new, and cost very many executions.
const MAX_RECLAIM: u64 = 9;

/// The largest number of variants in a file.
const MAX_VARIANTS: usize = 16;

/// The largest number of words that a variant replaces.
const MAX_WORDS: usize = 32;

/// Reads the header.
pub(crate) fn read(statements: &[Statement], report: &mut Report) -> Header {
    let mut header = Header::default();
    for statement in statements {
        if report.is_full() {
            break;
        }
        let result = match statement.keyword.text.as_str() {
            "race" => race(statement, &mut header),
            "title" => title(statement, &mut header),
            "subject" => subject(statement, &mut header),
            "link" => link(statement, &mut header),
            "from" => string(statement, &mut header).map(|text| header.from.push(text)),
            "note" => string(statement, &mut header).map(|text| header.notes.push(text)),
            "mm" => mm(statement, &mut header, report),
            "env" => env(statement, &mut header, report),
            _ => variant(statement, &mut header),
        };
        if result.is_err() && statement.keyword.text == "mm" {
            header.damaged = true;
        }
        report.ok(result);
    }
    header
}

fn twice(statement: &Statement) -> Diagnostic {
    Diagnostic::new(statement.keyword.at.clone(), format!("a second `{}`", statement.keyword.text))
        .help("a file has only one")
}

fn body(statement: &Statement) -> Text {
    statement.body.trimmed(0..statement.body.as_str().len())
}

fn race(statement: &Statement, header: &mut Header) -> Result<(), Diagnostic> {
    if header.name.is_some() {
        return Err(twice(statement));
    }
    let text = body(statement);
    let name = text.as_str();
    let good = name.len() <= 100
        && name.starts_with(char::is_alphanumeric)
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if !good {
        let at = if name.is_empty() { statement.keyword.at.clone() } else { text.whole() };
        return Err(Diagnostic::new(at, "expected the name of the race").help(
            "a name is one word of letters, digits, `-`, `_` and `.`; for example, \
             `race odirect-clear-refs-lost-read`",
        ));
    }
    header.name = Some(Name::new(name, text.whole()));
    Ok(())
}

fn title(statement: &Statement, header: &mut Header) -> Result<(), Diagnostic> {
    if header.title.is_some() {
        return Err(twice(statement));
    }
    header.title = Some(string(statement, header)?);
    Ok(())
}

fn subject(statement: &Statement, header: &mut Header) -> Result<(), Diagnostic> {
    if header.subject.is_some() {
        return Err(twice(statement));
    }
    let text = body(statement);
    let Some(subject) = Subject::named(text.as_str()) else {
        let at = if text.as_str().is_empty() { statement.keyword.at.clone() } else { text.whole() };
        let names = Subject::ALL.map(Subject::name);
        return Err(Diagnostic::new(at, "expected a subject").maybe_help(choose(
            text.as_str(),
            "the subjects are",
            names,
        )));
    };
    header.subject = Some(subject);
    Ok(())
}

fn link(statement: &Statement, header: &mut Header) -> Result<(), Diagnostic> {
    let text = body(statement);
    if text.as_str().is_empty() || text.as_str().contains(char::is_whitespace) {
        let at = if text.as_str().is_empty() { statement.keyword.at.clone() } else { text.whole() };
        return Err(Diagnostic::new(at, "expected one link")
            .help("for example, `link lkml:20210107200402.31095-1-aarcange@redhat.com`"));
    }
    header.links.push(text.as_str().to_owned());
    Ok(())
}

/// A text in quotes. Several quoted parts are joined by blanks. `\"` stands for a quote and `\\` for a backslash.
fn string(statement: &Statement, header: &mut Header) -> Result<String, Diagnostic> {
    let text = body(statement);
    let keyword = &statement.keyword.text;
    let at = if text.as_str().is_empty() { statement.keyword.at.clone() } else { text.whole() };
    let wrong = |message: String| {
        Err(Diagnostic::new(at, message).help(format!("for example, `{keyword} \"some text\"`")))
    };
    let mut chars = text.as_str().chars();
    if chars.next() != Some('"') {
        return wrong(format!("expected a text in quotes after `{keyword}`"));
    }
    let mut value = String::new();
    loop {
        match chars.next() {
            None | Some('\n') => return wrong("the quote is not closed".to_owned()),
            Some('"') => {
                let Some(next) = chars.as_str().trim_start().strip_prefix('"') else { break };
                value.push(' ');
                chars = next.chars();
            }
            Some('\\') => match chars.next() {
                Some(c @ ('"' | '\\')) => value.push(c),
                _ => return wrong("a backslash must be followed by a quote or a backslash".to_owned()),
            },
            Some(c) => value.push(c),
        }
    }
    if !chars.as_str().is_empty() {
        return wrong("unexpected text after the quotes".to_owned());
    }
    let (at, keyword) = (statement.span.clone(), keyword.clone());
    header.quotes.push(Quote { at, keyword, text: value.clone() });
    Ok(value)
}

fn mm(statement: &Statement, header: &mut Header, report: &mut Report) -> Result<(), Diagnostic> {
    let text = body(statement);
    let end = text.as_str().find(['{', '=']).unwrap_or(text.as_str().len());
    let name = text.trimmed(0..end);
    let usage = "for example, `mm A { buf: anon }` or `mm B = fork(A)`";
    if !lex::is_word(name.as_str()) {
        let at = if name.as_str().is_empty() { statement.keyword.at.clone() } else { name.whole() };
        return Err(Diagnostic::new(at, "expected the name of an mm").help(usage));
    }
    let name = Name::new(name.as_str(), name.whole());
    if header.mms.iter().any(|m| m.name == name) {
        return Err(Diagnostic::new(name.at, format!("a second mm {}", quote(&name.text))));
    }
    if header.mms.len() == MAX_MMS {
        return Err(
            Diagnostic::new(name.at, "too many mms").help(format!("a scenario has at most {MAX_MMS}"))
        );
    }
    let rest = text.trimmed(end..text.as_str().len());
    let mut decl = MmDecl { name, parent: None, areas: Vec::new() };
    let result = if rest.as_str().starts_with('=') {
        forked(&rest, header, usage).map(|parent| decl.parent = Some(parent))
    } else {
        block(&rest, statement, usage).map(|inner| {
            for part in inner.split(&[';', '\n']) {
                if part.as_str().is_empty() || report.is_full() {
                    continue;
                }
                match area_text(&part) {
                    Ok(area) => decl.areas.push(area),
                    Err(diagnostic) => {
                        report.push(diagnostic);
                        header.damaged = true;
                    }
                }
            }
        })
    };
    header.mms.push(decl);
    result
}

fn area_text(text: &Text) -> Result<AreaText, Diagnostic> {
    if text.as_str().contains('$') {
        lex::canonical(text).map(AreaText::Words)
    } else {
        area::read(text).map(AreaText::Read)
    }
}

/// The text between the braces.
fn block(rest: &Text, statement: &Statement, usage: &str) -> Result<Text, Diagnostic> {
    let text = rest.as_str();
    let at = || if text.is_empty() { statement.span.clone() } else { rest.whole() };
    if !text.starts_with('{') {
        return Err(Diagnostic::new(at(), "expected `{`").help(usage));
    }
    let Some(end) = text.find('}') else {
        return Err(Diagnostic::new(rest.span(0..1), "`{` is never closed").help(usage));
    };
    if end + 1 < text.len() {
        return Err(Diagnostic::new(rest.trimmed(end + 1..text.len()).whole(), "unexpected text after `}`"));
    }
    Ok(rest.trimmed(1..end))
}

fn forked(rest: &Text, header: &Header, usage: &str) -> Result<Name, Diagnostic> {
    let inner = rest.trimmed(1..rest.as_str().len());
    let text = inner.as_str();
    let parent = text
        .strip_prefix("fork")
        .map(str::trim_start)
        .and_then(|t| t.strip_prefix('('))
        .and_then(|t| t.strip_suffix(')'));
    let Some(parent) = parent else {
        let at = if text.is_empty() { rest.whole() } else { inner.whole() };
        return Err(Diagnostic::new(at, "expected `fork(..)`").help(usage));
    };
    let start = text.len() - 1 - parent.len();
    let name = inner.trimmed(start..start + parent.len());
    if header.mms.iter().any(|m| m.name.text == name.as_str()) {
        return Ok(Name::new(name.as_str(), name.whole()));
    }
    let help = choose(
        name.as_str(),
        "the mms declared above it are",
        header.mms.iter().map(|m| m.name.text.as_str()),
    )
    .unwrap_or_else(|| "declare the parent above its child".to_owned());
    let at = if name.as_str().is_empty() { inner.whole() } else { name.whole() };
    Err(Diagnostic::new(at, format!("unknown mm {}", quote(name.as_str()))).help(help))
}

fn env(statement: &Statement, header: &mut Header, report: &mut Report) -> Result<(), Diagnostic> {
    let text = body(statement);
    header.env.lines.push(statement.span.clone());
    if text.as_str().is_empty() {
        return Err(Diagnostic::new(statement.keyword.at.clone(), "expected the actions of the environment")
            .help(
                "for example, `env lru_drain, reclaim<=1`; without this line the environment does nothing",
            ));
    }
    for part in text.split(&[',', '\n']) {
        if report.is_full() {
            break;
        }
        report.ok(word(&part, header, statement));
    }
    Ok(())
}

fn word(part: &Text, header: &mut Header, statement: &Statement) -> Result<(), Diagnostic> {
    let at = if part.as_str().is_empty() { statement.span.clone() } else { part.whole() };
    let environment = &mut header.env.environment;
    let before = *environment;
    let mut actor = None;
    match part.as_str() {
        "lru_drain" => {
            environment.lru_drain = true;
            actor = Some("lru_drain");
        }
        "spec_ref" => {
            environment.spec_ref = true;
            actor = Some("spec_ref");
        }
        "tlb_evict" => environment.tlb_evict = true,
        "page_reuse" => environment.page_reuse = true,
        reclaim if reclaim.split("<=").next().map(str::trim) == Some("reclaim") => {
            environment.reclaim = times(reclaim, before, part)?;
            actor = Some("kswapd");
        }
        other => {
            let words = ["lru_drain", "spec_ref", "tlb_evict", "reclaim<=1", "page_reuse"];
            return Err(Diagnostic::new(at, format!("the environment has no {}", quote(other)))
                .maybe_help(choose(other, "its actions are", words)));
        }
    }
    if before == *environment {
        return Err(Diagnostic::new(at, format!("{} is given twice", quote(part.as_str()))));
    }
    if let Some(name) = actor {
        header.env.actors.push((name, at));
    }
    Ok(())
}

fn times(text: &str, before: Environment, part: &Text) -> Result<u8, Diagnostic> {
    let wrong = |message: &str| {
        Err(Diagnostic::new(part.whole(), message)
            .help(format!("for example, `reclaim<=1`; at most {MAX_RECLAIM}")))
    };
    if before.reclaim > 0 {
        return wrong("`reclaim` is given twice");
    }
    let Some((_, number)) = text.split_once("<=") else { return wrong("`reclaim` has no limit") };
    match number.trim().parse::<u64>() {
        Ok(n @ 1..=MAX_RECLAIM) => Ok(u8::try_from(n).unwrap_or(1)),
        _ => wrong("the limit of `reclaim` is not valid"),
    }
}

fn variant(statement: &Statement, header: &mut Header) -> Result<(), Diagnostic> {
    let text = body(statement);
    let usage = "for example, `variant pin { $grab = pin_user_pages_fast }`";
    let end = text.as_str().find('{').unwrap_or(text.as_str().len());
    let name = text.trimmed(0..end);
    if !lex::is_word(name.as_str()) {
        let at = if name.as_str().is_empty() { statement.keyword.at.clone() } else { name.whole() };
        return Err(Diagnostic::new(at, "expected the name of a variant").help(usage));
    }
    let name = Name::new(name.as_str(), name.whole());
    if header.variants.iter().any(|v| v.name == name) {
        return Err(Diagnostic::new(name.at, format!("a second variant {}", quote(&name.text))));
    }
    if header.variants.len() == MAX_VARIANTS {
        return Err(
            Diagnostic::new(name.at, "too many variants").help(format!("a file has at most {MAX_VARIANTS}"))
        );
    }
    let inner = block(&text.trimmed(end..text.as_str().len()), statement, usage)?;
    let mut decl = VariantDecl { at: At(statement.span.clone()), name, words: Vec::new() };
    for part in inner.split(&[';', '\n']) {
        if part.as_str().is_empty() {
            continue;
        }
        let (word, replacement) = replacement(&part, usage)?;
        if decl.words.iter().any(|(w, _)| *w == word) {
            return Err(Diagnostic::new(
                word.at,
                format!("{} is replaced twice", quote(&format!("${}", word.text))),
            ));
        }
        if decl.words.len() == MAX_WORDS {
            return Err(Diagnostic::new(word.at, format!("a variant replaces at most {MAX_WORDS} words")));
        }
        decl.words.push((word, replacement));
    }
    header.variants.push(decl);
    Ok(())
}

fn replacement(part: &Text, usage: &str) -> Result<(Name, Text), Diagnostic> {
    let wrong = |message: &str| Diagnostic::new(part.whole(), message).help(usage);
    let Some(equals) = part.as_str().find('=') else { return Err(wrong("expected `$word = replacement`")) };
    let word = part.trimmed(0..equals);
    let Some(name) = word.as_str().strip_prefix('$').filter(|w| lex::is_word(w)) else {
        return Err(wrong("expected `$word = replacement`"));
    };
    let text = lex::canonical(&part.trimmed(equals + 1..part.as_str().len()))?;
    if text.as_str().is_empty() || text.as_str().contains('$') {
        return Err(wrong("a replacement must not be empty, and must not contain `$`"));
    }
    Ok((Name::new(name, word.whole()), text))
}
