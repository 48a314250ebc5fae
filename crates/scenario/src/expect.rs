//! The grammar of `expect`.
//!
//! ```text
//! expect  = "expect" [["variant" NAME] ["arch" NAME] ":"] part {";" part}
//! part    = "else" OUTCOME | eras {"with" ID | "without" ID | "set" KEY "=" VALUE} OUTCOME
//! eras    = era {"," era}          era = NAME | NAME? ".." NAME? | '"' NAME '"'
//! ```

use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::era::{COMMITS, EraError, PRESETS, Release, Toggle, Version, commit as commit_of, settings};
use cowrace_report::{Class, Verdict};

use crate::diagnostic::{Diagnostic, Report, Span};
use crate::expectation::Expectation;
use crate::expected;
use crate::lex::Name;
use crate::nearest::{choose, did_you_mean, quote};
use crate::scan::Statement;
use crate::syntax::{At, Case, EraSet, ExpectDecl, VariantDecl};
use crate::text::Text;

const USAGE: &str = "for example, `expect v5.9..v5.18 lost-read; else holds`";

/// The largest number of cases of a statement.
const MAX_CASES: usize = 200;

/// Reads one statement.
pub(crate) fn read(
    statement: &Statement,
    variants: &[VariantDecl],
    report: &mut Report,
) -> Option<ExpectDecl> {
    let body = statement.body.trimmed(0..statement.body.as_str().len());
    if body.as_str().is_empty() {
        report.push(Diagnostic::new(statement.keyword.at.clone(), "expected a case").help(USAGE));
        return None;
    }
    let before = report.len();
    let mut decl = ExpectDecl {
        at: At(statement.span.clone()),
        variant: None,
        arch: None,
        cases: Vec::new(),
        otherwise: None,
    };
    let start = scope(&body, variants, &mut decl, report)?;
    for part in body.trimmed(start..body.as_str().len()).split(&[';']) {
        if report.is_full() {
            break;
        }
        // A semicolon at the end of a line is a habit, not a mistake.
        if part.as_str().is_empty() {
            continue;
        }
        if decl.cases.len() == MAX_CASES {
            report.push(Diagnostic::new(part.whole(), format!("more than {MAX_CASES} cases")));
            break;
        }
        if let Err(diagnostic) = case(&part, &mut decl) {
            report.push(diagnostic);
        }
    }
    if decl.cases.is_empty() && decl.otherwise.is_none() && report.len() == before {
        report.push(Diagnostic::new(statement.span.clone(), "expected a case").help(USAGE));
    }
    Some(decl)
}

/// Reads which variant and architecture a statement is for, up to its colon. Returns where the cases begin.
fn scope(body: &Text, variants: &[VariantDecl], decl: &mut ExpectDecl, report: &mut Report) -> Option<usize> {
    let text = body.as_str();
    let word =
        |at: usize| text[at..].split(|c: char| c.is_whitespace() || c == ':').next().unwrap_or_default();
    if !matches!(word(0), "variant" | "arch") {
        return Some(0);
    }
    let Some(colon) = text.split([';', '\n']).next().and_then(|first| first.find(':')) else {
        let message = format!("expected `{} NAME:`", word(0));
        report.push(
            Diagnostic::new(body.span(0..word(0).len()), message).help(
                "for example, `expect variant pin: holds` or `expect arch arm64: v5.7..v5.9 lost-write`",
            ),
        );
        return None;
    };
    let names = body.trimmed(0..colon);
    let mut words = words(&names).map_err(|wrong| report.push(wrong)).ok()?.into_iter().peekable();
    while let Some(what) = words.next() {
        let name = words.next_if(|name| !matches!(name.text, "variant" | "arch"));
        match (what.text, name) {
            ("variant", Some(name)) if decl.variant.is_none() && decl.arch.is_none() => {
                decl.variant = Some(report.ok(variant(&name, variants))?);
            }
            ("arch", Some(name)) if decl.arch.is_none() => {
                decl.arch = Some(report.ok(arch(&name))?);
            }
            _ => {
                report.push(
                    Diagnostic::new(what.at, format!("unexpected {} before the colon", quote(what.text)))
                        .help("for example, `expect variant pin arch arm64: holds`"),
                );
                return None;
            }
        }
    }
    Some(colon + 1)
}

fn arch(word: &Word<'_>) -> Result<Arch, Diagnostic> {
    let names = || Arch::ALL.iter().map(|arch| arch.name());
    Arch::ALL.iter().copied().find(|arch| arch.name() == word.text).ok_or_else(|| {
        Diagnostic::new(word.at.clone(), format!("unknown architecture {}", quote(word.text)))
            .maybe_help(choose(word.text, "there are", names()))
    })
}

/// Reports eras with two outcomes.
pub(crate) fn check_cases(expects: &[ExpectDecl], report: &mut Report) {
    for (i, expect) in expects.iter().enumerate() {
        let same = |e: &&ExpectDecl| e.variant == expect.variant && e.arch == expect.arch;
        for (j, case) in expect.cases.iter().enumerate() {
            let earlier = expects[..i].iter().filter(same).flat_map(|e| &e.cases).chain(&expect.cases[..j]);
            let against = earlier.filter(|other| {
                !agree(other.outcome, case.outcome) && expected::same_toggles(&other.toggles, &case.toggles)
            });
            let clash = against.flat_map(|other| names(other).map(move |era| (era, other.outcome)));
            if let Some((era, outcome)) =
                clash.into_iter().find(|(era, _)| names(case).any(|name| name == *era))
            {
                report.push(
                    Diagnostic::new(
                        case.at.0.clone(),
                        format!("`{era}` is {} here and `{outcome}` above", quote(&case.outcome.to_string())),
                    )
                    .help("an era has one outcome: remove it from one of the two cases"),
                );
            }
        }
    }
}

/// Whether one run can satisfy both: a violation of any class includes one of a given class.
fn agree(a: Expectation, b: Expectation) -> bool {
    let violated = |outcome: Expectation| outcome.verdict() == Some(Verdict::Violated);
    a == b || violated(a) && violated(b) && (a.class().is_none() || b.class().is_none())
}

/// The eras of a case, one by one.
fn names(case: &Case) -> impl Iterator<Item = &str> {
    case.eras.iter().flat_map(|set| {
        let own = match set {
            EraSet::Own(own) | EraSet::Kernel(own) => Some(own.as_str()),
            EraSet::Range(..) => None,
        };
        let has = |name: &&str| Era::preset(name).is_ok_and(|era| expected::contains(set, &era));
        own.into_iter().chain(PRESETS.iter().map(|preset| preset.name).filter(has))
    })
}

/// Reports a second outcome for everything else.
pub(crate) fn check_else(expects: &[ExpectDecl], statements: &[Statement], report: &mut Report) {
    let lines: Vec<&Statement> = statements.iter().filter(|s| s.keyword.text == "expect").collect();
    for (i, expect) in expects.iter().enumerate() {
        let same = |e: &ExpectDecl| e.variant == expect.variant && e.arch == expect.arch;
        let earlier = expects[..i].iter().any(|e| same(e) && e.otherwise.is_some());
        if earlier && expect.otherwise.is_some() && lines.len() == expects.len() {
            report.push(
                Diagnostic::new(lines[i].span.clone(), "a second `else`")
                    .help("there is one on an earlier line"),
            );
        }
    }
}

fn variant(name: &Word<'_>, variants: &[VariantDecl]) -> Result<Name, Diagnostic> {
    if variants.iter().any(|v| v.name.text == name.text) {
        return Ok(Name::new(name.text, name.at.clone()));
    }
    let help = choose(name.text, "the file has", variants.iter().map(|v| v.name.text.as_str()))
        .unwrap_or_else(|| {
            "the file has no variants; declare one, for example `variant pin { $grab = pin_user_pages_fast }`"
                .to_owned()
        });
    Err(Diagnostic::new(name.at.clone(), format!("unknown variant {}", quote(name.text))).help(help))
}

/// A word, a comma or a text in quotes.
#[derive(Debug)]
struct Word<'t> {
    text: &'t str,
    quoted: bool,
    at: Span,
}

fn words(text: &Text) -> Result<Vec<Word<'_>>, Diagnostic> {
    let mut words = Vec::new();
    let mut at = 0;
    let all = text.as_str();
    while let Some(c) = all[at..].chars().next() {
        let rest = &all[at..];
        let length = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if c == ',' {
            1
        } else if c == '"' {
            match rest[1..].find(['"', '\n']) {
                Some(end) if rest[1 + end..].starts_with('"') => end + 2,
                _ => return Err(Diagnostic::new(text.span(at..at + 1), "the quote is not closed")),
            }
        } else {
            rest.find(|c: char| c.is_whitespace() || c == ',' || c == '"').unwrap_or(rest.len())
        };
        let word = &rest[..length];
        words.push(Word { text: word.trim_matches('"'), quoted: c == '"', at: text.span(at..at + length) });
        at += length;
    }
    Ok(words)
}

fn case(part: &Text, decl: &mut ExpectDecl) -> Result<(), Diagnostic> {
    let words = words(part)?;
    let mut rest = words.as_slice();
    if rest.first().is_some_and(|w| w.text == "else") {
        if decl.otherwise.is_some() {
            return Err(Diagnostic::new(part.whole(), "a second `else`"));
        }
        decl.otherwise = Some(outcome(&rest[1..], part)?);
        return Ok(());
    }
    let mut eras = Vec::new();
    loop {
        let Some(word) = rest.first() else {
            return Err(Diagnostic::new(part.whole(), "expected an era").help(USAGE));
        };
        eras.push(era(word)?);
        rest = &rest[1..];
        if rest.first().is_none_or(|w| w.text != "," || w.quoted) {
            break;
        }
        rest = &rest[1..];
    }
    let mut toggles: Vec<Toggle> = Vec::new();
    while let [word, what, more @ ..] = rest {
        let toggle = match word.text {
            "with" => Toggle::With(commit(what)?),
            "without" => Toggle::Without(commit(what)?),
            "set" => set(what)?,
            _ => break,
        };
        if toggles.contains(&toggle) {
            return Err(Diagnostic::new(what.at.clone(), "this toggle is given twice"));
        }
        toggles.push(toggle);
        rest = more;
    }
    let outcome = outcome(rest, part)?;
    decl.cases.push(Case { eras, toggles, outcome, at: At(part.whole()) });
    Ok(())
}

fn outcome(words: &[Word<'_>], part: &Text) -> Result<Expectation, Diagnostic> {
    let others = ["holds", "vacuous", "violated", "not-applicable", "unknown"];
    let all = || others.into_iter().chain(Class::ALL.iter().map(|c| c.name()));
    let Some(word) = words.first() else {
        return Err(Diagnostic::new(part.whole(), "expected an outcome after this").help(USAGE));
    };
    let outcome = match word.text {
        "holds" => Expectation::Holds,
        "vacuous" => Expectation::Vacuous,
        "violated" => Expectation::Violated(None),
        "not-applicable" => Expectation::NotApplicable,
        "unknown" => Expectation::Unknown,
        name => match name.parse() {
            Ok(class) => Expectation::Violated(Some(class)),
            Err(_) => {
                let near = did_you_mean(name, all().chain(["with", "without", "set"]));
                let help = near.or_else(|| choose(name, "the outcomes are", all()));
                return Err(Diagnostic::new(word.at.clone(), format!("unknown outcome {}", quote(name)))
                    .maybe_help(help));
            }
        },
    };
    match words.get(1) {
        None => Ok(outcome),
        Some(more) => Err(Diagnostic::new(
            more.at.clone(),
            format!("unexpected {} after the outcome", quote(more.text)),
        )
        .help("`;` separates cases; toggles stand before the outcome")),
    }
}

fn era(word: &Word<'_>) -> Result<EraSet, Diagnostic> {
    if word.quoted {
        if word.text.is_empty() {
            return Err(Diagnostic::new(word.at.clone(), "expected the name of an era"));
        }
        // The name of a kernel means the same with quotes and without.
        let kernel = Era::version(word.text).ok();
        return Ok(kernel.map_or_else(|| EraSet::Own(word.text.to_owned()), |version| named(&version)));
    }
    if let Some((first, last)) = word.text.split_once("..") {
        let (first, last) = (bound(first, word)?, bound(last, word)?);
        if let (Some(a), Some(b)) = (first, last)
            && a > b
        {
            return Err(
                Diagnostic::new(word.at.clone(), "the range is empty").help(format!("write `{b}..{a}`"))
            );
        }
        return Ok(EraSet::Range(first, last));
    }
    version(word.text, word).map(|version| named(&version))
}

fn named(version: &Version) -> EraSet {
    EraSet::Kernel(version.era.name().to_owned())
}

fn version(name: &str, word: &Word<'_>) -> Result<Version, Diagnostic> {
    Era::version(name).map_err(|error| match error {
        EraError::NotKnown(..) => Diagnostic::new(word.at.clone(), error.to_string()),
        _ => unknown_era(name, word),
    })
}

fn bound(name: &str, word: &Word<'_>) -> Result<Option<Release>, Diagnostic> {
    if name.is_empty() {
        return Ok(None);
    }
    match version(name, word)?.era.release() {
        Some(release) => Ok(Some(release)),
        None => Err(Diagnostic::new(word.at.clone(), format!("{} is not a mainline release", quote(name)))
            .help("a range consists of mainline releases; name other eras one by one")),
    }
}

fn unknown_era(name: &str, word: &Word<'_>) -> Diagnostic {
    let outcome = matches!(name, "holds" | "vacuous" | "violated" | "not-applicable" | "unknown")
        || name.parse::<Class>().is_ok();
    let diagnostic = Diagnostic::new(word.at.clone(), format!("unknown era {}", quote(name)));
    if outcome {
        return diagnostic.help(format!("an outcome comes after its eras, or after `else`; {USAGE}"));
    }
    let presets = || PRESETS.iter().map(|p| p.name);
    let near = did_you_mean(name, presets());
    let list = || presets().collect::<Vec<_>>().join(", ");
    diagnostic.help(
        near.unwrap_or_else(|| format!("the eras are {}; put the name of an era file in quotes", list())),
    )
}

fn commit(word: &Word<'_>) -> Result<&'static str, Diagnostic> {
    commit_of(word.text).map(|commit| commit.id).map_err(|error| {
        let help = did_you_mean(word.text, COMMITS.iter().map(|c| c.id));
        Diagnostic::new(word.at.clone(), error.to_string())
            .help(
                "`cowrace eras` lists the commits that can be toggled; write `with` or `without` before each",
            )
            .maybe_help(help)
    })
}

fn set(word: &Word<'_>) -> Result<Toggle, Diagnostic> {
    let Some((key, value)) = word.text.split_once('=') else {
        return Err(Diagnostic::new(word.at.clone(), "expected `KEY=VALUE` after `set`")
            .help("for example, `set wp_reuse=mapswap`"));
    };
    let keys = settings();
    let Some((key, values)) = keys.iter().find(|k| k.0 == key) else {
        let help = did_you_mean(key, keys.iter().map(|k| k.0));
        return Err(Diagnostic::new(word.at.clone(), format!("unknown rule {}", quote(key))).maybe_help(help));
    };
    match values.iter().find(|v| **v == value) {
        Some(value) => Ok(Toggle::Set(key, value)),
        None => Err(Diagnostic::new(word.at.clone(), format!("rule `{key}` has no value {}", quote(value)))
            .maybe_help(choose(value, "its values are", values.iter().copied()))),
    }
}
