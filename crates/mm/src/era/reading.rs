//! Which rules the model has read.
//!
//! A kernel holds its rules as [`Noted`], which gives nothing but a [`Reading`], so no code of the model can look
//! at a rule unseen.

use std::sync::atomic::{AtomicU64, Ordering};

use super::rules::{RULES, Rules};

/// The bit of [`Reading::counts_inactive`], behind those of the rules.
const COUNTS_INACTIVE: u32 = 63;
const _: () = assert!(RULES <= COUNTS_INACTIVE);

/// The rules of a kernel, with a note of those that were read.
#[derive(Debug)]
pub struct Noted {
    rules: Rules,
    read: AtomicU64,
}

impl Noted {
    /// Rules of which none has been read.
    #[must_use]
    pub const fn new(rules: Rules) -> Self {
        Self { rules, read: AtomicU64::new(0) }
    }

    /// What the model reads them by.
    #[must_use]
    pub const fn reading(&self) -> Reading<'_> {
        Reading { rules: &self.rules, read: &self.read }
    }

    /// Whether other rules would have given the same answers to all that was read.
    #[must_use]
    pub fn agrees(&self, other: &Rules) -> bool {
        let inactive = self.rules.counts_inactive() != other.counts_inactive();
        let differing = self.rules.differing(other) | u64::from(inactive) << COUNTS_INACTIVE;
        self.read.load(Ordering::Relaxed) & differing == 0
    }

    /// The keys of the rules that were read one by one.
    #[must_use]
    pub fn keys(&self) -> Vec<&'static str> {
        let read = self.read.load(Ordering::Relaxed);
        let keys = Rules::keys().into_iter().enumerate();
        keys.filter(|&(bit, _)| read >> bit & 1 != 0).map(|(_, (key, _))| key).collect()
    }
}

/// Reads rules, each by a function of its name, and leaves a note that it did.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'k> {
    rules: &'k Rules,
    read: &'k AtomicU64,
}

impl<'k> Reading<'k> {
    /// The rules, to look at what `bit` stands for and nothing else.
    #[inline]
    pub(super) fn note(self, bit: u32) -> &'k Rules {
        // Threads share the word, so it is written only when there is news.
        if self.read.load(Ordering::Relaxed) >> bit & 1 == 0 {
            self.read.fetch_or(1 << bit, Ordering::Relaxed);
        }
        self.rules
    }

    /// Whether the inactive half of the mapcount is kept. Three rules decide that, but only the answer is noted:
    /// for most kernels it is the same, and the rules are not.
    #[inline]
    #[must_use]
    pub fn counts_inactive(self) -> bool {
        self.note(COUNTS_INACTIVE).counts_inactive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AnonExclusive, ForkPin, WpReuse};
    use super::*;

    #[test]
    fn what_is_read_is_noted_and_nothing_else() {
        let noted = Noted::new(Rules::default());
        assert_eq!(noted.keys(), [""; 0]);
        assert_eq!(noted.reading().wp_reuse(), WpReuse::MapSwap);
        assert_eq!(noted.keys(), ["wp_reuse"]);
        let again = noted.reading();
        assert_eq!((again.wp_reuse(), again.fork_pin()), (WpReuse::MapSwap, ForkPin::Share));
        assert_eq!(noted.keys(), ["wp_reuse", "fork_pin"]);
    }

    #[test]
    fn every_rule_has_a_note_of_its_own() {
        for (key, values) in Rules::keys() {
            for value in values {
                let mut other = Rules::default();
                other.set(key, value);
                let differing = Rules::default().differing(&other);
                let place = Rules::keys().iter().position(|k| k.0 == key).expect("it is a rule");
                let due = if other == Rules::default() { 0 } else { 1 << place };
                assert_eq!(differing, due, "{key}={value}");
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
    fn of_the_rules_that_decide_about_inactive_counts_only_the_answer_is_noted() {
        let noted = Noted::new(Rules::default());
        assert!(!noted.reading().counts_inactive());
        let count = Rules { wp_reuse: WpReuse::Count, ..Rules::default() };
        let inactive = Rules { wp_reuse: WpReuse::ActiveInactive, ..Rules::default() };
        assert!(noted.agrees(&count) && !noted.agrees(&inactive));
    }
}
