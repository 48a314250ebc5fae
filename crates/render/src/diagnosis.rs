//! What is wrong with an execution and how that happened, in a paragraph; and the nearest execution that
//! holds.

use cowrace_report::explanation::{Clue, Counterfactual, Diagnosis, Finds, Given, Nearest};
use cowrace_report::{Cow, Detail, Maps};

use crate::finding::finding;
use crate::promise::broken_alone;
use crate::reason::reason;
use crate::row::{function, within_sentence};
use crate::word::{maps, page, value, word};

/// What is wrong, and how that happened.
pub(crate) fn diagnosis(diagnosis: &Diagnosis) -> String {
    let Diagnosis { finding: found, cow, clues } = diagnosis;
    // The author of the value is named in the clues.
    let seen = match &found.detail {
        Detail::Promise(broken) => broken_alone(broken),
        _ => finding(found),
    };
    let first = format!("{}{}: {seen}.", found.class, mistake(*cow));
    std::iter::once(first).chain(clues.iter().map(clue)).collect::<Vec<_>>().join(" ")
}

/// The rows that a diagnosis names. Rows count from 1.
pub(crate) fn rows(diagnosis: &Diagnosis) -> Vec<usize> {
    let rows = diagnosis.clues.iter().filter_map(|clue| match clue {
        Clue::Wrote { row, .. }
        | Clue::Replaced { row, .. }
        | Clue::Taken { row, .. }
        | Clue::Looked { row, .. }
        | Clue::Copied { row, .. }
        | Clue::Shows { row } => Some(*row),
        Clue::Owns { .. } => None,
    });
    rows.collect()
}

/// The diagnosis of an execution that holds.
pub(crate) fn nothing() -> String {
    "Nothing is wrong with this execution.".to_owned()
}

/// The kind of copy-on-write mistake, to follow a class.
pub(crate) fn mistake(cow: Option<Cow>) -> String {
    cow.map(|cow| format!(" ({cow})")).unwrap_or_default()
}

fn clue(clue: &Clue) -> String {
    match clue {
        Clue::Wrote { row, actor, device, value, word: to, stale, why } => {
            let who = if *device { format!("The device of {actor}") } else { actor.clone() };
            let stale = if *stale { ", through a stale TLB entry" } else { "" };
            format!("{who} wrote {value} to {} in row {row}{stale}{}.", word(to), because(why.as_ref()))
        }
        Clue::Replaced { row, page: was, by, before_write, why } => {
            let puts = if *before_write { "had put" } else { "puts" };
            let by = if *by == Maps::Nothing { "nothing".to_owned() } else { maps(by) };
            format!("Row {row} {puts} {by} in the place of {}{}.", page(was), because(why.as_ref()))
        }
        Clue::Taken { row, handle, page: on } => format!("{handle} is on {} since row {row}.", page(on)),
        Clue::Looked { row, actor, finds: what } => format!("{actor} {} in row {row}.", finds(*what)),
        Clue::Owns { mm, area, finds: what } => format!("{mm} {} whenever it reads {area}.", finds(*what)),
        Clue::Copied { row, why } => format!("Row {row}: {}.", given(why)),
        Clue::Shows { row } => format!("This shows in row {row}."),
    }
}

const fn finds(finds: Finds) -> &'static str {
    match finds {
        Finds::Missing => "does not see that value",
        Finds::Present => "sees that value",
        Finds::Other => "sees another",
    }
}

fn because(why: Option<&Given>) -> String {
    why.map(|why| format!(": {}", given(why))).unwrap_or_default()
}

/// A reason, and the kernel function that gives it.
pub(crate) fn given(given: &Given) -> String {
    match &given.function {
        Some(place) => format!("{} ({})", reason(&given.reason), function(place)),
        None => reason(&given.reason),
    }
}

/// The nearest execution that holds.
pub(crate) fn nearest(nearest: &Nearest) -> String {
    match nearest {
        Nearest::Moved(counterfactual) => {
            let Counterfactual { moved, past, earlier, reasons, outcome } = &**counterfactual;
            let numbered = |(row, name): &(usize, _)| format!("row {row}, {}", within_sentence(name));
            let outcome = outcome.iter().map(|(name, is)| format!("{name} is {}", value(is)));
            let then: Vec<String> = reasons.iter().map(given).chain(outcome).collect();
            let then = if then.is_empty() { String::new() } else { format!(" Then: {}.", then.join("; ")) };
            let way = if *earlier { "before" } else { "after" };
            format!("The nearest execution that holds: {}, {way} {}.{then}", numbered(moved), numbered(past))
        }
        Nearest::None => "Moving a single row does not make it hold.".to_owned(),
        Nearest::TooLarge => {
            "The nearest execution that holds was not searched for: there are too many executions.".to_owned()
        }
    }
}

/// The same without row numbers and without the outcome, for a comment.
pub(crate) fn counterfactual(counterfactual: &Counterfactual) -> String {
    let Counterfactual { moved: (_, moved), past: (_, past), earlier, .. } = counterfactual;
    let way = if *earlier { "before" } else { "after" };
    format!("{} {way} {}", within_sentence(moved), within_sentence(past))
}

#[cfg(test)]
mod tests {
    use cowrace_report::explanation::{Extent, Function, RowName};
    use cowrace_report::{
        Author, Broken, Class, Fact, Finding, Kind, Owner, Page, References, Seen, Subject, Then, Value, Word,
    };

    use super::*;

    const X: Page = Page::Initial { area: None };

    fn given_by(name: &str) -> Given {
        let count = References { plain: 2, pins: 0 };
        let (name, file, release) = (name.to_owned(), "mm/memory.c".to_owned(), "v5.10".to_owned());
        let function = Some(Function { name, file, release });
        Given { reason: Fact::PageCount { page: X, count }.so(Then::Copy), function }
    }

    #[test]
    fn a_diagnosis_tells_of_the_value_from_its_author_to_who_misses_it() {
        let author = Author { actor: "thread0".to_owned(), device: true, value: 1, missed: true };
        let broken = Broken {
            subject: Subject::Variable("r".to_owned()),
            seen: Seen::Number(0),
            promised: Seen::Number(1),
            author: Some(author),
            memory: None,
        };
        let word = Word { of: Owner::Page(X), field: "data".into(), nth: Some(0), kind: Kind::Content };
        let actor = || "thread0".to_owned();
        let by = Maps::Page(Page::Allocated { actor: actor(), nth: 0 });
        let clues = vec![
            Clue::Wrote { row: 4, actor: actor(), device: true, value: 1, word, stale: false, why: None },
            Clue::Replaced { row: 3, page: X, by, before_write: true, why: Some(given_by("do_wp_page")) },
            Clue::Looked { row: 5, actor: actor(), finds: Finds::Missing },
        ];
        let finding = Finding { class: Class::LostRead, detail: Detail::Promise(Box::new(broken)) };
        assert_eq!(
            diagnosis(&Diagnosis { finding, cow: Class::LostRead.cow(), clues }),
            "lost-read (wrong CoW): r is 0, not 1. The device of thread0 wrote 1 to X[0] in row 4. Row 3 had \
             put Y.thread0 in the place of X: page_count(X) == 2, so copy (do_wp_page, mm/memory.c, v5.10). \
             thread0 does not see that value in row 5."
        );
    }

    #[test]
    fn the_nearest_execution_is_told_by_the_row_that_is_moved() {
        let name = |actor: &str, call: &str, extent| RowName {
            actor: actor.to_owned(),
            call: call.to_owned(),
            extent,
        };
        let moved = Counterfactual {
            moved: (4, name("thread1", "buf[1] = 2", Extent::Whole)),
            past: (2, name("thread0", "gup(buf)", Extent::UpTo("gup".to_owned()))),
            earlier: true,
            reasons: Vec::new(),
            outcome: vec![("r".to_owned(), Value::Number(1))],
        };
        assert_eq!(counterfactual(&moved), "thread1's `buf[1] = 2` before thread0's `gup(buf)` up to `gup`");
        assert_eq!(
            nearest(&Nearest::Moved(Box::new(moved))),
            "The nearest execution that holds: row 4, thread1's `buf[1] = 2`, before row 2, thread0's \
             `gup(buf)` up to `gup`. Then: r is 1."
        );
    }
}
