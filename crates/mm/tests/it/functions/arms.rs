//! The arms of a rule: a function runs from one state under each value, and the observations of the runs are compared.

use std::fmt::Debug;

use cowrace_mm::era::{KEPT, NONE, Rule, Rules, Safeguard};
use cowrace_mm::{Cpu, Era};

use super::bench::{Ran, State, run};

/// An alternative of the code: a value of a rule, or the presence or absence of a safeguard.
pub(super) trait Arm: Copy {
    /// The key and the value, as `--set` takes them.
    fn setting(self) -> (&'static str, &'static str);
}

impl<R: Rule> Arm for R {
    fn setting(self) -> (&'static str, &'static str) {
        let (key, values) = &Rules::keys()[R::PLACE];
        (key, values[usize::from(self.index())])
    }
}

/// The arms of a safeguard that has a switch.
#[derive(Clone, Copy, Debug)]
pub(super) enum Switched {
    Kept(Safeguard),
    Without(Safeguard),
}

impl Arm for Switched {
    fn setting(self) -> (&'static str, &'static str) {
        let (safeguard, value) = match self {
            Self::Kept(safeguard) => (safeguard, KEPT),
            Self::Without(safeguard) => (safeguard, NONE),
        };
        (safeguard.switch().unwrap_or_else(|| panic!("{safeguard:?} has no switch")), value)
    }
}

/// Two values of a rule that some run distinguishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Apart {
    key: &'static str,
    values: [&'static str; 2],
}

impl Apart {
    /// In either order.
    pub(super) fn of(key: &'static str, one: &'static str, other: &'static str) -> Self {
        Self { key, values: [one.min(other), one.max(other)] }
    }
}

/// The pairs of values that a test distinguishes.
pub(super) type Told = Vec<Apart>;

/// A function to run, and what to observe.
pub(super) struct Case<B, S> {
    kernel: &'static str,
    state: State,
    body: B,
    shows: S,
}

/// A function that runs under a kernel, from a state, and what is observed of a run.
pub(super) fn case<R, T, B, S>(kernel: &'static str, state: State, body: B, shows: S) -> Case<B, S>
where
    B: AsyncFnOnce(&Cpu) -> R + Clone + 'static,
    S: Fn(&Ran<R>) -> T,
{
    Case { kernel, state, body, shows }
}

impl<B, S> Case<B, S> {
    /// Runs the function once for each arm, and compares the observation with the expected one. The code must read the
    /// rule. Arms with different expectations are distinguished.
    #[track_caller]
    pub(super) fn arms<A: Arm, R: 'static, T: Debug + PartialEq>(self, due: &[(A, T)]) -> Told
    where
        B: AsyncFnOnce(&Cpu) -> R + Clone + 'static,
        S: Fn(&Ran<R>) -> T,
    {
        let base = Era::preset(self.kernel).expect("a preset");
        let mut shown = Vec::new();
        for (arm, due) in due {
            let (key, value) = arm.setting();
            let era = base.clone().set(key, value).expect("a value of the rule");
            let ran = run(&self.state, &era, self.body.clone());
            assert!(ran.read.contains(&key), "the code does not read {key}: {:?}", ran.requests);
            shown.push((value, (self.shows)(&ran), due));
        }
        assert!(shown.iter().all(|(_, shows, due)| shows == *due), "(value, shows, due): {shown:#?}");
        let mut told = Vec::new();
        for (nth, (arm, one)) in due.iter().enumerate() {
            let (key, value) = arm.setting();
            let others = due[..nth].iter().filter(|(_, other)| other != one);
            told.extend(others.map(|(other, _)| Apart::of(key, other.setting().1, value)));
        }
        told
    }

    /// Runs the function with a safeguard and without it.
    #[track_caller]
    pub(super) fn safeguard<R: 'static, T: Debug + PartialEq>(
        self,
        safeguard: Safeguard,
        kept: T,
        without: T,
    ) -> Told
    where
        B: AsyncFnOnce(&Cpu) -> R + Clone + 'static,
        S: Fn(&Ran<R>) -> T,
    {
        self.arms(&[(Switched::Kept(safeguard), kept), (Switched::Without(safeguard), without)])
    }
}

/// Tests, each with its name, that return the values that they distinguish; and a list of all of them, for the test of
/// completeness.
macro_rules! behaviours {
    ($($name:ident),* $(,)?) => {
        /// The tests of this file.
        pub(super) const ALL: &[fn() -> $crate::functions::arms::Told] = &[$($name),*];

        mod behaviours {
            $(#[test]
            fn $name() {
                let told = super::$name();
                assert!(!told.is_empty(), "it tells nothing apart");
            })*
        }
    };
}
pub(super) use behaviours;
