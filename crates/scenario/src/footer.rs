//! The statements below the columns.

use cowrace_mm::world::Modality;
use cowrace_report::Class;

use crate::diagnostic::{Diagnostic, Report};
use crate::expect;
use crate::lex;
use crate::nearest::{choose, quote};
use crate::scan::Statement;
use crate::syntax::{Footer, PredicateDecl, VariantDecl};
use crate::text::Text;

/// The largest number of statements of one kind in a file.
const MAX_STATEMENTS: usize = 64;

/// Reads the footer.
pub(crate) fn read(statements: &[Statement], variants: &[VariantDecl], report: &mut Report) -> Footer {
    let mut footer = Footer::default();
    for statement in statements {
        if report.is_full() {
            break;
        }
        let kinds =
            [footer.predicates.len(), footer.promises.len(), footer.windows.len(), footer.expects.len()];
        if kinds.contains(&MAX_STATEMENTS) {
            report.push(
                Diagnostic::new(
                    statement.keyword.at.clone(),
                    format!("too many `{}` lines", statement.keyword.text),
                )
                .help(format!("a file has at most {MAX_STATEMENTS} of each kind")),
            );
            break;
        }
        match statement.keyword.text.as_str() {
            "always" => footer.predicates.extend(report.ok(predicate(statement, Modality::Always))),
            "never" => footer.predicates.extend(report.ok(predicate(statement, Modality::Never))),
            "promise" => footer.promises.extend(report.ok(promise(statement))),
            "window" => footer.windows.extend(report.ok(window(statement))),
            _ => footer.expects.extend(expect::read(statement, variants, report)),
        }
    }
    expect::check_else(&footer.expects, statements, report);
    expect::check_cases(&footer.expects, report);
    footer
}

fn predicate(statement: &Statement, modality: Modality) -> Result<PredicateDecl, Diagnostic> {
    let body = &statement.body;
    let otherwise = lex::tokens(body)?.iter().find(|t| t.text == "else").map(|t| t.local.clone());
    let mut class = Class::Assertion;
    let end = match otherwise {
        None => body.as_str().len(),
        Some(at) => {
            let name = body.trimmed(at.end..body.as_str().len());
            class = name.as_str().parse().map_err(|_| unknown_class(&name, &body.trimmed(at.clone())))?;
            at.start
        }
    };
    let text = lex::canonical(&body.trimmed(0..end))?;
    if text.as_str().is_empty() {
        return Err(Diagnostic::new(statement.keyword.at.clone(), "expected a predicate")
            .help("for example, `always r == 1 else lost-read`"));
    }
    Ok(PredicateDecl { modality, text, class })
}

fn unknown_class(name: &Text, before: &Text) -> Diagnostic {
    let classes = Class::ALL.iter().map(|c| c.name());
    if name.as_str().is_empty() {
        return Diagnostic::new(before.whole(), "expected a class of damage after this").maybe_help(choose(
            "",
            "the classes are",
            classes,
        ));
    }
    Diagnostic::new(name.whole(), format!("unknown class of damage {}", quote(name.as_str())))
        .maybe_help(choose(name.as_str(), "the classes are", classes))
}

fn promise(statement: &Statement) -> Result<Text, Diagnostic> {
    let text = lex::canonical(&statement.body)?;
    if text.as_str().is_empty() {
        return Err(Diagnostic::new(statement.keyword.at.clone(), "expected a promise")
            .help("for example, `promise coherent(h)`"));
    }
    Ok(text)
}

fn window(statement: &Statement) -> Result<Text, Diagnostic> {
    let text = lex::canonical(&statement.body)?;
    if text.as_str().is_empty() {
        return Err(Diagnostic::new(
            statement.keyword.at.clone(),
            "expected points in the order of the race",
        )
        .help("for example, `window gup < clear_refs < thread1.buf[1] < dma`"));
    }
    Ok(text)
}
