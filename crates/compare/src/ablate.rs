//! Ablation: takes the parts of a kernel out one by one, and finds out which of them scenarios need.

use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::era::{Commit, Effect, Safeguard, SafeguardKind, Toggle};
use cowrace_report::ablation::{Ablation, Changed, Need, Part, Reason};
use cowrace_report::cell::Change;
use cowrace_report::{Found, Report};

/// A kernel without one of its parts.
#[derive(Clone, Debug)]
pub struct Ablated {
    /// The kernel.
    pub era: Era,
    what: What,
}

/// A part that can be taken out.
#[derive(Clone, Copy, Debug)]
enum What {
    Commit(&'static Commit),
    Safeguard(Safeguard),
}

impl What {
    fn toggle(self) -> Toggle {
        match self {
            Self::Commit(commit) => Toggle::Without(commit.id),
            Self::Safeguard(safeguard) => {
                let (key, value) = safeguard.toggle();
                Toggle::Set(key, value)
            }
        }
    }

    fn from(self, era: &Era) -> Option<Era> {
        match self.toggle() {
            Toggle::Without(id) => era.clone().without(id).ok(),
            Toggle::Set(key, value) => era.clone().set(key, value).ok(),
            Toggle::With(_) => None,
        }
    }

    const fn kind(self) -> Part {
        match self {
            Self::Commit(_) => Part::Commit,
            Self::Safeguard(safeguard) => match safeguard.kind() {
                SafeguardKind::Flush => Part::Flush,
                SafeguardKind::Recheck => Part::Recheck,
                SafeguardKind::Barrier => Part::Barrier,
            },
        }
    }

    /// Whether it only matters under weak memory.
    fn is_for_weak_memory(self) -> bool {
        match self {
            Self::Commit(commit) => commit.effect == Effect::WeakMemory,
            Self::Safeguard(safeguard) => safeguard.kind() == SafeguardKind::Barrier,
        }
    }
}

/// The kernel without each of its commits, and without each of its safeguards.
pub fn parts(era: &Era, arch: Arch) -> Vec<Ablated> {
    let safeguards = Safeguard::ALL.iter().copied().filter(|safeguard| safeguard.is_in(era.rules(), arch));
    let all = era.commits().map(What::Commit).chain(safeguards.map(What::Safeguard));
    all.filter_map(|what| Some(Ablated { era: what.from(era)?, what })).collect()
}

/// Compares the searches under the kernel with those without its parts. Each of these kernels should have
/// `searches` searches, but an interrupt may have left some out.
pub fn compare(era: &Era, parts: &[Ablated], reports: &[Report], searches: usize) -> Vec<Ablation> {
    let of = |label: &str| reports.iter().filter(|report| report.era == label).collect::<Vec<_>>();
    let whole = of(&era.label());
    let mut ablations: Vec<Ablation> = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let pairs = paired(&whole, &of(&part.era.label()));
        let is_twin = |other: &Ablated| other.era.rules() == part.era.rules();
        let twin = parts[..place].iter().position(is_twin).filter(|_| part.era.rules() != era.rules());
        let same_as = twin.map(|twin| ablations[twin].toggle.clone());
        ablations.push(concluded(era, part, &pairs, searches, same_as));
    }
    ablations
}

/// Each search under the whole kernel, with the search of the same scenario without a part.
fn paired<'r>(whole: &[&'r Report], without: &[&'r Report]) -> Vec<(&'r Report, Option<&'r Report>)> {
    let row = |report: &'r Report| (&report.scenario, &report.variant);
    let pair = |&before| (before, without.iter().copied().find(|&after| row(after) == row(before)));
    whole.iter().map(pair).collect()
}

fn concluded(
    era: &Era,
    part: &Ablated,
    pairs: &[(&Report, Option<&Report>)],
    searches: usize,
    same_as: Option<cowrace_report::Toggle>,
) -> Ablation {
    let reads = |after: &Report| after.same_as.as_deref() != Some(&*era.label());
    let read = pairs.iter().filter(|(_, after)| after.is_none_or(reads)).count() as u64;
    let changes: Vec<Changed> = pairs.iter().filter_map(|&(before, after)| changed(before, after)).collect();
    let some = |change| changes.iter().any(|changed| changed.change == change);
    let is_bounded = some(Change::NotKnown) || pairs.len() < searches;
    let need = match (some(Change::Broken), is_bounded) {
        (true, _) => Need::Needed,
        (false, true) => Need::Bounded,
        (false, false) => Need::Unjustified,
    };
    let reason = match read {
        _ if need != Need::Unjustified => None,
        _ if era.rules() == part.era.rules() => Some(Reason::Overruled),
        0 => Some(Reason::Unread),
        _ if part.what.is_for_weak_memory() => Some(Reason::Sequential),
        _ => Some(Reason::Unfelt),
    };
    let (about, safeguard) = match part.what {
        What::Commit(commit) => (commit.title, None),
        What::Safeguard(safeguard) => (safeguard.about(), Some(safeguard)),
    };
    let owned = |name: fn(Safeguard) -> &'static str| safeguard.map(|safeguard| name(safeguard).to_owned());
    Ablation {
        era: era.label(),
        kind: part.what.kind(),
        toggle: part.what.toggle().into(),
        about: about.to_owned(),
        primitive: owned(Safeguard::primitive),
        function: owned(Safeguard::function),
        file: owned(Safeguard::file),
        same_as,
        searches: searches as u64,
        read,
        need,
        reason,
        changes,
        witness: None,
    }
}

fn changed(before: &Report, after: Option<&Report>) -> Option<Changed> {
    let found = (Found::from(before), after.map(Found::from));
    // A scenario that was not searched because of an interrupt has no known result.
    let change = found.1.map_or(Change::NotKnown, |after| Change::of(found.0, after));
    (change != Change::None).then(|| Changed {
        scenario: before.scenario.clone(),
        variant: before.variant.clone(),
        change,
        before: found.0,
        after: found.1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_one_that_the_kernel_has() {
        for era in Era::presets() {
            for arch in Arch::ALL.iter().copied() {
                let parts = parts(&era, arch);
                let labels: std::collections::BTreeSet<_> = parts.iter().map(|p| p.era.label()).collect();
                assert_eq!(labels.len(), parts.len(), "{}", era.name());
                let safeguards = parts.iter().filter(|part| matches!(part.what, What::Safeguard(_)));
                for part in safeguards {
                    assert_ne!(part.era.rules(), era.rules(), "{}", part.era.label());
                }
            }
        }
    }
}
