//! Records which rules the model has read.
//!
//! A kernel holds its rules as [`Noted`], which only provides a [`Reading`], so no code of the model can read a rule
//! without leaving a note.

use std::array;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU8, AtomicU64};

use super::answers::Answers;
use super::rules::{RULES, Rules};
use super::safeguards::{Safeguard, Safeguards};

/// All values of a rule.
const WHOLE: u8 = u8::MAX;

/// A rule: its values are those of one enum.
pub trait Rule: Copy {
    /// Its index among the rules.
    const PLACE: usize;

    /// The index of a value among the values of the rule, below 8.
    fn index(self) -> u8;

    /// Its value.
    fn of(rules: &Rules) -> Self;
}

/// The rules of a kernel, with a note of what has been read.
#[derive(Debug)]
pub struct Noted {
    rules: Rules,
    /// For each rule the values with which it was compared, as bits.
    asked: [AtomicU8; RULES],
    /// The safeguards that were tested, as bits.
    safeguards: [AtomicU64; 2],
}

impl Noted {
    /// Rules that have not been read yet.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            asked: array::from_fn(|_| AtomicU8::new(0)),
            safeguards: array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// The handle through which the model reads the rules.
    #[must_use]
    pub const fn reading(&self) -> Reading<'_> {
        Reading(self)
    }

    /// What was read so far.
    #[must_use]
    pub fn answers(&self) -> Answers {
        let asked = self.asked.iter().map(|asked| asked.load(Relaxed));
        Answers {
            rules: self.rules.indices().into_iter().zip(asked).collect(),
            lacks: self.rules.lacks.bits(),
            tested: self.tested(),
        }
    }

    /// Whether other rules would have given the same answers to everything that was read.
    #[must_use]
    pub fn agrees(&self, other: &Rules) -> bool {
        self.answers().agrees_with(other)
    }

    /// The keys of the rules that were read.
    #[must_use]
    pub fn keys(&self) -> Vec<&'static str> {
        let keys = Rules::keys().into_iter().zip(&self.asked);
        let rules = keys.filter(|(_, asked)| asked.load(Relaxed) != 0).map(|((key, _), _)| key);
        rules.chain(self.safeguards().into_iter().filter_map(Safeguard::switch)).collect()
    }

    /// The safeguards that were tested, as bits.
    fn tested(&self) -> u128 {
        let [low, high] = self.safeguards.each_ref().map(|half| u128::from(half.load(Relaxed)));
        low | high << u64::BITS
    }

    /// The safeguards that were tested.
    #[must_use]
    pub fn safeguards(&self) -> Vec<Safeguard> {
        let asked = self.tested();
        Safeguard::ALL.iter().copied().filter(|&safeguard| asked & Safeguards::bit(safeguard) != 0).collect()
    }
}

/// Reads rules and notes what was read. Each rule has a function of its name.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'k>(&'k Noted);

impl Reading<'_> {
    /// Whether a rule has a value. This tells less than the value itself, so more eras agree.
    #[inline]
    #[must_use]
    pub fn is<R: Rule>(self, value: R) -> bool {
        self.ask::<R>(1 << value.index()).index() == value.index()
    }

    /// The value of a rule.
    #[inline]
    pub(super) fn whole<R: Rule>(self) -> R {
        self.ask(WHOLE)
    }

    #[inline]
    fn ask<R: Rule>(self, values: u8) -> R {
        let asked = &self.0.asked[R::PLACE];
        // Threads share the note, so it is written only if it changes.
        if asked.load(Relaxed) & values != values {
            asked.fetch_or(values, Relaxed);
        }
        R::of(&self.0.rules)
    }

    /// Whether the kernel keeps a safeguard, according to its switch. A safeguard that a rule takes out has no switch,
    /// and is always kept here.
    #[inline]
    #[must_use]
    pub fn keeps(self, safeguard: Safeguard) -> bool {
        let (half, bit) = (safeguard as usize / u64::BITS as usize, 1 << (safeguard as u32 % u64::BITS));
        let tested = &self.0.safeguards[half];
        if tested.load(Relaxed) & bit == 0 {
            tested.fetch_or(bit, Relaxed);
        }
        !self.0.rules.lacks.has(safeguard)
    }

    /// Whether any rule needs the inactive half of the mapcount.
    #[must_use]
    pub fn counts_inactive(self) -> bool {
        use super::{GupRead, SwapinReuse, WpReuse};
        self.is(WpReuse::ActiveInactive)
            || self.is(SwapinReuse::ActiveInactive)
            || self.is(GupRead::UnshareActiveInactive)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AnonExclusive, ForkPin, VmaLock, WpReuse};
    use super::*;

    #[test]
    fn what_is_read_is_noted_and_nothing_else() {
        let noted = Noted::new(Rules::default());
        assert_eq!(noted.keys(), [""; 0]);
        assert_eq!(noted.reading().wp_reuse(), WpReuse::MapSwap);
        assert_eq!(noted.keys(), ["wp_reuse"]);
        let again = noted.reading();
        assert!(again.is(WpReuse::MapSwap) && !again.is(ForkPin::Copy));
        assert_eq!(noted.keys(), ["wp_reuse", "fork_pin"]);
    }

    #[test]
    fn every_value_of_every_rule_has_a_place_of_its_own() {
        for (place, (key, values)) in Rules::keys().into_iter().enumerate() {
            for (index, value) in values.into_iter().enumerate() {
                let mut rules = Rules::default();
                rules.set(key, value);
                let mut due = Rules::default().indices();
                due[place] = index as u8;
                assert!(rules.indices() == due && index < 8, "{key}={value}");
            }
        }
    }

    #[test]
    fn rules_agree_unless_they_differ_in_what_was_read() {
        let noted = Noted::new(Rules::default());
        let other = Rules { anon_exclusive: AnonExclusive::Yes, ..Rules::default() };
        let third = Rules { fork_pin: ForkPin::Copy, ..other };
        assert!(noted.agrees(&other) && noted.agrees(&third));
        assert_eq!(noted.reading().fork_pin(), ForkPin::Share);
        assert!(noted.agrees(&other) && !noted.agrees(&third));
    }

    #[test]
    fn a_test_of_one_value_does_not_distinguish_the_others() {
        let [no, racy, yes] =
            [VmaLock::No, VmaLock::Racy, VmaLock::Yes].map(|vma_lock| Rules { vma_lock, ..Rules::default() });
        let noted = Noted::new(racy);
        assert!(!noted.reading().is(VmaLock::No));
        assert!(noted.agrees(&racy) && noted.agrees(&yes) && !noted.agrees(&no));
        assert!(!noted.reading().is(VmaLock::Yes));
        assert!(noted.agrees(&racy) && !noted.agrees(&yes));
        let noted = Noted::new(no);
        assert!(noted.reading().is(VmaLock::No));
        assert!(noted.agrees(&no) && !noted.agrees(&racy) && !noted.agrees(&yes));
    }

    #[test]
    fn safeguards_are_noted_like_rules() {
        let mut without = Rules::default();
        without.set("zap_flush", "none");
        let noted = Noted::new(Rules::default());
        assert!(noted.reading().keeps(Safeguard::ForkFlush) && noted.agrees(&without));
        assert!(noted.reading().keeps(Safeguard::ZapFlush) && !noted.agrees(&without));
        assert_eq!(noted.safeguards(), [Safeguard::ForkFlush, Safeguard::ZapFlush]);
        assert_eq!(noted.keys(), ["fork_flush", "zap_flush"]);
        assert!(!Noted::new(without).reading().keeps(Safeguard::ZapFlush));
    }

    #[test]
    fn of_the_rules_that_decide_about_inactive_counts_the_answer_counts() {
        let noted = Noted::new(Rules::default());
        assert!(!noted.reading().counts_inactive());
        let count = Rules { wp_reuse: WpReuse::Count, ..Rules::default() };
        let inactive = Rules { wp_reuse: WpReuse::ActiveInactive, ..Rules::default() };
        assert!(noted.agrees(&count) && !noted.agrees(&inactive));
    }
}
