//! What files expect under each era.

use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_report::{Class, Verdict};
use cowrace_scenario::{Expectation, Scenario};

const LEAK: Option<Expectation> = Some(Expectation::Violated(Some(Class::Leak)));
const HOLDS: Option<Expectation> = Some(Expectation::Holds);
const VACUOUS: Option<Expectation> = Some(Expectation::Vacuous);

fn file(footer: &str) -> Scenario {
    crate::common::good(&format!(
        "race r\nmm A {{ a: anon }}\nvariant get {{ $g = get }}\nvariant pin {{ $g = pin }}\n\n\
         t @A\n=====\n$g(a)\n\n{footer}\n"
    ))
}

fn asked(footer: &str, era: &Era, variant: &str) -> Option<Expectation> {
    let scenario = file(footer);
    scenario.expectation(era, scenario.variant(Some(variant)).unwrap())
}

fn preset(name: &str) -> Era {
    Era::preset(name).unwrap()
}

#[test]
fn ranges_run_over_the_mainline() {
    let footer = "expect v5.9..v5.11, v5.7 leak; v6.1.. vacuous; else holds";
    for (era, expected) in [
        ("v5.7", LEAK),
        ("v5.8", HOLDS),
        ("v5.9-rc5", HOLDS),
        ("v5.9", LEAK),
        ("v5.10", LEAK),
        // A stable tree is not part of the range around it.
        ("v5.10.y", HOLDS),
        ("v5.11", LEAK),
        ("v5.12", HOLDS),
        ("v6.1", VACUOUS),
        ("v6.15", VACUOUS),
        ("aa-revert", HOLDS),
    ] {
        assert_eq!(asked(footer, &preset(era), "get"), expected, "{era}");
    }
}

#[test]
fn the_first_case_wins_and_silence_is_no_expectation() {
    let footer = "expect v5.9 leak; ..v5.9 violated";
    assert_eq!(asked(footer, &preset("v5.9"), "get"), LEAK);
    assert_eq!(asked(footer, &preset("v5.8"), "get"), Some(Expectation::Violated(None)));
    assert_eq!(asked(footer, &preset("v5.10"), "get"), None);
}

#[test]
fn toggles_match_exactly_and_in_any_order() {
    let footer = "expect v5.9 set wp_reuse=mapswap without be068f29034f vacuous; v5.9 without be068f2 leak; else holds";
    let without = preset("v5.9").without("be068f29034f").unwrap();
    assert_eq!(asked(footer, &without, "get"), LEAK);
    let both = without.clone().set("wp_reuse", "mapswap").unwrap();
    assert_eq!(asked(footer, &both, "get"), VACUOUS);
    let turned = preset("v5.9").set("wp_reuse", "mapswap").unwrap().without("be068f29034f").unwrap();
    assert_eq!(asked(footer, &turned, "get"), VACUOUS);
    let set = preset("v5.9").set("wp_reuse", "mapswap").unwrap();
    assert_eq!(asked(footer, &set, "get"), None);
    assert_eq!(asked(footer, &preset("v5.9"), "get"), HOLDS);
}

#[test]
fn variants_have_lines_of_their_own() {
    let footer = "expect v5.9 leak; else holds\nexpect variant pin: v5.9 vacuous";
    assert_eq!(asked(footer, &preset("v5.9"), "get"), LEAK);
    assert_eq!(asked(footer, &preset("v5.9"), "pin"), VACUOUS);
    assert_eq!(asked(footer, &preset("v5.10"), "pin"), HOLDS);
}

#[test]
fn architectures_have_lines_of_their_own() {
    let footer = "expect v5.9 holds; else vacuous\nexpect variant pin: v5.10 unknown\n\
                  expect arch arm64: v5.9, v5.10 leak\nexpect variant pin arch arm64: v5.9 vacuous";
    let on = |arch, era, variant| {
        let scenario = file(footer);
        scenario.expectation_on(arch, &preset(era), scenario.variant(Some(variant)).unwrap())
    };
    assert_eq!(on(Arch::Arm64, "v5.9", "get"), LEAK);
    assert_eq!(on(Arch::X86, "v5.9", "get"), HOLDS);
    assert_eq!(on(Arch::Arm64, "v5.9", "pin"), VACUOUS);
    assert_eq!(on(Arch::Arm64, "v5.10", "pin"), LEAK);
    assert_eq!(on(Arch::Generic, "v5.10", "pin"), Some(Expectation::Unknown));
    // An expectation for one architecture does not change the others.
    assert_eq!(on(Arch::Arm64, "v6.1", "get"), VACUOUS);
}

#[test]
fn era_files_are_named_in_quotes() {
    let footer = "expect \"my kernel\" leak; else holds";
    assert_eq!(asked(footer, &preset("v5.9").named("my kernel"), "get"), LEAK);
    assert_eq!(asked(footer, &preset("v5.9").named("another"), "get"), None);
}

#[test]
fn outcomes_are_verdicts() {
    assert_eq!(Expectation::Holds.verdict(), Some(Verdict::Holds));
    assert_eq!(Expectation::Violated(Some(Class::Leak)).class(), Some(Class::Leak));
    assert_eq!(Expectation::Violated(None).to_string(), "violated");
    assert_eq!(format!("{:>9}", Expectation::Violated(Some(Class::LostRead))), "lost-read");
}

#[test]
fn unknown_is_written_like_an_outcome() {
    let footer = "expect v5.9 leak; v5.10 unknown; else unknown";
    let unknown = Some(Expectation::Unknown);
    assert_eq!(asked(footer, &preset("v5.9"), "get"), LEAK);
    assert_eq!(asked(footer, &preset("v5.10"), "get"), unknown);
    assert_eq!(asked(footer, &preset("v6.1"), "get"), unknown);
    assert_eq!((Expectation::Unknown.verdict(), Expectation::Unknown.class()), (None, None));
    assert_eq!(Expectation::Unknown.to_string(), "unknown");
}
