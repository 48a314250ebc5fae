//! Releases of the kernel, in order.

use std::fmt;

/// A release (`v5.9`), a candidate for one (`v5.9-rc7`), or one of a stable tree (`v5.10.7`). Candidates come
/// before their release, stable ones behind it and before the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    version: u8,
    patchlevel: u8,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Candidate(u8),
    Stable(u8),
}

impl Release {
    /// A release by its tag. What is not one does not compile where the tables are constants.
    pub(super) const fn new(tag: &str) -> Self {
        let [b'v', rest @ ..] = tag.as_bytes() else { panic!("a tag begins with `v`") };
        let (version, rest) = number(rest);
        let [b'.', rest @ ..] = rest else { panic!("a tag is `vX.Y`, `vX.Y-rcN` or `vX.Y.N`") };
        let (patchlevel, rest) = number(rest);
        let (stage, rest) = match rest {
            [b'-', b'r', b'c', rest @ ..] => {
                let (candidate, rest) = number(rest);
                (Stage::Candidate(candidate), rest)
            }
            [b'.', rest @ ..] => {
                let (sublevel, rest) = number(rest);
                (Stage::Stable(sublevel), rest)
            }
            rest => (Stage::Stable(0), rest),
        };
        assert!(rest.is_empty(), "a tag is `vX.Y`, `vX.Y-rcN` or `vX.Y.N`");
        Self { version, patchlevel, stage }
    }
}

/// The number that a text begins with, and what follows.
const fn number(mut text: &[u8]) -> (u8, &[u8]) {
    assert!(matches!(text, [b'0'..=b'9', ..]), "a tag has numbers");
    let mut value = 0;
    while let [digit @ b'0'..=b'9', rest @ ..] = text {
        value = value * 10 + (*digit - b'0');
        text = rest;
    }
    (value, text)
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
    use super::Release;

    #[test]
    fn candidates_come_before_their_release_and_stable_ones_behind_it() {
        let tags = ["v5.9-rc5", "v5.9-rc7", "v5.9", "v5.10", "v5.10.7", "v5.11", "v6.1"];
        let releases = tags.map(Release::new);
        assert!(releases.is_sorted_by(|a, b| a < b));
        assert_eq!(releases.map(|release| release.to_string()), tags);
    }
}
