//! Kernels by their release or stable version.
//!
//! A release of the mainline consists of the last preset before it and the commits that had landed by then. A version
//! of a stable tree consists of the release from which the tree branched and the commits that the tree has taken since.

use std::fmt;

use super::stable::{BRANCHES, Taken};
use super::{COMMITS, Commit, Era, EraError, Landed, PRESETS, Preset, Release};

/// The newest release with which the model was compared: from v7.0 on, `do_swap_page` drops the swap count and the swap
/// cache after mapping the page, for which the model has no rule.
const NEWEST: Release = Release::new("v6.19");

/// A kernel that was asked for by its release or version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The era.
    pub era: Era,
    /// The preset on which it is based.
    pub preset: &'static str,
    /// The commits that it has in addition to those of the preset, oldest first.
    pub more: Vec<&'static str>,
    /// Commits for which it is not known whether the stable tree has taken them. They are assumed to be lacking.
    pub unknown: Vec<&'static str>,
    /// The newest version of the stable tree that was read, if this one is newer: commits that are lacking there are
    /// assumed to be lacking here.
    pub read: Option<Release>,
}

/// Why a release or version is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKnown {
    /// It is older than every preset.
    TooOld,
    /// It is newer than the kernels with which the model was compared.
    TooNew,
    /// It is a candidate, and it is not known which commits landed between the releases in more detail.
    Candidate,
    /// It belongs to a stable tree that is not in the tables.
    Branch,
}

impl NotKnown {
    /// The reason, in a sentence.
    const fn reason(self) -> &'static str {
        match self {
            Self::TooOld => "the model begins with later kernels",
            Self::TooNew => "it is newer than the kernels that the model was compared with",
            Self::Candidate => {
                "of the commits of that release it is not known which candidate has them first"
            }
            Self::Branch => "what that stable tree has taken is not known, only that of long-term branches",
        }
    }
}

/// The text for messages.
impl fmt::Display for NotKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.reason())
    }
}

impl Era {
    /// A kernel by the name of a preset, or by any release or stable version, such as `v6.6`, `6.6` and `5.10.262`.
    ///
    /// # Errors
    ///
    /// If it is neither, or the commits of that kernel are not known.
    pub fn version(name: &str) -> Result<Version, EraError> {
        if let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) {
            return Ok(plain(Self::preset(name)?, preset.name));
        }
        let release: Release = name.parse().map_err(|_| EraError::Preset(name.to_owned()))?;
        // Whether one that is newer than all of them exists makes no difference.
        if !release.may_exist() && release < NEWEST {
            return Err(EraError::Preset(name.to_owned()));
        }
        let tag = release.to_string();
        if let Some(preset) = PRESETS.iter().find(|preset| preset.name == tag) {
            return Ok(plain(Self::preset(&tag)?, preset.name));
        }
        of(release)
    }
}

fn plain(era: Era, preset: &'static str) -> Version {
    Version { era, preset, more: Vec::new(), unknown: Vec::new(), read: None }
}

/// The presets of the mainline, oldest first.
fn mainline() -> impl DoubleEndedIterator<Item = &'static Preset> {
    PRESETS.iter().filter(|preset| preset.mainline)
}

fn of(release: Release) -> Result<Version, EraError> {
    let base = release.mainline();
    let not_known = |why, nearest: Release| Err(EraError::NotKnown(release, why, nearest.to_string()));
    let Some(preset) = mainline().rfind(|preset| preset.tree <= base) else {
        let first = mainline().next().map_or(base, |preset| preset.tree);
        return not_known(NotKnown::TooOld, first);
    };
    if base > NEWEST {
        return not_known(NotKnown::TooNew, NEWEST);
    }
    // For some commits the first candidate is known, for the others only the release.
    if let Some(due) = release.candidate_for()
        && COMMITS.iter().any(|commit| commit.landed == Landed::In(due))
    {
        return not_known(NotKnown::Candidate, preset.tree);
    }
    let mut version = plain(Era::preset(preset.name)?, preset.name);
    let landed = COMMITS.iter().filter(|commit| commit.landed.by(base));
    let mut more: Vec<&Commit> = landed.filter(|commit| !version.era.has(commit.id)).collect();
    if release.is_stable() {
        let Some(branch) = BRANCHES.iter().find(|branch| branch.base == base) else {
            return not_known(NotKnown::Branch, base);
        };
        for commit in
            COMMITS.iter().filter(|commit| matches!(commit.landed, Landed::In(first) if first > base))
        {
            match branch.taken(commit.id, release) {
                Taken::Yes => more.push(commit),
                Taken::No => {}
                Taken::NotYet => version.read = Some(branch.read),
                Taken::Unknown => version.unknown.push(commit.id),
            }
        }
    }
    version.more = more.iter().map(|commit| commit.id).collect();
    version.era = version.era.of_tree(release, &version.more)?;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(name: &str) -> (&'static str, Vec<&'static str>) {
        let version = Era::version(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(version.unknown.is_empty(), "{name}: {:?}", version.unknown);
        (version.preset, version.more)
    }

    #[test]
    fn a_release_is_the_last_preset_and_what_landed_since() {
        assert_eq!(made("v5.9"), ("v5.9", vec![]));
        assert_eq!(made("5.9"), ("v5.9", vec![]));
        assert_eq!(made("v5.10.y"), ("v5.10.y", vec![]));
        assert_eq!(made("v6.0"), ("v5.19", vec!["64fe24a3e05e", "5535be309971", "70cbc3cc78a9"]));
        assert_eq!(made("6.3"), ("v6.2", vec!["931298e103c2", "dd47ac428c3f"]));
        assert_eq!(made("v5.9-rc4"), ("v5.8", vec!["a308c71bf1e6", "09854ba94c6a"]));
        assert_eq!(made("v5.9-rc7").1, ["be068f29034f", "008cfe4418b3", "70e806e4e645", "d042035eaf5f"]);
    }

    /// The commits of a preset are exactly those that had landed by then.
    #[test]
    fn presets_of_the_mainline_are_what_had_landed() {
        for preset in mainline() {
            let era = Era::preset(preset.name).expect("a preset");
            for commit in COMMITS.iter().filter(|commit| matches!(commit.landed, Landed::In(_))) {
                let (has, landed) = (era.has(commit.id), commit.landed.by(preset.tree));
                assert_eq!(
                    has, landed,
                    "{} and {}, which landed in {}",
                    preset.name, commit.id, commit.landed
                );
            }
        }
    }

    #[test]
    fn a_stable_version_is_its_release_and_what_the_tree_took() {
        assert_eq!(made("v5.10.1"), ("v5.10", vec![]));
        assert_eq!(made("v5.10.4"), ("v5.10", vec!["57efa1fe5957"]));
        assert_eq!(made("v5.10.8"), ("v5.10", vec!["57efa1fe5957"]));
        assert_eq!(made("5.10.262").1.len(), 13);
        assert_eq!(made("6.1.25"), ("v6.1", vec![]));
        assert_eq!(made("6.1.192"), ("v6.1", vec!["dd47ac428c3f", "d824ec2a1546"]));
        let seven = Era::version("v5.10.7").expect("known").era;
        assert_eq!(seven.rules(), Era::preset("v5.10.y").expect("a preset").rules());
        assert_eq!(seven.label(), "v5.10.7");
    }

    #[test]
    fn what_came_between_two_versions_that_were_read_is_not_known() {
        let unknown = |name: &str| Era::version(name).expect("known").unknown;
        assert_eq!(unknown("v5.4.188"), [""; 0]);
        assert_eq!(unknown("v5.4.200"), ["6c8e2a256915"]);
        assert_eq!(
            made("v5.4.214").1,
            ["17839856fd58", "c444eb564fb1", "ff1712f953e2", "0c4bcfdecb1a", "6c8e2a256915"]
        );
        assert_eq!((made("v5.4.46").1, made("v5.4.47").1), (vec![], vec!["17839856fd58"]));
    }

    #[test]
    fn what_is_newer_than_what_was_read_says_so() {
        assert_eq!(Era::version("v5.10.262").expect("known").read, None);
        let read =
            BRANCHES.iter().find(|branch| branch.base == Release::new("v5.10")).map(|branch| branch.read);
        assert_eq!(Era::version("v5.10.300").expect("known").read, read);
    }

    #[test]
    fn what_is_not_known_names_what_is_nearest() {
        let error = |name: &str| match Era::version(name) {
            Err(EraError::NotKnown(_, why, nearest)) => (why, nearest),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(error("v4.19").0, NotKnown::TooOld);
        assert_eq!(error("v4.19.300").0, NotKnown::TooOld);
        assert_eq!(error("v7.0"), (NotKnown::TooNew, "v6.19".to_owned()));
        assert_eq!(error("v6.20"), (NotKnown::TooNew, "v6.19".to_owned()));
        assert_eq!(error("v7.2.12").0, NotKnown::TooNew);
        assert_eq!(error("v5.12-rc2"), (NotKnown::Candidate, "v5.11".to_owned()));
        assert_eq!(error("v5.13.4"), (NotKnown::Branch, "v5.13".to_owned()));
        assert_eq!(error("v6.4.2"), (NotKnown::Branch, "v6.4".to_owned()));
        for name in ["v6", "v6.6.y", "6c287605fd56", "", "v5.99x", "v5.99", "v5.20.1"] {
            assert_eq!(Era::version(name), Err(EraError::Preset(name.to_owned())), "{name}");
        }
    }
}
