//! The table of safeguards is consistent, and the listed removals take them out.

use std::collections::BTreeSet;

use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::era::{EraError, KEPT, NONE, Removal, Rules, Safeguard, settings};

#[test]
fn what_takes_a_safeguard_out_is_its_own() {
    let toggles: BTreeSet<_> = Safeguard::ALL.iter().map(|safeguard| safeguard.toggle()).collect();
    assert_eq!(toggles.len(), Safeguard::ALL.len());
    let rules = Rules::keys();
    for safeguard in Safeguard::ALL {
        match safeguard.removal() {
            Removal::Switch(key) => assert!(rules.iter().all(|(rule, _)| *rule != key), "{key}"),
            Removal::Rule(key, value) => {
                assert!(
                    rules.iter().any(|(rule, all)| *rule == key && all.contains(&value)),
                    "{key}={value}"
                );
            }
        }
    }
    let keys: BTreeSet<_> = settings().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), settings().len());
}

#[test]
fn every_safeguard_has_a_sentence() {
    for safeguard in Safeguard::ALL {
        let about = safeguard.about();
        assert!(about.ends_with('.') && about.len() <= 110, "{about}");
        assert!(safeguard.file().contains('/') && !safeguard.function().is_empty(), "{safeguard:?}");
    }
}

#[test]
fn every_safeguard_is_in_some_preset() {
    for &safeguard in Safeguard::ALL {
        let has = |era: &Era| Arch::ALL.iter().any(|&arch| safeguard.is_in(era.rules(), arch));
        assert!(Era::presets().iter().any(has), "no preset has {safeguard:?}");
    }
}

/// The other safeguards are still there, except those that the same rule decides.
#[test]
fn what_is_taken_out_is_gone() -> Result<(), EraError> {
    for era in Era::presets() {
        let all: Vec<_> = Safeguard::ALL.iter().filter(|o| o.is_in(era.rules(), Arch::X86)).collect();
        for safeguard in &all {
            let (key, value) = safeguard.toggle();
            let without = era.clone().set(key, value)?;
            assert!(!safeguard.is_in(without.rules(), Arch::X86), "{}", without.label());
            for other in all.iter().filter(|other| other.toggle().0 != key) {
                assert!(other.is_in(without.rules(), Arch::X86), "{other:?} in {}", without.label());
            }
        }
    }
    Ok(())
}

#[test]
fn a_switch_can_be_put_back() -> Result<(), EraError> {
    let era = Era::preset("v6.12")?;
    let without = era.clone().set("zap_flush", NONE)?;
    assert_eq!(without.label(), "v6.12 --set zap_flush=none");
    assert!(
        without.rules().lacks.has(Safeguard::ZapFlush) && !without.rules().lacks.has(Safeguard::ForkFlush)
    );
    assert_eq!(without.set("zap_flush", KEPT)?.rules(), era.rules());
    let error = era.set("zap_flush", "never").expect_err("no such value");
    assert_eq!(error.to_string(), "rule `zap_flush` has no value `never`; it takes kept, none");
    Ok(())
}
