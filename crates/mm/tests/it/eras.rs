//! The tables of eras are consistent, and toggles have the effects that they declare.

use std::collections::BTreeSet;

use cowrace_mm::Era;
use cowrace_mm::era::{COMMITS, EraError, GupForce, GupRead, Landed, PRESETS, Rules, Toggle, WpReuse};

#[test]
fn every_commit_of_a_preset_exists_and_every_commit_but_new_proposals_is_in_one() {
    let mut used = BTreeSet::new();
    for preset in PRESETS {
        for id in preset.commits() {
            assert!(COMMITS.iter().any(|c| c.id == id), "{} names {id}", preset.name);
            used.insert(id);
        }
    }
    for commit in COMMITS {
        let is_new = matches!(commit.landed, Landed::Proposed("2026"));
        let (id, is_used) = (commit.id, used.contains(commit.id));
        assert!(is_used || is_new, "{id} is in no list of `presets.rs`");
        assert!(!is_used || !is_new, "{id} is in a preset, so it is no proposal of 2026");
    }
}

#[test]
fn ids_are_unique_and_twelve_digits_or_a_word() {
    let ids: BTreeSet<_> = COMMITS.iter().map(|c| c.id).collect();
    assert_eq!(ids.len(), COMMITS.len());
    for commit in COMMITS {
        let hash = commit.id.len() == 12 && commit.id.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(hash || commit.id.contains('-'), "{}", commit.id);
    }
}

/// A toggle that changed no rule could never be seen.
#[test]
fn every_commit_changes_a_rule_of_some_preset() {
    for commit in COMMITS {
        let seen = Era::presets().into_iter().any(|era| {
            let rules = *era.rules();
            let toggled = if era.has(commit.id) { era.without(commit.id) } else { era.with(commit.id) };
            toggled.is_ok_and(|toggled| *toggled.rules() != rules)
        });
        // A later commit overrules it in every preset that has both: its effect shows only without the later one.
        let overruled = ["4969c1192d15", "17839856fd58", "a308c71bf1e6"].contains(&commit.id);
        assert!(seen || overruled, "{} changes nothing", commit.id);
    }
}

#[test]
fn toggles_apply_once() -> Result<(), EraError> {
    let era = Era::preset("v5.12")?.without("57efa1f")?;
    assert_eq!(era.label(), "v5.12 --without 57efa1fe5957");
    assert_eq!(era.toggles(), [Toggle::Without("57efa1fe5957")]);
    assert_eq!(era.clone().without("57efa1fe5957"), Err(EraError::Twice("57efa1fe5957")));
    assert_eq!(Era::preset("v5.9")?.without("57efa1fe5957"), Err(EraError::HasNot("57efa1fe5957")));
    assert_eq!(era.with("57efa1fe5957")?.rules(), Era::preset("v5.12")?.rules());
    Ok(())
}

/// Code that requires the exclusive mark would wait for it for ever.
#[test]
fn rules_that_need_the_mark_go_with_it() -> Result<(), EraError> {
    let without = Era::preset("v6.12")?.without("6c287605fd56")?;
    assert_eq!(without.rules().gup_read, GupRead::Share);
    assert_eq!(without.rules().gup_force, GupForce::CowFlag);
    Ok(())
}

#[test]
fn rules_can_be_picked_by_hand() -> Result<(), EraError> {
    let era = Era::preset("v6.12")?.set("wp_reuse", "mapcount")?;
    assert_eq!(era.rules().wp_reuse, WpReuse::MapCount);
    assert!(matches!(era.clone().set("wp_reuse", "never"), Err(EraError::Value("wp_reuse", ..))));
    assert!(matches!(era.set("no_such_rule", "x"), Err(EraError::Key(_))));
    Ok(())
}

#[test]
fn every_key_takes_every_value_that_it_lists() -> Result<(), EraError> {
    for (key, values) in Rules::keys() {
        for value in values {
            let era = Era::preset("v6.12")?.set(key, value)?;
            assert!(era.rules().entries().contains(&(key, value)), "{key}={value}");
        }
    }
    Ok(())
}

/// Neighbours differ, or the preset declares that it is like the one before.
#[test]
fn presets_differ_from_each_other() -> Result<(), EraError> {
    for pair in PRESETS.windows(2) {
        let (a, b) = (Era::preset(pair[0].name)?, Era::preset(pair[1].name)?);
        assert!(a.rules() != b.rules() || pair[1].about.starts_with("as "), "{} and {}", a.name(), b.name());
    }
    Ok(())
}
