//! Which kernels to check under: presets, era files, toggles from the command line.

use std::path::Path;

use cowrace_mm::Era;
use cowrace_mm::era::{COMMITS, EraError, PRESETS, Version, settings};

use crate::{Failure, era_file, suggest};

/// Deviations from an era, as the command line and era files have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toggles {
    /// Commits to add.
    pub with: Vec<String>,
    /// Commits to take away.
    pub without: Vec<String>,
    /// Rules to pick by hand: keys and values.
    pub set: Vec<(String, String)>,
}

impl Toggles {
    /// The era with the toggles.
    ///
    /// # Errors
    ///
    /// If one does not apply to it.
    pub fn apply(&self, mut era: Era) -> Result<Era, EraError> {
        for id in &self.without {
            era = era.without(id)?;
        }
        for id in &self.with {
            era = era.with(id)?;
        }
        for (key, value) in &self.set {
            era = era.set(key, value)?;
        }
        Ok(era)
    }
}

/// The eras that a command line selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The eras, toggles applied.
    pub eras: Vec<Era>,
    /// What the user should know: eras that were left out, and why.
    pub notes: Vec<String>,
}

/// Selects eras by name or file; without any, every preset to which the toggles apply.
///
/// # Errors
///
/// If a name, commit, rule or value does not exist, if a file cannot be read, or if a toggle does not
/// apply to an era that was asked for by name.
pub fn select(names: &[String], toggles: &Toggles) -> Result<Selection, Failure> {
    if names.is_empty() {
        return every_preset(toggles);
    }
    let mut selection = Selection { eras: Vec::new(), notes: Vec::new() };
    for name in names {
        let era = toggled(name, toggles, &mut selection.notes)?;
        if !selection.eras.contains(&era) {
            selection.eras.push(era);
        }
    }
    Ok(selection)
}

/// One era by name or file, with toggles.
pub(crate) fn toggled(name: &str, toggles: &Toggles, notes: &mut Vec<String>) -> Result<Era, Failure> {
    let era = named(name, notes)?;
    let label = era.label();
    toggles.apply(era).map_err(|error| Failure::usage(explain(&error, Some(&label))))
}

/// One era by name or file, and what the user should know of it.
///
/// # Errors
///
/// As [`select`].
pub fn named(name: &str, notes: &mut Vec<String>) -> Result<Era, Failure> {
    let path = Path::new(name);
    match Era::version(name) {
        Ok(version) => {
            let told: Vec<String> = told(&version).into_iter().filter(|note| !notes.contains(note)).collect();
            notes.extend(told);
            Ok(version.era)
        }
        Err(EraError::Preset(_)) if path.is_file() || name.contains('/') || name.ends_with(".toml") => {
            era_file::read(path, notes)
        }
        Err(error) => Err(Failure::usage(explain(&error, None))),
    }
}

/// What a release or version is, and what is not known of it.
pub(crate) fn told(version: &Version) -> Vec<String> {
    let Version { era, preset, more, unknown, read } = version;
    let name = era.name();
    let mut notes = Vec::new();
    if name != *preset {
        let toggles: String = more.iter().map(|id| format!(" --with {id}")).collect();
        notes.push(format!("note: {name} is {preset}{toggles}"));
    }
    if let Some(read) = read {
        notes.push(format!("note: what {name} has is known up to {read}; it is taken to have nothing more"));
    }
    if !unknown.is_empty() {
        let ids = unknown.join(", ");
        notes.push(format!("note: it is not known whether {name} has {ids}; it is taken to be without"));
    }
    notes
}

fn every_preset(toggles: &Toggles) -> Result<Selection, Failure> {
    let mut selection = Selection { eras: Vec::new(), notes: Vec::new() };
    for era in Era::presets() {
        let name = era.name().to_owned();
        match toggles.apply(era) {
            Ok(era) => selection.eras.push(era),
            Err(error @ (EraError::Has(_) | EraError::HasNot(_))) => {
                selection.notes.push(format!("note: {name} is left out: {error}"));
            }
            Err(error) => return Err(Failure::usage(explain(&error, None))),
        }
    }
    if selection.eras.is_empty() {
        return Err(Failure::usage(format!(
            "the toggles apply to no era\n  {}",
            selection.notes.join("\n  ").replace("note: ", "")
        )));
    }
    Ok(selection)
}

/// An error in words, with what may have been meant.
pub(crate) fn explain(error: &EraError, era: Option<&str>) -> String {
    let hint = match error {
        EraError::Preset(name) => suggest::hint(name, PRESETS.iter().map(|p| p.name)),
        // A list has been read as one id: none of them is near.
        EraError::Commit(error) if error.text().contains([',', ' ']) => String::new(),
        EraError::Commit(error) => suggest::hint(error.text(), COMMITS.iter().map(|c| c.id)),
        EraError::NotKnown(..) | EraError::Twice(_) => String::new(),
        EraError::Key(key) => suggest::hint(key, settings().into_iter().map(|k| k.0)),
        EraError::Value(_, value, values) => suggest::hint(value, values.iter().copied()),
        EraError::Has(_) | EraError::HasNot(_) => {
            return match era {
                Some(era) => error.to_string().replacen("the era", &format!("era `{era}`"), 1),
                None => error.to_string(),
            };
        }
    };
    let all = match error {
        EraError::Preset(_) => {
            "\n  an era is a name of `cowrace eras`, a release or stable version, as v6.6 or 5.10.262, or a file"
        }
        EraError::Commit(_) => "\n  `cowrace eras` lists the commits",
        EraError::Key(_) => "\n  `cowrace eras` lists the rules",
        _ => "",
    };
    format!("{error}{hint}{all}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(names: &[&str], toggles: &Toggles) -> Failure {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        select(&names, toggles).expect_err("it is wrong")
    }

    #[test]
    fn without_a_name_every_preset_is_taken() {
        let selection = select(&[], &Toggles::default()).expect("presets");
        assert_eq!(selection.eras.len(), PRESETS.len());
        assert!(selection.notes.is_empty());
    }

    #[test]
    fn an_era_asked_for_twice_is_checked_once() {
        let names = ["v5.9".to_owned(), "v5.9".to_owned()];
        assert_eq!(select(&names, &Toggles::default()).expect("an era").eras.len(), 1);
    }

    #[test]
    fn what_does_not_exist_gets_suggestions() {
        let failure = fail(&["v5.99"], &Toggles::default());
        assert_eq!(failure.exit, cowrace_report::Exit::Usage);
        assert!(
            failure.message.contains("no era `v5.99`") && failure.message.contains("`v5.9`"),
            "{failure:?}"
        );
        let set =
            |key: &str, value: &str| Toggles { set: vec![(key.into(), value.into())], ..Toggles::default() };
        assert!(fail(&[], &set("wp_reuze", "count")).message.contains("`wp_reuse`"));
        assert!(fail(&["v5.9"], &set("wp_reuse", "mapsvap")).message.contains("`mapswap`"));
        let with = Toggles { with: vec!["deadbeef0000".into()], ..Toggles::default() };
        assert!(fail(&[], &with).message.contains("no commit `deadbeef0000`"));
    }

    #[test]
    fn a_set_rule_applies_everywhere() {
        let toggles = Toggles { set: vec![("wp_reuse".into(), "mapcount".into())], ..Toggles::default() };
        let selection = select(&[], &toggles).expect("presets");
        assert!(selection.eras.iter().all(|e| e.label().ends_with(" --set wp_reuse=mapcount")));
    }
}
