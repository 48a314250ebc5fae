//! What makes finds alike, and the races of a corpus that they are.

use std::sync::atomic::{AtomicUsize, Ordering};

use cowrace_hunt::campaign::Shape;
use cowrace_hunt::corpus::Corpus;
use cowrace_hunt::family::{Families, Family};
use cowrace_hunt::hunt::{Hunt, Quest};
use cowrace_hunt::kind::Kind;
use cowrace_hunt::start::Start;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::syscall::{Change, Promise};
use cowrace_report::hunt::{Deed, Named, Rediscovered, Whose};
use cowrace_report::{Class, Fact, Then};
use cowrace_scenario::{Scenario, parse};

/// A hunt in scenarios of two calls, and its families.
fn hunted(era: &str, only: &[&str]) -> (Hunt, Vec<Family>) {
    let shape = Shape { calls: 2, columns: 1 };
    let era = Era::preset(era).expect("a preset");
    let only = only.iter().map(|&name| name.to_owned()).collect();
    let mut hunt = Hunt::new(Quest { only, ..Quest::new(era, Arch::Generic, shape) });
    while hunt.next_level(2, &|| false).is_some() {}
    let (families, unconfirmed) = hunt.families(2);
    assert_eq!(unconfirmed, 0);
    (hunt, families)
}

/// What is known of a family: whose damage it is, and which call did what.
fn told(family: &Family) -> (Whose, Option<Kind>, Option<(Deed, Kind)>) {
    let cause = family.damage.cause.as_ref().map(|cause| (cause.deed, cause.call));
    (family.damage.whose, family.damage.held, cause)
}

/// The family in which this call did this to what a pin to write holds.
fn of_pin(families: &[Family], deed: Deed, call: Kind) -> &Family {
    let pin = Kind::Holds(Promise::WritePin);
    let mut all =
        families.iter().filter(|family| told(family) == (Whose::Holder, Some(pin), Some((deed, call))));
    let only = all.next().expect("there is one");
    assert!(all.next().is_none(), "{families:#?}");
    only
}

#[test]
fn a_family_is_told_by_who_has_the_damage_and_by_the_call_that_led_to_it() {
    let (_, families) = hunted("v5.9", &["pin_fast", "clear_refs"]);
    let protected = of_pin(&families, Deed::WriteProtected, Kind::Changes(Change::WriteProtects));
    assert_eq!(protected.damage.class, Class::StalePin);
    assert_eq!(protected.damage.cause.as_ref().and_then(|cause| cause.why.as_ref()), None);
    // The second pin copies the page that the first one holds.
    let displaced = of_pin(&families, Deed::Displaced, Kind::Holds(Promise::WritePin));
    let why = displaced.damage.cause.as_ref().and_then(|cause| cause.why.clone()).expect("a rule").0;
    assert!(matches!(why.fact, Fact::PageCount { .. }) && why.then == Some(Then::Copy), "{why:?}");
    // Whatever page it is that is pinned.
    let took =
        |deed| families.iter().filter(|family| told(family).2.is_some_and(|(did, _)| did == deed)).count();
    assert_eq!((took(Deed::TookZero), took(Deed::TookFile), took(Deed::Took)), (1, 1, 2), "{families:#?}");
}

#[test]
fn the_smallest_find_stands_for_its_family_and_all_are_counted() {
    let (_, families) = hunted("v5.9", &["pin_user_pages_fast", "pin_user_pages_remote", "clear_refs"]);
    for family in &families {
        assert_eq!(family.kinds.values().map(|alike| alike.minimal).sum::<u64>(), family.minimal);
        assert_eq!(family.kinds[&family.exemplar.calls].smallest, family.exemplar.scenario);
        let shortest = family.kinds.keys().map(Vec::len).min();
        assert_eq!(Some(family.exemplar.calls.len()), shortest, "{family:#?}");
    }
    // A column less counts for more than a word less.
    let protected = of_pin(&families, Deed::WriteProtected, Kind::Changes(Change::WriteProtects));
    assert!(protected.exemplar.scenario.contains("\nk\n"), "{}", protected.exemplar.scenario);
}

#[test]
fn a_flush_that_was_put_off_is_not_what_displaces_a_page() {
    let era = Era::preset("v5.18").expect("a preset");
    let only = ["extract_pages", "madvise", "reclaim"].map(str::to_owned).to_vec();
    let start = Start { areas: vec!["anon lazyfree".to_owned()], child: Some(false) };
    let shape = Shape { calls: 3, columns: 1 };
    let mut hunt = Hunt::new(Quest { only, start, ..Quest::new(era, Arch::Generic, shape) });
    while hunt.next_level(2, &|| false).is_some() {}
    // The first reclaim puts the flush off that MADV_PAGEOUT makes before it looks at the page.
    let is_it = |kinds: &&Vec<Kind>| {
        kinds.iter().filter(|kind| **kind == Kind::Changes(Change::Reclaims)).count() == 2
    };
    let (families, unconfirmed) = hunt.families(2);
    let [family] = families.as_slice() else { panic!("{families:#?}") };
    assert!(unconfirmed == 0 && family.kinds.keys().any(|kinds| is_it(&kinds)), "{family:#?}");
    let why = family.damage.cause.as_ref().and_then(|cause| cause.why.clone()).expect("a rule").0;
    assert!(matches!(why.fact, Fact::PageCount { .. }) && why.then == Some(Then::Keep), "{why:?}");
}

/// A race of the corpus.
fn race(name: &str) -> Scenario {
    let path = format!("{}/../../scenarios/{name}.race", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect(&path);
    parse(&text).expect("it is a scenario")
}

#[test]
fn races_of_the_corpus_are_among_the_finds_or_are_told() {
    let (hunt, families) = hunted("v5.9", &["pin_fast", "clear_refs"]);
    let rediscovered = |names: &[&str]| {
        let corpus: Vec<Scenario> = names.iter().map(|name| race(name)).collect();
        let all = Corpus::of(&corpus, &hunt.judge(), &|| false);
        assert_eq!(all.rediscovered(&families, &|| true).unwrap_or_default(), Rediscovered::default());
        all.rediscovered(&families, &|| false).expect("nothing ends it")
    };
    // A pin that clear_refs cuts off; a race that takes other calls; and one that v5.9 does not have.
    let names = ["ro-longterm-pin-clear-refs", "lru-batch-of-fifteen", "vmsplice-child-munmap-leak"];
    let told = rediscovered(&names);
    assert_eq!((told.races, told.missing), (2, vec!["lru-batch-of-fifteen".to_owned()]));
    assert_eq!(rediscovered(&[]), Rediscovered::default());
}

fn names(hunt: &Hunt, corpus: &[&str], family: &Family) -> Named {
    let races: Vec<Scenario> = corpus.iter().map(|name| race(name)).collect();
    Corpus::of(&races, &hunt.judge(), &|| false).name(family)
}

/// The name of a race that a find is.
fn same(named: Named) -> Option<String> {
    match named {
        Named::Same(race) => Some(race.scenario),
        Named::Nearest(_) | Named::New => None,
    }
}

#[test]
fn a_find_is_the_race_that_is_left_of_it_without_some_calls() {
    let (hunt, families) = hunted("v5.9", &["pin_fast", "clear_refs"]);
    let find = of_pin(&families, Deed::WriteProtected, Kind::Changes(Change::WriteProtects));
    // Its damage is graver: it loses a read.
    let all = ["basic-cow", "clear-refs-vs-pinfast", "vfio-ro-pin-six-step"];
    assert_eq!(same(names(&hunt, &all, find)).as_deref(), Some("clear-refs-vs-pinfast"));
    // The same calls with another damage are another race.
    assert_eq!(same(names(&hunt, &["clear-refs-stale-tlb-lost-write"], find)), None);
    // No race has its calls, but one has the same damage and one of them.
    let nearest = names(&hunt, &["ro-longterm-pin-clear-refs", "basic-cow"], find);
    assert!(
        matches!(&nearest, Named::Nearest(race) if race.scenario == "ro-longterm-pin-clear-refs"),
        "{nearest:?}"
    );
    assert_eq!(names(&hunt, &["basic-cow"], find), Named::New);
}

#[test]
fn a_race_that_the_kernel_does_not_have_names_nothing() {
    let (hunt, families) = hunted("v6.15", &["madvise", "reclaim"]);
    for family in &families {
        assert_eq!(
            same(names(&hunt, &["madvfree-clean-shared"], family)).as_deref(),
            Some("madvfree-clean-shared")
        );
        // In v6.15 a control, which holds.
        assert_eq!(names(&hunt, &["madv-free-odirect-zero", "madv-free-store-survives"], family), Named::New);
    }
    assert_eq!(families.len(), 2);
}

/// A watch that ends what it watches when it has been asked so often.
fn after(questions: usize) -> impl Fn() -> bool {
    let asked = AtomicUsize::new(0);
    move || asked.fetch_add(1, Ordering::Relaxed) >= questions
}

#[test]
fn sorting_can_be_ended_and_what_was_sorted_is_told() {
    let (hunt, families) = hunted("v5.9", &["pin_fast", "clear_refs"]);
    let ended = |questions: usize| {
        let mut some = Families::default();
        let sorted = hunt.sort(1, &after(questions), &mut some);
        assert_eq!(sorted.unconfirmed, 0);
        (some.into_sorted(), sorted.unsorted)
    };
    let (none, all) = ended(0);
    assert!(none.is_empty() && all > families.len() as u64, "{all}");
    // Scenarios of one call come first.
    let (some, unsorted) = ended(40);
    assert_eq!(unsorted, all - 40);
    assert!(!some.is_empty() && some.len() < families.len(), "{some:#?}");
    assert!(some.iter().all(|family| family.exemplar.calls.len() == 1), "{some:#?}");
    let count = |families: &[Family]| families.iter().map(|family| family.minimal).sum::<u64>();
    let (sorted, unsorted) = ended(usize::MAX);
    assert_eq!((sorted.len(), count(&sorted), unsorted), (families.len(), count(&families), 0));
}

#[test]
fn no_find_is_a_race_that_was_not_read() {
    let (hunt, families) = hunted("v5.9", &["pin_fast", "clear_refs"]);
    let find = of_pin(&families, Deed::WriteProtected, Kind::Changes(Change::WriteProtects));
    let races = [race("basic-cow"), race("clear-refs-vs-pinfast")];
    let named = |questions: usize| Corpus::of(&races, &hunt.judge(), &after(questions)).name(find);
    assert_eq!(named(0), Named::New);
    assert_eq!(same(named(usize::MAX)).as_deref(), Some("clear-refs-vs-pinfast"));
}
