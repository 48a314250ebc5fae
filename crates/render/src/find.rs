//! A find of a hunt, as text.

use cowrace_report::Switch;
use cowrace_report::hunt::{Cause, Deed, Family, Kinds, Lifetime, Named, Race, Whose};

use crate::diagnosis::given;
use crate::report::{counted, grouped, with_variant};
use crate::why::{alternatives, filled};

/// A family that was found.
#[must_use]
pub fn family(family: &Family) -> String {
    let Family { scenarios, kinds, scenario, detail, cause, named, lifetime, file, .. } = family;
    let mut text = format!("\n{}\n", title(family));
    text.push_str(&filled(&format!("{}; the smallest:", of_kinds(*scenarios, kinds)), "", ""));
    text.push('\n');
    text.extend(indented(scenario));
    text.push('\n');
    let why =
        cause.as_ref().and_then(|cause| cause.why.as_ref()).map(|why| format!("because {}", given(why)));
    let file = file.as_ref().map(|file| format!("written to {file}"));
    let lines = [detail.clone(), why, named.as_ref().map(name), lifetime.as_ref().map(life), file];
    text.extend(lines.into_iter().flatten().map(|line| filled(&line, "  ", "    ")));
    text
}

/// A family that was found, with the smallest scenario of each set of kinds of calls.
#[must_use]
pub fn by_kinds(of: &Family) -> String {
    let mut text = family(of);
    // The first are those of the smallest of all.
    for kinds in of.kinds.iter().skip(1) {
        let all = of_kinds(kinds.scenarios, std::slice::from_ref(kinds));
        text.push_str(&format!("\n{}\n", filled(&format!("{all}; the smallest:"), "", "")));
        text.extend(indented(&kinds.scenario));
    }
    text
}

/// The lines of a scenario, without its name.
pub(crate) fn indented(scenario: &str) -> impl Iterator<Item = String> + '_ {
    scenario.lines().skip(2).map(|line| format!("  {line}").trim_end().to_owned() + "\n")
}

/// The title of a family: the damage, who has it, and what led to it.
#[must_use]
pub fn title(family: &Family) -> String {
    let Family { class, whose, held, cause, .. } = family;
    let whose = match (whose, held) {
        (Whose::Process, _) => " for the process".to_owned(),
        (Whose::Child, _) => " for the child".to_owned(),
        (Whose::Holder, Some(held)) => format!(" for the holder ({held})"),
        (Whose::Holder, None) => " for the holder".to_owned(),
        (Whose::Kernel, _) => String::new(),
    };
    let cause = cause.as_ref().map(|cause| format!(": {}", led(cause))).unwrap_or_default();
    format!("{class}{whose}{cause}")
}

/// What a call did.
fn led(Cause { deed, call, .. }: &Cause) -> String {
    let does = match deed {
        Deed::Displaced => "displaces the page",
        Deed::WriteProtected => "takes the write bit",
        Deed::MadeWritable => "makes a page writable that others see",
        Deed::Took => "takes a page that the next store copies",
        Deed::TookZero => "takes the zero page",
        Deed::TookFile => "takes a page of the page cache",
        Deed::Wrote => "writes to a page that others see, or that the owner does not",
        Deed::Freed => "frees the page",
    };
    format!("{call} {does}")
}

/// How many kinds of calls are listed.
const LISTED: usize = 4;

pub(crate) fn of_kinds(scenarios: u64, kinds: &[Kinds]) -> String {
    let calls = |kinds: &Kinds| kinds.calls.join(" + ");
    if let [only] = kinds {
        return format!("{} of {}", counted(scenarios, "scenario"), calls(only));
    }
    let listed = kinds.iter().take(LISTED).map(|of| format!("{} of {}", grouped(of.scenarios), calls(of)));
    let mut listed: Vec<String> = listed.collect();
    let others = kinds.get(LISTED..).unwrap_or_default();
    if !others.is_empty() {
        let rest: u64 = others.iter().map(|of| of.scenarios).sum();
        listed.push(format!("{} of {} other kinds", grouped(rest), others.len()));
    }
    format!("{}: {}", counted(scenarios, "scenario"), listed.join(", "))
}

/// What the corpus says of a family.
pub(crate) fn name(named: &Named) -> String {
    let race = |Race { scenario, variant }: &Race| with_variant(scenario, variant.as_deref());
    match named {
        Named::Same(of) => format!("this is {}", race(of)),
        Named::Nearest(to) => format!("new; the nearest race of the corpus is {}", race(to)),
        Named::New => "new; no race of the corpus has this damage and a call in common".to_owned(),
    }
}

/// Which mainline kernels have a family.
fn life(Lifetime { eras: (first, last), opened, closed }: &Lifetime) -> String {
    let opened = match opened {
        Some(by) => changed("opened", by),
        None => format!("violated in {first} already"),
    };
    let closed = match closed {
        Some(by) => changed("closed", by),
        None => format!("still violated in {last}"),
    };
    format!("{opened}; {closed}")
}

fn changed(how: &str, Switch { to, sets, .. }: &Switch) -> String {
    match sets {
        Some(sets) => format!("{how} by {} ({to})", alternatives(sets)),
        None => format!("{how} in {to}, but it is not known by which commits"),
    }
}

#[cfg(test)]
mod tests {
    use cowrace_report::explanation::Given;
    use cowrace_report::{Class, Fact, Found, Page, References, Then, Verdict};

    use super::*;

    fn find() -> Family {
        let (page, count) = (Page::Initial { area: None }, References { plain: 1, pins: 1 });
        let reason = Fact::PageCount { page, count }.so(Then::Copy);
        let why = Some(Given { reason, function: None });
        let kinds = |calls: &[&str], scenarios| Kinds {
            calls: calls.iter().map(|&call| call.to_owned()).collect(),
            scenarios,
            scenario: format!("race found\n\nmm A {{ buf: anon }}\n{scenarios}\n"),
        };
        Family {
            era: "v5.9".to_owned(),
            class: Class::StalePin,
            whose: Whose::Holder,
            held: Some("pin to write".to_owned()),
            cause: Some(Cause { deed: Deed::Displaced, call: "store".to_owned(), why }),
            scenarios: 1234,
            kinds: vec![
                kinds(&["pin to write", "store"], 34),
                kinds(&["pin to write", "store", "fork"], 1200),
            ],
            scenario: "race stale-pin-1\n\nmm A { buf: anon }\n".to_owned(),
            finding: None,
            detail: Some("h is cut off".to_owned()),
            named: Some(Named::New),
            lifetime: None,
            file: None,
        }
    }

    #[test]
    fn a_find_is_told_by_what_led_to_it() {
        assert_eq!(
            family(&find()),
            "\nstale-pin for the holder (pin to write): store displaces the page\n\
             1,234 scenarios: 34 of pin to write + store, 1,200 of pin to write + store + fork; the smallest:\n\n\
             \x20 mm A { buf: anon }\n\n\
             \x20 h is cut off\n\
             \x20 because page_count(X) == 1 + 1 pin, so copy\n\
             \x20 new; no race of the corpus has this damage and a call in common\n"
        );
        assert_eq!(
            by_kinds(&find()),
            family(&find())
                + "\n1,200 scenarios of pin to write + store + fork; the smallest:\n\n  mm A { buf: anon }\n  1200\n"
        );
        let nobody = Family { whose: Whose::Kernel, held: None, cause: None, ..find() };
        assert_eq!(title(&nobody), "stale-pin");
    }

    #[test]
    fn a_find_is_named_and_dated() {
        let race = Race { scenario: "pinned".to_owned(), variant: Some("get".to_owned()) };
        assert_eq!(name(&Named::Same(race.clone())), "this is pinned:get");
        assert_eq!(name(&Named::Nearest(race)), "new; the nearest race of the corpus is pinned:get");
        let eras = ("v5.4".to_owned(), "v6.18".to_owned());
        let ever = Lifetime { eras: eras.clone(), opened: None, closed: None };
        assert_eq!(life(&ever), "violated in v5.4 already; still violated in v6.18");
        let change = |to: &str, sets| Switch {
            from: "v5.8".to_owned(),
            to: to.to_owned(),
            found: Found { verdict: Verdict::Holds, class: None },
            sets,
            insufficient: Vec::new(),
        };
        let commit = "--with 09854ba94c6a".parse().expect("a toggle");
        let opened = Some(change("v5.9-rc5", Some(vec![vec![commit]])));
        let for_a_while = Lifetime { eras, opened, closed: Some(change("v5.19", None)) };
        assert_eq!(
            life(&for_a_while),
            "opened by 09854ba94c6a (v5.9-rc5); closed in v5.19, but it is not known by which commits"
        );
    }
}
