//! What is wrong with an execution, in one sentence.

use cowrace_report::{Access, Detail, Fault, Faulty, Finding, Holders, Term, Waiting, Waits};

use crate::access::access;
use crate::promise::broken;
use crate::word::{page, references, value};

/// The damage that was observed.
#[must_use]
pub fn finding(finding: &Finding) -> String {
    match &finding.detail {
        Detail::Fault { fault, access: Some(faulty) } => {
            let Faulty { actor, primitive, access: asked, function } = &**faulty;
            format!("{actor}: `{}` in {function} {}", access(primitive, asked), does(*fault))
        }
        Detail::Fault { fault, access: None } => is_done(*fault).to_owned(),
        Detail::Deadlock { waiting } if waiting.is_empty() => "no actor can move".to_owned(),
        Detail::Deadlock { waiting } => {
            let waiting =
                waiting.iter().map(|Waiting { actor, waits: what }| format!("{actor} {}", waits(what)));
            waiting.collect::<Vec<_>>().join("; ")
        }
        Detail::Predicate { text, always, values } => {
            let values = values.iter().map(|(of, is)| format!("{} is {}", term(of), value(is)));
            let values: Vec<String> = values.collect();
            format!("{} {text} fails: {}", if *always { "always" } else { "never" }, values.join(", "))
        }
        Detail::Promise(promise) => broken(promise),
        Detail::BadPage { page: of } => {
            format!("bad page state: {} was freed while mapped or in the swap cache", page(of))
        }
        Detail::References { page: of, refcount, mapcount, holders } => {
            let Holders { mappings, swap_cache, batches, gets, pins } = holders;
            format!(
                "{} has _refcount {} and mapcount {mapcount}, but {mappings} mappings, {swap_cache} swap cache, \
                 {batches} LRU batch, {gets} get, {pins} pin",
                page(of),
                references(*refcount)
            )
        }
        Detail::Exclusivity { page: of, mapcount, writable, exclusive } => {
            format!("{} is mapped {mapcount} times, writable: {writable}, exclusive: {exclusive}", page(of))
        }
        Detail::Text(text) => text.to_string(),
    }
}

/// What an actor that cannot move waits for, such as `waits for lock_page(X), which B holds`.
#[must_use]
pub fn waits(waits: &Waits) -> String {
    match waits {
        Waits::Finished => "has finished".to_owned(),
        Waits::Actor(actor) => format!("waits for {actor} to finish"),
        Waits::Barrier { absent } => format!("waits at a barrier for {}", absent.join(" and ")),
        Waits::Access { primitive, access: asked, holders } => {
            let asked_for = access(primitive, asked);
            match (&**asked, &holders[..]) {
                (Access::Await { .. }, _) => format!("waits at `{asked_for}`"),
                (_, []) => format!("waits for `{asked_for}`"),
                (_, [holder]) => format!("waits for `{asked_for}`, which {holder} holds"),
                (_, holders) => format!("waits for `{asked_for}`, which {} hold", holders.join(" and ")),
            }
        }
    }
}

fn term(term: &Term) -> String {
    match term {
        Term::Variable(name) => name.clone(),
        Term::Memory { mm, area, word } => format!("{mm}.{area}[{word}]"),
        Term::Copies { mm } => format!("copies({mm})"),
    }
}

/// The illegal effect of an access.
const fn does(fault: Fault) -> &'static str {
    match fault {
        Fault::Freed => "uses freed memory",
        Fault::BelowZero => "takes a count below zero",
        Fault::NotHeld => "releases a lock that is not held, which is a defect of the model",
        Fault::Twice => "allocates an object that is alive, or frees one that is not",
    }
}

/// The same for an unknown access.
const fn is_done(fault: Fault) -> &'static str {
    match fault {
        Fault::Freed => "freed memory is used",
        Fault::BelowZero => "a count goes below zero",
        Fault::NotHeld => "a lock is released that is not held",
        Fault::Twice => "an object is allocated or freed twice",
    }
}

#[cfg(test)]
mod tests {
    use cowrace_report::{Class, Kind, Owner, Page, Value, Word};

    use super::*;

    #[test]
    fn a_deadlock_is_who_waits_for_what() {
        let flags = Word {
            of: Owner::Page(Page::Initial { area: None }),
            field: "flags".into(),
            nth: None,
            kind: Kind::Flags,
        };
        let lock = |holders: &[&str]| Waits::Access {
            primitive: "lock_page".to_owned(),
            access: Box::new(Access::Lock { word: flags.clone() }),
            holders: holders.iter().map(|&holder| holder.to_owned()).collect(),
        };
        let waiting = vec![
            Waiting { actor: "a".to_owned(), waits: lock(&["b"]) },
            Waiting { actor: "b".to_owned(), waits: Waits::Actor("a".to_owned()) },
        ];
        let found = Finding { class: Class::Deadlock, detail: Detail::Deadlock { waiting } };
        assert_eq!(finding(&found), "a waits for `lock_page(X)`, which b holds; b waits for a to finish");
        assert_eq!(waits(&lock(&["b", "c"])), "waits for `lock_page(X)`, which b and c hold");
    }

    #[test]
    fn a_predicate_that_fails_is_told_with_its_values() {
        let memory = Term::Memory { mm: "A".to_owned(), area: "buf".to_owned(), word: 0 };
        let values = vec![(Term::Variable("r".to_owned()), Value::Number(0)), (memory, Value::Number(1))];
        let detail = Detail::Predicate { text: "r == A.buf[0]".to_owned(), always: true, values };
        let found = Finding { class: Class::LostRead, detail };
        assert_eq!(finding(&found), "always r == A.buf[0] fails: r is 0, A.buf[0] is 1");
    }
}
