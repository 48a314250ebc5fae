//! The names that each kernel has for the functions of the model.

use cowrace_mm::era::{EraError, SPELLINGS};
use cowrace_mm::{Era, FUNCTIONS};

/// The spelling as `name file tree`.
fn spelled(era: &str, function: &str) -> Result<String, EraError> {
    Ok(spell(&Era::preset(era)?, function))
}

fn spell(era: &Era, function: &str) -> String {
    era.spelling(function).map(|s| format!("{} {} {}", s.name, s.file, s.tree)).unwrap_or_default()
}

#[test]
fn every_function_is_spelled_under_every_preset() {
    let functions: Vec<_> = FUNCTIONS.iter().copied().filter(|f| *f != "user").collect();
    assert_eq!(SPELLINGS.iter().map(|(function, _)| *function).collect::<Vec<_>>(), functions);
    for era in Era::presets() {
        for function in &functions {
            // Before v5.7 there is no function of which it could be a part, and before v6.1 no MADV_COLLAPSE.
            let is_new = ["mwriteprotect_range", "userfaultfd_writeprotect"].contains(function);
            let is_there = match *function {
                "madvise_collapse" => era.has("70cbc3cc78a9"),
                _ => !is_new || era.name() != "v5.4",
            };
            assert_eq!(era.spelling(function).is_some(), is_there, "{function} under {}", era.name());
        }
        assert_eq!(era.spelling("user"), None);
    }
}

#[test]
fn rows_are_in_order_and_each_changes_something() {
    for (function, rows) in SPELLINGS {
        for pair in rows.windows(2) {
            assert!(pair[0].since < pair[1].since, "{function}: {} twice, or late", pair[1].since);
            let moved = (pair[0].name, pair[0].file) != (pair[1].name, pair[1].file);
            assert!(moved, "{function}: {} changes nothing", pair[1].since);
        }
    }
}

/// The model's name is one that kernels have used, or that they keep for callers other than the model's.
#[test]
fn the_models_names_are_a_kernels() {
    let others = ["do_munmap", "isolate_lru_page"];
    for (function, rows) in SPELLINGS {
        assert_ne!(rows.iter().any(|row| row.name == *function), others.contains(function), "{function}");
    }
}

#[test]
fn gup_fast_takes_its_reference_by_three_names() -> Result<(), EraError> {
    assert_eq!(spelled("v5.9", "try_grab_folio")?, "try_grab_compound_head mm/gup.c v5.9");
    assert_eq!(spelled("v6.1", "try_grab_folio")?, "try_grab_folio mm/gup.c v6.1");
    assert_eq!(spelled("v6.12", "try_grab_folio")?, "try_grab_folio_fast mm/gup.c v6.12");
    Ok(())
}

/// v5.9-rc7 split `copy_one_pte`, so the result depends on the tree that a preset means by v5.9.
#[test]
fn a_part_of_a_larger_function_is_spelled_as_that_function() -> Result<(), EraError> {
    for part in ["copy_nonpresent_pte", "copy_present_page", "copy_present_pte"] {
        assert_eq!(spelled("v5.7", part)?, "copy_one_pte mm/memory.c v5.7");
        assert_eq!(spelled("v5.9-rc5", part)?, "copy_one_pte mm/memory.c v5.9-rc5");
        assert_eq!(spelled("v5.9", part)?, format!("{part} mm/memory.c v5.9"));
    }
    assert_eq!(spelled("v6.12", "copy_present_pte")?, "copy_present_ptes mm/memory.c v6.12");
    Ok(())
}

#[test]
fn a_function_moves_and_keeps_its_name() -> Result<(), EraError> {
    assert_eq!(spelled("v5.12", "blkdev_direct_IO")?, "blkdev_direct_IO fs/block_dev.c v5.12");
    assert_eq!(spelled("v5.18", "blkdev_direct_IO")?, "blkdev_direct_IO block/fops.c v5.18");
    Ok(())
}

#[test]
fn a_stable_tree_has_what_was_backported_to_it() -> Result<(), EraError> {
    let walk = "lockless_pages_from_mm";
    assert_eq!(spelled("v5.10", walk)?, "internal_get_user_pages_fast mm/gup.c v5.10");
    assert_eq!(spelled("v5.10.y", walk)?, "lockless_pages_from_mm mm/gup.c v5.10.7");
    Ok(())
}

#[test]
fn proposals_have_the_tree_that_they_were_made_for() -> Result<(), EraError> {
    assert_eq!(spelled("aa-cor", "lru_cache_add")?, "lru_cache_add mm/swap.c v5.14");
    assert_eq!(spelled("unshare-v1", "lru_cache_add")?, "folio_add_lru mm/swap.c v5.16");
    Ok(())
}

/// An era file may give its era any name, and toggles do not change the release.
#[test]
fn an_era_keeps_the_tree_of_its_base() -> Result<(), EraError> {
    let era = Era::preset("v6.12")?.without("fb49c455323f")?.named("mine").set("wp_reuse", "mapswap")?;
    assert_eq!(spell(&era, "gup_pte_range"), "gup_fast_pte_range mm/gup.c v6.12");
    Ok(())
}
