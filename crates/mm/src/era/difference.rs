//! The toggles that turn one era into another.

use std::collections::BTreeMap;

use super::{COMMITS, Era, EraError, KEPT, Toggle};

impl Era {
    /// The toggles that turn the era into another: commits, oldest first, then rules that are picked by hand in one
    /// of the two.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Vec<Toggle> {
        let commits = COMMITS.iter().enumerate().filter_map(|(index, commit)| {
            match (self.commits.contains(&index), other.commits.contains(&index)) {
                (false, true) => Some(Toggle::With(commit.id)),
                (true, false) => Some(Toggle::Without(commit.id)),
                _ => None,
            }
        });
        let (mine, theirs) = (self.picked(), other.picked());
        // A rule that only this era picks gets the value that the commits of the other era give it. A safeguard is kept
        // unless it is taken out by hand.
        let lost = mine.keys().filter(|key| !theirs.contains_key(*key));
        let entries: BTreeMap<_, _> = other.rules.entries().into_iter().collect();
        let made = lost.map(|&key| (key, entries.get(key).copied().unwrap_or(KEPT)));
        let due: BTreeMap<_, _> = theirs.iter().map(|(&key, &value)| (key, value)).chain(made).collect();
        let set = due.into_iter().filter(|&(key, value)| mine.get(key) != Some(&value));
        commits.chain(set.map(|(key, value)| Toggle::Set(key, value))).collect()
    }

    /// The era with these toggles.
    ///
    /// # Errors
    ///
    /// If a toggle does not apply.
    pub fn toggled(self, toggles: &[Toggle]) -> Result<Self, EraError> {
        toggles.iter().try_fold(self, |era, toggle| match *toggle {
            Toggle::With(id) => era.with(id),
            Toggle::Without(id) => era.without(id),
            Toggle::Set(key, value) => era.set(key, value),
        })
    }

    /// The rules that are picked by hand.
    fn picked(&self) -> BTreeMap<&'static str, &'static str> {
        let toggles = self.inherent.iter().chain(&self.toggles);
        toggles
            .filter_map(|toggle| match *toggle {
                Toggle::Set(key, value) => Some((key, value)),
                Toggle::With(_) | Toggle::Without(_) => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eras() -> Result<Vec<Era>, EraError> {
        let mut eras = Era::presets();
        eras.push(Era::preset("v5.9")?.set("wp_reuse", "mapcount")?);
        eras.push(Era::preset("v6.1")?.set("wp_reuse", "count")?.set("gup_read", "share")?.named("mine"));
        eras.push(Era::preset("v6.1")?.set("wp_reuse", "count")?.named("mine").set("wp_reuse", "mapswap")?);
        eras.push(Era::preset("v5.19")?.without("6c287605fd56")?);
        eras.push(Era::preset("v5.19")?.set("zap_flush", "none")?);
        Ok(eras)
    }

    #[test]
    fn toggles_turn_any_era_into_any_other() -> Result<(), EraError> {
        let eras = eras()?;
        for (from, to) in eras.iter().flat_map(|from| eras.iter().map(move |to| (from, to))) {
            let difference = from.difference(to);
            let turned = from.clone().toggled(&difference)?;
            assert_eq!(turned.rules(), to.rules(), "{} to {}", from.label(), to.label());
            assert!(turned.commits().map(|c| c.id).eq(to.commits().map(|c| c.id)));
            assert_eq!(turned.difference(to), []);
        }
        Ok(())
    }

    #[test]
    fn they_are_what_differs_and_nothing_else() -> Result<(), EraError> {
        let (old, new) = (Era::preset("v5.18")?, Era::preset("v5.19")?.set("wp_reuse", "mapcount")?);
        let commits =
            ["6c287605fd56", "4a18419f71cd", "4f83145721f3", "a7f226604170", "1493a1913e34", "623a1ddfeb23"];
        let more = commits.map(Toggle::With);
        assert_eq!(old.difference(&new), [&more[..], &[Toggle::Set("wp_reuse", "mapcount")]].concat());
        let less = commits.map(Toggle::Without);
        assert_eq!(new.difference(&old), [&less[..], &[Toggle::Set("wp_reuse", "count")]].concat());
        assert_eq!(new.difference(&new), []);
        Ok(())
    }
}
