//! Releases of the kernel, in order.

use std::fmt;
use std::str::FromStr;

/// A release (`v5.9`), a candidate for one (`v5.9-rc7`), or one of a stable tree (`v5.10.7`). Candidates come before
/// their release, stable releases after it and before the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    version: u16,
    patchlevel: u16,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stage {
    Candidate(u16),
    Stable(u16),
}

/// A text that is not a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseReleaseError(pub String);

impl fmt::Display for ParseReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no release, as `v6.6`, `v5.9-rc5` or `v5.10.262` are", self.0)
    }
}

impl std::error::Error for ParseReleaseError {}

impl Release {
    /// A release by its tag. An invalid tag does not compile in a table of constants.
    pub(super) const fn new(tag: &str) -> Self {
        let release = match tag.as_bytes() {
            [b'v', rest @ ..] => Self::read(rest),
            _ => None,
        };
        match release {
            Some(release) => release,
            None => panic!("a tag is `vX.Y`, `vX.Y-rcN` or `vX.Y.N`"),
        }
    }

    /// Reads the part of a tag after the `v`.
    const fn read(text: &[u8]) -> Option<Self> {
        let Some((version, [b'.', rest @ ..])) = number(text) else { return None };
        let Some((patchlevel, rest)) = number(rest) else { return None };
        let stage = match rest {
            [] => Stage::Stable(0),
            [b'-', b'r', b'c', rest @ ..] => match number(rest) {
                Some((candidate, [])) => Stage::Candidate(candidate),
                _ => return None,
            },
            [b'.', rest @ ..] => match number(rest) {
                Some((sublevel, [])) => Stage::Stable(sublevel),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { version, patchlevel, stage })
    }

    /// The release of the mainline from which a stable one branched; the release itself if it is not stable.
    #[must_use]
    pub const fn mainline(self) -> Self {
        match self.stage {
            Stage::Stable(_) => Self { stage: Stage::Stable(0), ..self },
            Stage::Candidate(_) => self,
        }
    }

    /// Whether a release with this number exists or may exist: v6.0 followed v5.19. The last number of the newest
    /// version is unknown.
    #[must_use]
    pub(super) const fn may_exist(self) -> bool {
        let last = match self.version {
            3 | 5 | 6 => 19,
            4 => 20,
            _ => u16::MAX,
        };
        self.patchlevel <= last
    }

    /// Whether it is a release of a stable tree.
    #[must_use]
    pub const fn is_stable(self) -> bool {
        matches!(self.stage, Stage::Stable(1..))
    }

    /// The release for which it is a candidate, if it is one.
    #[must_use]
    pub const fn candidate_for(self) -> Option<Self> {
        match self.stage {
            Stage::Stable(_) => None,
            Stage::Candidate(_) => Some(Self { stage: Stage::Stable(0), ..self }),
        }
    }
}

/// The number with which a text begins, and the rest. A number that begins with 0 is 0.
const fn number(mut text: &[u8]) -> Option<(u16, &[u8])> {
    let mut value: u16 = match text {
        [b'0', rest @ ..] => return Some((0, rest)),
        [b'1'..=b'9', ..] => 0,
        _ => return None,
    };
    while let [digit @ b'0'..=b'9', rest @ ..] = text {
        if value > 999 {
            return None;
        }
        value = value * 10 + (*digit - b'0') as u16;
        text = rest;
    }
    Some((value, text))
}

/// With or without the `v`.
impl FromStr for Release {
    type Err = ParseReleaseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('v').unwrap_or(text);
        Self::read(digits.as_bytes()).ok_or_else(|| ParseReleaseError(text.to_owned()))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.version, self.patchlevel)?;
        match self.stage {
            Stage::Candidate(candidate) => write!(f, "-rc{candidate}"),
            Stage::Stable(0) => Ok(()),
            Stage::Stable(sublevel) => write!(f, ".{sublevel}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_come_before_their_release_and_stable_ones_after_it() {
        let tags =
            ["v2.6.36", "v5.9-rc5", "v5.9-rc7", "v5.9", "v5.10", "v5.10.7", "v5.10.262", "v5.11", "v6.1"];
        let releases = tags.map(Release::new);
        assert!(releases.is_sorted_by(|a, b| a < b));
        assert_eq!(releases.map(|release| release.to_string()), tags);
    }

    #[test]
    fn a_release_is_read_whole_or_not_at_all() {
        for (text, tag) in
            [("6.6", "v6.6"), ("v6.6", "v6.6"), ("5.10.262", "v5.10.262"), ("v5.9-rc5", "v5.9-rc5")]
        {
            assert_eq!(text.parse(), Ok(Release::new(tag)), "{text}");
        }
        for text in [
            "",
            "v",
            "6",
            "v6.",
            "v6.6.",
            "v6.6.1.2",
            "v6.6-",
            "v6.6-rc",
            "v6.6-rc1x",
            "vv6.6",
            "V6.6",
            "v6.06",
            "v-6.6",
            "v6.6 ",
            "v6.99999",
            "v6.6-1",
            "v5.10.y",
        ] {
            assert_eq!(text.parse::<Release>(), Err(ParseReleaseError(text.to_owned())));
        }
    }

    #[test]
    fn versions_end_before_the_next_begins() {
        assert!(["v4.20", "v5.19", "v6.19", "v7.3"].map(Release::new).iter().all(|r| r.may_exist()));
        assert!(["v4.21", "v5.20", "v5.99.1", "v6.20"].map(Release::new).iter().all(|r| !r.may_exist()));
    }

    #[test]
    fn stable_trees_branch_from_releases() {
        let [stable, release, candidate] = ["v5.10.7", "v5.10", "v5.10-rc3"].map(Release::new);
        assert!(stable.is_stable() && !release.is_stable() && !candidate.is_stable());
        assert_eq!(
            (stable.mainline(), release.mainline(), candidate.mainline()),
            (release, release, candidate)
        );
        assert_eq!((candidate.candidate_for(), stable.candidate_for()), (Some(release), None));
    }
}
