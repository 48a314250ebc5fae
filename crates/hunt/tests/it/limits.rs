//! A limit on time decides nothing: what it has left open of a find is not taken for an answer.

use std::collections::BTreeSet;
use std::time::Duration;

use cowrace_explore::Limits;
use cowrace_hunt::alphabet::{Alphabet, Template};
use cowrace_hunt::campaign::{Campaign, Find, Shape};
use cowrace_hunt::confirm::Confirmed;
use cowrace_hunt::corpus::Corpus;
use cowrace_hunt::family::Families;
use cowrace_hunt::hunt::{Hunt, Quest};
use cowrace_hunt::judge::Judge;
use cowrace_hunt::outcome::Wanted;
use cowrace_hunt::part::{Column, Move, Part};
use cowrace_hunt::stage::{Stage, plain};
use cowrace_hunt::step::Runner;
use cowrace_hunt::text::Scenario;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::syscall::{Access, Gives};
use cowrace_mm::world::Backing;
use cowrace_report::hunt::Named;
use cowrace_scenario::parse;

use crate::runner;

/// Ends every search that is not over at once.
fn no_time() -> Limits {
    Limits { time: Some(Duration::ZERO), ..Limits::default() }
}

fn hunted(limits: Limits) -> Hunt {
    let era = Era::preset("v5.9").expect("a preset");
    let only = ["pin_fast", "clear_refs"].map(str::to_owned).to_vec();
    let shape = Shape { calls: 2, columns: 1 };
    let mut hunt = Hunt::new(Quest { only, limits, ..Quest::new(era, Arch::Generic, shape) });
    while hunt.next_level(2, &|| false).is_some() {}
    hunt
}

#[test]
fn what_a_limit_has_left_open_is_not_sorted() {
    let sorted = |limits| {
        let mut families = Families::default();
        let told = hunted(limits).sort(2, &|| false, &mut families);
        let signatures: BTreeSet<_> =
            families.into_sorted().iter().map(|family| family.damage.signature()).collect();
        (told, signatures)
    };
    let (whole, all) = sorted(Limits::default());
    assert_eq!((whole.unconfirmed, whole.unsorted), (0, 0));
    let (ended, some) = sorted(no_time());
    assert!(ended.unconfirmed == 0 && ended.unsorted > 0, "{ended:?}");
    // No find is taken for one with a lesser damage.
    assert!(some.is_subset(&all), "{some:?}\n{all:?}");
}

#[test]
fn a_find_is_not_minimal_because_there_was_no_time() {
    let stage = Stage::new(plain(Backing::Anon, false), false, 2);
    let era = Era::preset("v6.15").expect("a preset");
    let alphabet = Alphabet::of(&stage, [&era]);
    let column = |actor: &str, is_it: &dyn Fn(&Template) -> bool| {
        let template = alphabet.templates().iter().find(|template| is_it(template)).expect("it is there");
        let actor = stage.world.actors.iter().position(|spec| spec.name == actor).expect("it is there");
        let takes = (template.row.gives == Gives::Handle).then_some(0);
        Column { actor, moves: vec![Move { template: *template, takes }] }
    };
    let named = |name: &'static str| move |template: &Template| template.row.names.contains(&name);
    let store = |template: &Template| template.row.access == Some(Access::Store);
    let is_minimal = |beside: Vec<Column>, stops: bool| {
        let parts = vec![Part { columns: beside }, Part { columns: vec![column("a", &named("munmap"))] }];
        let area = stage.world.areas[0].clone();
        let find = Find { scenario: Scenario { words: "anon".to_owned(), area, parts }, kernel: 0 };
        let runner = Runner { limits: no_time(), ..runner(&stage, &era) };
        let campaign = Campaign::new(runner, alphabet.clone(), Shape { calls: 4, columns: 2 });
        campaign.is_minimal(&find, &move || stops)
    };
    let few = || vec![column("a", &store), column("a2", &store)];
    assert_eq!(is_minimal(few(), false), Some(true));
    assert_eq!(is_minimal(few(), true), None);
    // Without the munmap, they run side by side for long.
    let pin = column("a2", &named("pin_fast"));
    assert_eq!(is_minimal(vec![column("a", &store), pin, column("k", &named("reclaim"))], false), None);
}

#[test]
fn what_was_ended_is_not_known() {
    let text = "race long\nmm A { buf: anon }\n\n\
        a @A        other           pinner @A                      reader @A\n\
        ==========  ==============  =============================  ==========\n\
        buf[0] = 1  reclaim(A.buf)  p = pin_fast(buf, FOLL_WRITE)  r = buf[0]\n";
    let long = parse(text).expect("a scenario");
    let judge = |limits| Judge { era: Era::preset("v6.15").expect("a preset"), arch: Arch::Generic, limits };
    let confirmed = |limits, stops: bool| judge(limits).confirm(&long, &long.variants()[0], &move || stops);
    assert!(matches!(confirmed(Limits::default(), true), Confirmed::NotKnown));
    assert!(matches!(confirmed(no_time(), false), Confirmed::NotKnown));
}

#[test]
fn no_witness_is_passed_over_because_there_was_no_time() {
    let era = |name: &str| Era::preset(name).expect("a preset");
    let without = era("v5.12").without("9348b73c2e1b").expect("a commit");
    let only = ["pin_fast", "clear_refs"].map(str::to_owned).to_vec();
    let quest = Quest {
        only,
        beside: Some((without, Wanted::Difference)),
        ..Quest::new(era("v5.12"), Arch::Generic, Shape { calls: 2, columns: 1 })
    };
    let witness = |limits| {
        let mut hunt = Hunt::new(Quest { limits, ..quest.clone() });
        while hunt.next_level(2, &|| false).is_some() {}
        hunt.witness(&|| false)
    };
    assert!(matches!(witness(Limits::default()), (Confirmed::Yes(_), 0)));
    assert!(matches!(witness(no_time()), (Confirmed::NotKnown, 0)));
}

#[test]
fn a_find_is_not_new_because_there_was_no_time() {
    let path = format!("{}/../../scenarios/clear-refs-vs-pinfast.race", env!("CARGO_MANIFEST_DIR"));
    let race = parse(&std::fs::read_to_string(path).expect("it is there")).expect("a scenario");
    let hunt = hunted(Limits::default());
    let (families, _) = hunt.families(2);
    let named = |limits| {
        let corpus = Corpus::of(std::slice::from_ref(&race), &Judge { limits, ..hunt.judge() }, &|| false);
        families.iter().map(|family| corpus.name(family)).collect::<Vec<_>>()
    };
    let known = named(Limits::default());
    assert!(known.iter().any(|named| matches!(named, Named::Same(_))), "{known:?}");
    assert_eq!(named(no_time()), known);
}
