//! Resolves names, era files and toggles to kernels.

use std::fmt;
use std::path::{Path, PathBuf};

use cowrace_mm::Era;
use cowrace_mm::era::{COMMITS, EraError, PRESETS, Version, settings};

use crate::kernel_file::{FileError, KernelFile};
use crate::suggest;
use crate::toggles::Toggles;

/// The kernels that were selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The eras, with toggles applied.
    pub eras: Vec<Era>,
    /// Notes for the user.
    pub notes: Vec<Note>,
}

/// A note for the user about a kernel that was selected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A release or version is a preset with additional commits.
    IsPreset {
        /// The release or version.
        name: String,
        /// The preset.
        preset: String,
        /// The ids of the commits.
        more: Vec<String>,
    },
    /// The commits of a release or version are known up to a date or version.
    KnownUpTo {
        /// The release or version.
        name: String,
        /// How far it is known.
        read: String,
    },
    /// It is not known whether a release or version has some commits.
    NotKnown {
        /// The release or version.
        name: String,
        /// The ids of the commits.
        ids: Vec<String>,
    },
    /// The toggles do not apply to a preset.
    LeftOut {
        /// The preset.
        name: String,
        /// Why.
        error: EraError,
    },
    /// The base of a preset is not among the eras, so it is not compared.
    NoBase(String),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsPreset { name, preset, more } => {
                write!(f, "{name} is {preset}")?;
                more.iter().try_for_each(|id| write!(f, " --with {id}"))
            }
            Self::KnownUpTo { name, read } => {
                write!(f, "the commits of {name} are known up to {read}; it is assumed to have no others")
            }
            Self::NotKnown { name, ids } => {
                let ids = ids.join(", ");
                write!(f, "it is not known whether {name} has {ids}; it is assumed that it does not")
            }
            Self::LeftOut { name, error } => write!(f, "{name} is left out: {error}"),
            Self::NoBase(name) => write!(f, "{name} is not compared: its base is left out"),
        }
    }
}

/// Why a kernel cannot be selected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KernelError {
    /// There is no such era, commit, rule or value, or a toggle does not apply.
    Era {
        /// What is wrong.
        error: EraError,
        /// The label of the era that toggles were to be applied to, if it was named.
        of: Option<String>,
        /// The era file with the error, if there is one.
        file: Option<PathBuf>,
    },
    /// An era file cannot be read.
    File(PathBuf, FileError),
    /// The toggles do not apply to any preset, for the reasons in the notes.
    NoPreset(Vec<Note>),
    /// Two different eras have the same label, and each consists of this.
    SameName(String, [String; 2]),
}

impl KernelError {
    const fn era(error: EraError, of: Option<String>) -> Self {
        Self::Era { error, of, file: None }
    }
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Era { error, of, file } => {
                if let Some(file) = file {
                    write!(f, "in the era file `{}`: ", file.display())?;
                }
                f.write_str(&explain(error, of.as_deref()))
            }
            Self::File(path, error) => error.describe(path, f),
            Self::SameName(label, [first, second]) => write!(
                f,
                "two era files have the name of `{label}`: one is `{first}`, the other `{second}`\n  reports name eras, so \
                 change `name` in one of the files"
            ),
            Self::NoPreset(notes) => {
                f.write_str("the toggles do not apply to any era")?;
                notes.iter().try_for_each(|note| write!(f, "\n  {note}"))
            }
        }
    }
}

impl std::error::Error for KernelError {}

/// Selects eras by name or file; without names, every preset that the toggles apply to.
///
/// # Errors
///
/// If a name, commit, rule or value does not exist, if a file cannot be read, or if a toggle does not
/// apply to an era that was asked for by name.
pub fn select(names: &[String], toggles: &Toggles) -> Result<Selection, KernelError> {
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
    are_distinct(&selection.eras)?;
    Ok(selection)
}

/// Refuses eras that reports could not tell apart.
///
/// # Errors
///
/// If two different ones, which era files have made, have the same name and toggles.
pub fn are_distinct(eras: &[Era]) -> Result<(), KernelError> {
    for (place, era) in eras.iter().enumerate() {
        if let Some(other) = eras[..place].iter().find(|other| other.label() == era.label()) {
            let both = [other, era].map(|era| made_of(era).unwrap_or_default());
            return Err(KernelError::SameName(era.label(), both));
        }
    }
    Ok(())
}

/// What an era consists of that has a name of its own, from a file: a preset with toggles, those that were added to it
/// included. `None` for kernels whose names are known.
#[must_use]
pub fn made_of(era: &Era) -> Option<String> {
    let preset = era.base().filter(|_| Era::version(era.name()).is_err())?;
    let toggles = preset.difference(era).into_iter().map(|toggle| format!(" {toggle}"));
    Some(std::iter::once(preset.label()).chain(toggles).collect())
}

/// One era by name or file, with toggles.
///
/// # Errors
///
/// As [`select`].
pub fn toggled(name: &str, toggles: &Toggles, notes: &mut Vec<Note>) -> Result<Era, KernelError> {
    let era = named(name, notes)?;
    let label = era.label();
    toggles.apply(era).map_err(|error| KernelError::era(error, Some(label)))
}

/// One era by name or file, and notes for the user.
///
/// # Errors
///
/// As [`select`].
pub fn named(name: &str, notes: &mut Vec<Note>) -> Result<Era, KernelError> {
    let path = Path::new(name);
    match Era::version(name) {
        Ok(version) => {
            let new: Vec<Note> = told(&version).into_iter().filter(|note| !notes.contains(note)).collect();
            notes.extend(new);
            Ok(version.era)
        }
        Err(EraError::Preset(_)) if path.is_file() || name.contains('/') || name.ends_with(".toml") => {
            from_file(path, notes)
        }
        Err(error) => Err(KernelError::era(error, None)),
    }
}

fn from_file(path: &Path, notes: &mut Vec<Note>) -> Result<Era, KernelError> {
    let file = KernelFile::read(path).map_err(|error| KernelError::File(path.to_owned(), error))?;
    let fail = |error| KernelError::Era { error, of: Some(file.base.clone()), file: Some(path.to_owned()) };
    let base = Era::version(&file.base).map_err(fail)?;
    notes.extend(told(&base));
    Ok(file.toggles.apply(base.era).map_err(fail)?.named(&file.name))
}

/// Notes about a release or version: which preset it is based on, and what is not known.
#[must_use]
pub fn told(version: &Version) -> Vec<Note> {
    let Version { era, preset, more, unknown, read } = version;
    let name = || era.name().to_owned();
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    let mut notes = Vec::new();
    if era.name() != *preset {
        notes.push(Note::IsPreset { name: name(), preset: (*preset).to_owned(), more: owned(more) });
    }
    if let Some(read) = read {
        notes.push(Note::KnownUpTo { name: name(), read: (*read).to_string() });
    }
    if !unknown.is_empty() {
        notes.push(Note::NotKnown { name: name(), ids: owned(unknown) });
    }
    notes
}

fn every_preset(toggles: &Toggles) -> Result<Selection, KernelError> {
    let mut selection = Selection { eras: Vec::new(), notes: Vec::new() };
    for era in Era::presets() {
        let name = era.name().to_owned();
        match toggles.apply(era) {
            Ok(era) => selection.eras.push(era),
            Err(error @ (EraError::Has(_) | EraError::HasNot(_))) => {
                selection.notes.push(Note::LeftOut { name, error });
            }
            Err(error) => return Err(KernelError::era(error, None)),
        }
    }
    if selection.eras.is_empty() {
        return Err(KernelError::NoPreset(selection.notes));
    }
    Ok(selection)
}

/// An error as text, with suggestions.
#[must_use]
pub fn explain(error: &EraError, era: Option<&str>) -> String {
    let hint = match error {
        EraError::Preset(name) => suggest::hint(name, PRESETS.iter().map(|p| p.name)),
        // A list was read as one id: no id is near.
        EraError::Commit(error) if error.text().contains([',', ' ']) => String::new(),
        EraError::Commit(error) => suggest::hint(error.text(), COMMITS.iter().map(|c| c.id)),
        EraError::NotKnown(..) | EraError::Twice(_) | EraError::SetTwice(_) => String::new(),
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
            "\n  an era is a name listed by `cowrace eras`, a release or stable version such as v6.6 or \
             5.10.262, or a file"
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

    fn fail(names: &[&str], toggles: &Toggles) -> String {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        select(&names, toggles).expect_err("it is wrong").to_string()
    }

    fn file(text: &str) -> Result<Era, KernelError> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("era.toml");
        std::fs::write(&path, text).expect("a file");
        from_file(&path, &mut Vec::new())
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
        let error = fail(&["v5.99"], &Toggles::default());
        assert!(error.contains("no era `v5.99`") && error.contains("`v5.9`"), "{error}");
        let set =
            |key: &str, value: &str| Toggles { set: vec![(key.into(), value.into())], ..Toggles::default() };
        assert!(fail(&[], &set("wp_reuze", "count")).contains("`wp_reuse`"));
        assert!(fail(&["v5.9"], &set("wp_reuse", "mapsvap")).contains("`mapswap`"));
        let with = Toggles { with: vec!["deadbeef0000".into()], ..Toggles::default() };
        assert!(fail(&[], &with).contains("no commit `deadbeef0000`"));
    }

    #[test]
    fn a_set_rule_applies_everywhere() {
        let toggles = Toggles { set: vec![("wp_reuse".into(), "mapcount".into())], ..Toggles::default() };
        let selection = select(&[], &toggles).expect("presets");
        assert!(selection.eras.iter().all(|e| e.label().ends_with(" --set wp_reuse=mapcount")));
    }

    #[test]
    fn a_file_makes_an_era_of_its_own() {
        let era = file("name = \"mine\"\nbase = \"v5.9\"\n[set]\nwp_reuse = \"mapcount\"\n").expect("an era");
        assert_eq!(era.name(), "mine");
        assert_eq!(era.rules().wp_reuse.name(), "mapcount");
    }

    #[test]
    fn what_a_file_makes_is_known_by_its_content() {
        let [with, other] = ["mapcount", "mapswap"].map(|value| {
            file(&format!("name = \"mine\"\nbase = \"v5.9\"\n[set]\nwp_reuse = \"{value}\"\n"))
                .expect("an era")
        });
        assert_eq!(made_of(&with).as_deref(), Some("v5.9 --set wp_reuse=mapcount"));
        let less = with.clone().without("09854ba94c6a").expect("it has the commit");
        assert_eq!(made_of(&less).as_deref(), Some("v5.9 --without 09854ba94c6a --set wp_reuse=mapcount"));
        let known = ["v5.9", "5.10.100"].map(|name| Era::version(name).expect("it is known").era);
        assert_eq!(known.each_ref().map(made_of), [None, None]);
        let error = are_distinct(&[with.clone(), less, other]).expect_err("two have one label").to_string();
        assert!(
            error.contains("two era files have the name of `mine`") && error.contains("=mapswap"),
            "{error}"
        );
        assert_eq!(are_distinct(&[with]), Ok(()));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (text, words) in [
            ("name = \"mine\"\nbase = \"v5.9\"\ncolour = 1\n", "colour"),
            ("base = \"v5.9\"\n", "name"),
            ("name = \"mine\"\nbase = \"v5.99\"\n", "`v5.9`"),
            ("name = \"v5.9\"\nbase = \"v5.9\"\n", "name of a known kernel"),
            ("name = \"my era\"\nbase = \"v5.9\"\n", "letters"),
            ("name = \"mine\"\nbase = \"v5.9\"\nset = { wp_reuse = \"x\" }\n", "wp_reuse"),
            ("name =", "cannot be parsed"),
        ] {
            let error = file(text).expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        let missing = from_file(Path::new("/nowhere/era.toml"), &mut Vec::new()).expect_err("no file");
        assert!(missing.to_string().contains("cannot read"), "{missing}");
    }
}
