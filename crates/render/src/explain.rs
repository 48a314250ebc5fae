//! A trace event by event, with the changes of memory and the reasons of the model.

use std::fmt::Write as _;

use cowrace_report::{Change, Event, Step, Trace};
use unicode_width::UnicodeWidthStr as _;

use crate::{event as line, no_effect, reason, value, word};

/// Prints a trace: a line for each event, in the order in which they happened, below the call that they belong to.
/// `call` returns the text of a call in the scenario.
pub fn explain(trace: &Trace, call: impl Fn(u16) -> Option<String>) -> String {
    let mut out = String::new();
    let number = trace.events.len().to_string().len();
    let actors = trace.actors.iter().map(|a| a.width()).max().unwrap_or(0);
    let functions = trace.events.iter().map(|e| e.function.width()).max().unwrap_or(0);
    let mut current = None;
    let mut begun: Vec<u16> = Vec::new();
    for (index, event) in trace.events.iter().enumerate() {
        let actor = trace.actors.get(event.actor as usize).map_or("?", String::as_str);
        if current != Some((event.actor, event.call)) {
            current = Some((event.actor, event.call));
            let heading = heading(event.call, &mut begun, &call);
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{}{actor}: {heading}", if index == 0 { "" } else { "\n" });
        }
        let head = format!(
            "  {:>number$}  {}  {}  ",
            index + 1,
            pad(actor, actors),
            pad(&event.function, functions)
        );
        let _ = writeln!(out, "{}", format!("{head}{}{}", line(event), anchors(event)).trim_end());
        let indent = head.width();
        for change in &event.changes {
            let _ = writeln!(out, "{:indent$}  {}", "", change_line(change));
        }
        for why in &event.why {
            let _ = writeln!(out, "{:indent$}  {}", "", reason(why));
        }
        for step in &event.steps {
            if let Step::NoEffect(why) = step {
                let _ = writeln!(out, "{:indent$}  {}", "", no_effect(*why));
            }
        }
    }
    out
}

fn heading(id: Option<u16>, begun: &mut Vec<u16>, call: &impl Fn(u16) -> Option<String>) -> String {
    let Some(id) = id else { return "(between calls)".to_owned() };
    let text = call(id).unwrap_or_else(|| format!("call {id}"));
    if begun.contains(&id) {
        return format!("{text}, continued");
    }
    begun.push(id);
    text
}

fn change_line(change: &Change) -> String {
    format!("{} {} -> {}", word(&change.word), value(&change.from), value(&change.to))
}

/// The named steps that an event completes.
fn anchors(event: &Event) -> String {
    let mut out = String::new();
    for step in &event.steps {
        if let Step::Anchor(name) = step {
            let _ = write!(out, "  <- {name}");
        }
    }
    out
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{:pad$}", "", pad = width.saturating_sub(text.width()))
}

#[cfg(test)]
mod tests {
    use cowrace_report::{
        Access, Class, Detail, Fact, Finding, Kind, Owner, Page, References, Then, Value, Word,
    };

    use super::*;

    fn x(field: &'static str, kind: Kind, nth: Option<u8>) -> Word {
        Word { of: Owner::Page(Page::Initial { area: None }), field: field.into(), nth, kind }
    }

    const fn counted(plain: u64) -> Value {
        Value::References(References { plain, pins: 0 })
    }

    fn event(actor: u8, call: Option<u16>, function: &str, primitive: &str, access: Access) -> Event {
        Event {
            actor,
            call,
            primitive: primitive.into(),
            function: function.into(),
            site: "memory.rs:1".into(),
            access,
            changes: Vec::new(),
            why: Vec::new(),
            steps: Vec::new(),
        }
    }

    fn trace() -> Trace {
        let refcount = || x("_refcount", Kind::References, None);
        let get = Access::AddUnless { word: refcount(), amount: 1, done: true };
        let mut gup = event(0, Some(0), "try_grab_page", "page_ref_add_unless", get);
        gup.changes.push(Change { word: refcount(), from: counted(1), to: counted(2) });
        gup.steps = vec![Step::Begin(0), Step::Anchor("gup".into())];
        let read = Access::Load { word: refcount(), value: counted(2) };
        let mut fault = event(1, Some(1), "do_wp_page", "page_count", read);
        let count = References { plain: 2, pins: 0 };
        fault.why.push(Fact::PageCount { page: Page::Initial { area: None }, count }.so(Then::Copy));
        let write = Access::Store { word: x("data", Kind::Content, Some(0)), value: Value::Number(1) };
        Trace {
            actors: vec!["thread0".into(), "t1".into()],
            events: vec![
                gup,
                fault,
                event(0, Some(0), "", "dma_write", write),
                event(0, None, "", "barrier", Access::Barrier),
            ],
            schedule: "1:0000abcd:0.1.0*2".parse().expect("a schedule"),
            finding: Some(Finding { class: Class::LostRead, detail: Detail::Text("r == 0".into()) }),
            variables: vec![("r".into(), Value::Number(0)), ("s".into(), Value::Errno("SIGSEGV".into()))],
        }
    }

    #[test]
    fn events_stand_under_their_calls() {
        let calls = ["read(O_DIRECT, buf[0], 1)", "buf[1] = 2"];
        let text = explain(&trace(), |id| calls.get(id as usize).map(|c| (*c).to_owned()));
        assert_eq!(
            text,
            "\
thread0: read(O_DIRECT, buf[0], 1)
  1  thread0  try_grab_page  page_ref_add_unless(X._refcount, 1) succeeds  <- gup
                               X._refcount 1 -> 2

t1: buf[1] = 2
  2  t1       do_wp_page     page_count(X._refcount) reads 2
                               page_count(X) == 2, so copy

thread0: read(O_DIRECT, buf[0], 1), continued
  3  thread0                 dma_write(X[0], 1)

thread0: (between calls)
  4  thread0                 barrier
"
        );
    }
}
