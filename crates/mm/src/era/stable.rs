//! The commits of the model that stable trees have taken.
//!
//! For each long-term branch: which of the commits that landed after its release it took, from which version on, and
//! which it did not take up to the version that was read. Nothing is known about a commit that is in neither list, nor
//! about a commit that is lacking, in versions after the one that was read. Every row has its source.

use super::Release;

/// A stable tree.
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    /// The release from which it branched.
    pub base: Release,
    /// The newest version that was read.
    pub read: Release,
    /// Where that version was read.
    pub source: &'static str,
    /// The commits that it took.
    pub has: &'static [Backport],
    /// The commits that it does not have in the version that was read.
    pub lacks: &'static [&'static [&'static str]],
}

/// A commit that a stable tree took.
#[derive(Clone, Copy, Debug)]
pub struct Backport {
    /// The commit.
    pub id: &'static str,
    /// The first version that has it, as far as that is known.
    pub first: First,
    /// The source of this row.
    pub source: &'static str,
}

/// The first version of a stable tree that has a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// This version.
    Is(Release),
    /// A version after the first one given, and at the latest the second one.
    Between(Release, Release),
}

/// Whether a version of a stable tree has a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It has the commit.
    Yes,
    /// It does not have the commit.
    No,
    /// It did not have the commit in the newest version that was read, which is older.
    NotYet,
    /// This is not known.
    Unknown,
}

impl Branch {
    /// Whether a version has a commit that landed after the release from which the tree branched.
    #[must_use]
    pub fn taken(&self, id: &str, version: Release) -> Taken {
        if let Some(backport) = self.has.iter().find(|backport| backport.id == id) {
            return match backport.first {
                First::Is(first) | First::Between(_, first) if first <= version => Taken::Yes,
                First::Between(last, _) if last < version => Taken::Unknown,
                _ => Taken::No,
            };
        }
        match self.lacks.iter().any(|ids| ids.contains(&id)) {
            true if version <= self.read => Taken::No,
            true => Taken::NotYet,
            false => Taken::Unknown,
        }
    }
}

const fn took(id: &'static str, tag: &str, source: &'static str) -> Backport {
    Backport { id, first: First::Is(Release::new(tag)), source }
}

/// A commit of 2022 or 2023.
const fn later_5_15(id: &'static str) -> Backport {
    let first = First::Between(Release::new("v5.15.34"), Release::new("v5.15.158"));
    Backport { id, first, source: "a tree of v5.15.224; v5.15.34 is older than the commit" }
}

/// The changelog of Debian's package lists the commits of each version of a branch.
const DEBIAN: &str = "Debian's changelog of linux, under the version";

/// A collection of CVEs tells which version of a branch fixed each.
const FUSE_CVE: &str = "CVE-2022-1011 in linux_kernel_cves: data/stream_fixes.json";

/// COW by page_count, and the commits that it needed.
const V5_9: &[&str] = &[
    "a308c71bf1e6",
    "09854ba94c6a",
    "be068f29034f",
    "008cfe4418b3",
    "70e806e4e645",
    "f3c64eda3e50",
    "d042035eaf5f",
];
const V5_11: &[&str] = &["57efa1fe5957", "29a951dfb3c3", "9348b73c2e1b", "feb889fb40fa"];
const V5_12: &[&str] = &["912efa17e512", "6ce64428d620", "4eae4efa2c29"];
const V5_14: &[&str] = &["c24d37322548", "f4c4a3f48480"];
const V5_17: &[&str] = &["5ee2fa2f0636", "ffa65753c431"];
const V5_18: &[&str] = &[
    "53a05ad9f21d",
    "d4c470970d45",
    "c145e0b47c77",
    "90e7e7f5ef3f",
    "3bff7e3f1f16",
    "7f7609175ff2",
    "820c4e2e6f51",
];
const V5_19: &[&str] =
    &["6c287605fd56", "a7f226604170", "1493a1913e34", "623a1ddfeb23", "4a18419f71cd", "4f83145721f3"];
const V6_1: &[&str] = &["2e3468778dbe", "64fe24a3e05e", "5535be309971", "088b8aa537c2", "f347454d0341"];
const V6_2: &[&str] = &["84209e87c696", "7ea7e333842e", "c27f479ef542", "cb67f4282bf9", "e833bc503405"];
const V6_3: &[&str] = &["931298e103c2"];
const V6_4: &[&str] = &["d824ec2a1546", "0bff0aaea03e"];
const V6_5: &[&str] = &["fb49c455323f", "a7e689dd1c06", "20b18aada185"];
const V6_9: &[&str] = &["3027c6f8eb9d", "738adade96b2", "cd197c3a2040"];
const V6_11: &[&str] = &["eefb9b2725e3", "dce7d10be4bb", "3931b871c493", "1943f96b3816", "c18160dba5ff"];
/// The collections of CVEs know of no stable tree before v6.12 that has it (CVE-2025-21696).
const V6_13: &[&str] = &["0cef0bb836e3"];
const V6_14: &[&str] = &["1aa43598c03b", "faeb2831b517", "d8fd84dd4ce7", "1da190f4d0a6"];
const V6_15: &[&str] = &["354dffd29575", "2f9b43d617e2", "ddd05742b45b", "29f40594a281"];
const V6_17: &[&str] = &["f822a9a81a31", "d23cb648e365"];
const V6_18: &[&str] = &["04d1c9d60c6e", "khugepaged-read-only"];

/// The long-term branches, oldest first.
pub const BRANCHES: &[Branch] = &[
    Branch {
        base: Release::new("v5.4"),
        read: Release::new("v5.4.286"),
        source: "a tree of v5.4.286",
        has: &[
            took("0c4bcfdecb1a", "v5.4.185", FUSE_CVE),
            took("17839856fd58", "v5.4.47", "the stable queue: releases/5.4.47, and CVE-2020-29374"),
            took(
                "c444eb564fb1",
                "v5.4.48",
                "CVE-2020-29368, and the stable posting of 19 June 2020; read in v5.4.291",
            ),
            Backport {
                id: "6c8e2a256915",
                first: First::Between(Release::new("v5.4.188"), Release::new("v5.4.214")),
                source: "trees of v5.4.188 and v5.4.214",
            },
            Backport {
                id: "ff1712f953e2",
                first: First::Between(Release::new("v5.4.59"), Release::new("v5.4.188")),
                source: "a tree of v5.4.188; v5.4.59 is older than the commit",
            },
            Backport {
                id: "2ba99c5e0881",
                first: First::Between(Release::new("v5.4.214"), Release::new("v5.4.286")),
                source: "a tree of v5.4.291; v5.4.214 is older than the commit",
            },
        ],
        lacks: &[
            &["0758cd830494", "3faa52c03f44", "3917c80280c9"],
            V5_9,
            V5_11,
            V5_12,
            V5_14,
            &["cb185d5f1ebf"],
            &["5503fbf2b0b8", "9445689f3b61", "70cbc3cc78a9", "dd47ac428c3f"],
            V5_17,
            V5_18,
            V5_19,
            V6_1,
            V6_2,
            V6_3,
            V6_4,
            V6_5,
            V6_9,
            V6_11,
            V6_13,
            V6_14,
            V6_15,
            V6_17,
            V6_18,
        ],
    },
    Branch {
        base: Release::new("v5.10"),
        read: Release::new("v5.10.262"),
        source: "Debian's linux-source-5.10 5.10.262-1",
        has: &[
            took("57efa1fe5957", "v5.10.4", DEBIAN),
            took("29a951dfb3c3", "v5.10.9", DEBIAN),
            took("9348b73c2e1b", "v5.10.9", DEBIAN),
            took("feb889fb40fa", "v5.10.9", DEBIAN),
            took("912efa17e512", "v5.10.20", DEBIAN),
            took("6ce64428d620", "v5.10.24", DEBIAN),
            took("c24d37322548", "v5.10.50", DEBIAN),
            took("cb185d5f1ebf", "v5.10.76", "the history of the stable tree"),
            took("0c4bcfdecb1a", "v5.10.106", FUSE_CVE),
            took("6c8e2a256915", "v5.10.111", DEBIAN),
            took("70cbc3cc78a9", "v5.10.148", DEBIAN),
            took("2ba99c5e0881", "v5.10.159", DEBIAN),
            took("dd47ac428c3f", "v5.10.179", DEBIAN),
        ],
        lacks: &[
            &["4eae4efa2c29", "f4c4a3f48480"],
            V5_17,
            V5_18,
            V5_19,
            V6_1,
            V6_2,
            V6_3,
            V6_4,
            V6_5,
            V6_9,
            V6_11,
            V6_13,
            V6_14,
            V6_15,
            V6_17,
            V6_18,
        ],
    },
    Branch {
        base: Release::new("v5.15"),
        read: Release::new("v5.15.158"),
        source: "a tree of v5.15.158",
        has: &[
            took("0c4bcfdecb1a", "v5.15.29", FUSE_CVE),
            took("6c8e2a256915", "v5.15.34", "the stable queue: releases/5.15.34/series"),
            later_5_15("70cbc3cc78a9"),
            later_5_15("2ba99c5e0881"),
            later_5_15("dd47ac428c3f"),
        ],
        lacks: &[
            V5_17, V5_18, V5_19, V6_1, V6_2, V6_3, V6_4, V6_5, V6_9, V6_11, V6_13, V6_14, V6_15, V6_17, V6_18,
        ],
    },
    Branch {
        base: Release::new("v6.1"),
        read: Release::new("v6.1.192"),
        source: "Debian's linux-source-6.1 6.1.192-3",
        has: &[took("dd47ac428c3f", "v6.1.26", DEBIAN), took("d824ec2a1546", "v6.1.28", DEBIAN)],
        lacks: &[V6_2, V6_3, &["0bff0aaea03e"], V6_5, V6_9, V6_11, V6_13, V6_14, V6_15, V6_17, V6_18],
    },
    Branch {
        base: Release::new("v6.6"),
        read: Release::new("v6.6.87"),
        source: "a tree of v6.6.87",
        has: &[Backport {
            id: "1943f96b3816",
            first: First::Between(Release::new("v6.6.80"), Release::new("v6.6.87")),
            source: "trees of v6.6.80 and v6.6.87",
        }],
        lacks: &[
            V6_9,
            &["eefb9b2725e3", "dce7d10be4bb", "3931b871c493", "c18160dba5ff"],
            V6_13,
            V6_14,
            V6_15,
            V6_17,
            V6_18,
        ],
    },
    Branch {
        base: Release::new("v6.12"),
        read: Release::new("v6.12.118"),
        source: "Debian's linux-source-6.12 6.12.118-1",
        has: &[took("0cef0bb836e3", "v6.12.10", "CVE-2025-21696; a tree of v6.12.117 has it")],
        lacks: &[V6_14, V6_15, V6_17, V6_18],
    },
    Branch {
        base: Release::new("v6.18"),
        read: Release::new("v6.18.21"),
        source: "CVE-2026-31398; no other commit of the model landed after v6.18",
        has: &[Backport {
            id: "29f40594a281",
            first: First::Between(Release::new("v6.18.19"), Release::new("v6.18.21")),
            source: "CVE-2026-31398: its lists of affected versions differ by one",
        }],
        lacks: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::super::{COMMITS, Landed};
    use super::*;

    /// For each branch and every commit that landed after its release, it is known whether the newest version that was
    /// read has the commit.
    #[test]
    fn every_branch_answers_for_every_commit() {
        for branch in BRANCHES {
            for commit in COMMITS {
                if matches!(commit.landed, Landed::In(_)) && !commit.landed.by(branch.base) {
                    let taken = branch.taken(commit.id, branch.read);
                    assert_ne!(taken, Taken::Unknown, "{} and {}", branch.base, commit.id);
                }
            }
        }
    }

    #[test]
    fn rows_are_of_commits_that_the_branch_lacked_and_of_its_own_versions() {
        for branch in BRANCHES {
            assert_eq!(branch.read.mainline(), branch.base);
            assert!(!branch.source.is_empty());
            let landed_later = |id: &str| {
                let commit = COMMITS.iter().find(|commit| commit.id == id);
                let commit = commit.unwrap_or_else(|| panic!("{} names {id}", branch.base));
                assert!(matches!(commit.landed, Landed::In(_)) && !commit.landed.by(branch.base), "{id}");
            };
            for backport in branch.has {
                landed_later(backport.id);
                let (First::Is(first) | First::Between(_, first)) = backport.first;
                assert!(first.mainline() == branch.base && first.is_stable() && first <= branch.read);
                assert!(!backport.source.is_empty());
            }
            let lacks = branch.lacks.iter().copied().flatten();
            for id in lacks {
                landed_later(id);
                assert!(branch.has.iter().all(|backport| backport.id != *id), "{id} is in both");
            }
        }
    }

    #[test]
    fn what_came_in_between_two_versions_that_were_read_is_not_known_there() {
        const HAS: &[Backport] = &[Backport {
            id: "57efa1fe5957",
            first: First::Between(Release::new("v5.10.5"), Release::new("v5.10.9")),
            source: "",
        }];
        let branch = Branch { has: HAS, ..BRANCHES[0] };
        let taken = |tag: &str| branch.taken("57efa1fe5957", Release::new(tag));
        let answers = ["v5.10.5", "v5.10.6", "v5.10.8", "v5.10.9", "v5.10.10"].map(taken);
        assert_eq!(answers, [Taken::No, Taken::Unknown, Taken::Unknown, Taken::Yes, Taken::Yes]);
    }
}
