//! The presets.

use super::Release;

/// An era with a name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// Its description, in one line.
    pub about: &'static str,
    /// Whether it is a release of the mainline; ranges in scenarios run over these.
    pub mainline: bool,
    /// The release whose tree it is, or for which a proposal was made.
    pub tree: Release,
    /// The preset on which it is built.
    pub base: Option<&'static str>,
    /// The commits that it has in addition.
    pub with: &'static [&'static str],
    /// The commits of the base that it does not have.
    pub without: &'static [&'static str],
}

impl Preset {
    /// The ids of its commits.
    #[must_use]
    pub fn commits(&self) -> Vec<&'static str> {
        let mut ids = match self.base {
            Some(base) => PRESETS.iter().find(|p| p.name == base).map(Self::commits).unwrap_or_default(),
            None => Vec::new(),
        };
        ids.retain(|id| !self.without.contains(id));
        ids.extend(self.with);
        ids
    }
}

const fn mainline(
    name: &'static str,
    about: &'static str,
    base: Option<&'static str>,
    with: &'static [&'static str],
) -> Preset {
    Preset { name, about, mainline: true, tree: Release::new(name), base, with, without: &[] }
}

const fn other(
    name: &'static str,
    about: &'static str,
    tree: &str,
    base: &'static str,
    with: &'static [&'static str],
    without: &'static [&'static str],
) -> Preset {
    Preset { name, about, mainline: false, tree: Release::new(tree), base: Some(base), with, without }
}

/// Every preset: releases and stable trees oldest first, then proposals.
pub const PRESETS: &[Preset] = &[
    mainline(
        "v5.4",
        "mapcount and swapcount decide; no pins, which are references like any other, and no userfaultfd-wp",
        None,
        &["4969c1192d15", "31c4a3d3a0f8", "3ea277194daa"],
    ),
    mainline(
        "v5.7",
        "mapcount and swapcount decide, a read GUP takes what is mapped, fork shares pinned pages",
        Some("v5.4"),
        &["0758cd830494", "3faa52c03f44"],
    ),
    mainline(
        "v5.8",
        "as v5.7, and a read GUP breaks COW as a write does",
        Some("v5.7"),
        &["17839856fd58", "c444eb564fb1", "3917c80280c9", "5503fbf2b0b8", "9445689f3b61"],
    ),
    mainline(
        "v5.9-rc5",
        "page_count decides; nothing protects pins from fork yet, and the page is unlocked too late",
        Some("v5.8"),
        &["a308c71bf1e6", "09854ba94c6a"],
    ),
    mainline(
        "v5.9",
        "page_count decides; fork copies what it sees pinned",
        Some("v5.9-rc5"),
        &["be068f29034f", "008cfe4418b3", "70e806e4e645", "f3c64eda3e50", "d042035eaf5f"],
    ),
    mainline(
        "v5.10",
        "as v5.9; arm64 keeps dirty bits over a write-protection",
        Some("v5.9"),
        &["ff1712f953e2"],
    ),
    other(
        "v5.10.y",
        "stable v5.10.7: v5.10 with write_protect_seq; later versions have more, and go by their own names",
        "v5.10.7",
        "v5.10",
        &["57efa1fe5957"],
        &[],
    ),
    mainline(
        "v5.11",
        "write_protect_seq; clear_refs and reclaim spare what they see pinned",
        Some("v5.10"),
        &["57efa1fe5957", "29a951dfb3c3", "9348b73c2e1b", "feb889fb40fa"],
    ),
    mainline(
        "v5.12",
        "clear_refs flushes; userfaultfd-wp faults flush before they copy",
        Some("v5.11"),
        &["912efa17e512", "6ce64428d620", "4eae4efa2c29"],
    ),
    mainline(
        "v5.15",
        "a pin is taken in two steps; a page that was copied from leaves the swap cache",
        Some("v5.12"),
        &["c24d37322548", "f4c4a3f48480", "cb185d5f1ebf"],
    ),
    mainline(
        "v5.18",
        "page_count at swap-in, too; swap cache and LRU batch are dropped before counting",
        Some("v5.15"),
        &[
            "5ee2fa2f0636",
            "ffa65753c431",
            "0c4bcfdecb1a",
            "6c8e2a256915",
            "53a05ad9f21d",
            "d4c470970d45",
            "c145e0b47c77",
            "90e7e7f5ef3f",
            "3bff7e3f1f16",
            "7f7609175ff2",
            "820c4e2e6f51",
        ],
    ),
    mainline(
        "v5.19",
        "exclusive pages are marked; read pins unshare; swap remembers",
        Some("v5.18"),
        &["6c287605fd56", "a7f226604170", "1493a1913e34", "623a1ddfeb23", "4a18419f71cd", "4f83145721f3"],
    ),
    mainline(
        "v6.1",
        "barriers for the exclusive mark; FOLL_COW is gone",
        Some("v5.19"),
        &[
            "70cbc3cc78a9",
            "2e3468778dbe",
            "5535be309971",
            "64fe24a3e05e",
            "088b8aa537c2",
            "f347454d0341",
            "2ba99c5e0881",
        ],
    ),
    mainline(
        "v6.2",
        "long-term read pins of private mappings break COW",
        Some("v6.1"),
        &["84209e87c696", "7ea7e333842e", "c27f479ef542", "cb67f4282bf9", "e833bc503405"],
    ),
    mainline(
        "v6.4",
        "per-VMA locks, as released: v6.4.0 to v6.4.2, where fork does not take them",
        Some("v6.2"),
        &["931298e103c2", "dd47ac428c3f", "d824ec2a1546", "0bff0aaea03e"],
    ),
    mainline(
        "v6.6",
        "fork takes VMA locks; O_DIRECT pins",
        Some("v6.4"),
        &["fb49c455323f", "a7e689dd1c06", "20b18aada185"],
    ),
    mainline(
        "v6.12",
        "a read that swaps in an exclusive page maps it writable; registered buffers are pinned through GUP-fast",
        Some("v6.6"),
        &[
            "3027c6f8eb9d",
            "738adade96b2",
            "cd197c3a2040",
            "eefb9b2725e3",
            "dce7d10be4bb",
            "3931b871c493",
            "1943f96b3816",
            "c18160dba5ff",
        ],
    ),
    mainline(
        "v6.15",
        "unmapping leaves the LRU batches alone; a clean page of MADV_FREE stays one; large folios are reused by mm",
        Some("v6.12"),
        &[
            "0cef0bb836e3",
            "1aa43598c03b",
            "faeb2831b517",
            "d8fd84dd4ce7",
            "1da190f4d0a6",
            "354dffd29575",
            "2f9b43d617e2",
        ],
    ),
    mainline(
        "v6.17",
        "as v6.15 for base pages: madvise takes VMA locks, as do all changes of page tables under the mmap lock",
        Some("v6.15"),
        &["ddd05742b45b", "f822a9a81a31", "d23cb648e365"],
    ),
    mainline(
        "v6.18",
        "as v6.15 for base pages; mremap leaves PTEs of a folio read-only that fork has made so",
        Some("v6.17"),
        &["04d1c9d60c6e", "khugepaged-read-only"],
    ),
    other(
        "v6.18.y",
        "stable v6.18.21: v6.18 with the fix of CVE-2026-31398",
        "v6.18.21",
        "v6.18",
        &["29f40594a281"],
        &[],
    ),
    other(
        "aa-revert",
        "proposal: v5.14 with \"mm: COW: restore full accuracy in page reuse\": its eight reverts but for KSM's",
        "v5.14",
        "v5.12",
        &["c24d37322548"],
        &["09854ba94c6a", "be068f29034f", "29a951dfb3c3", "9348b73c2e1b", "6ce64428d620", "feb889fb40fa"],
    ),
    other(
        "aa-cor",
        "proposal: aa-revert, and a read GUP copies what is shared",
        "v5.14",
        "aa-revert",
        &["aa-copy-on-read"],
        &[],
    ),
    other(
        "unshare-v1",
        "proposal: v5.16 with unsharing by mapcount; write faults still count references",
        "v5.16",
        "v5.15",
        &["dh-unshare-v1"],
        &[],
    ),
    other(
        "active-inactive",
        "proposal: unshare-v1 with active and inactive references instead of counts",
        "v5.16",
        "unshare-v1",
        &["dh-active-inactive", "dh-one-shot-read"],
        &["dh-unshare-v1"],
    ),
];
