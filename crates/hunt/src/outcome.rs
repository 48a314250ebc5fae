//! What a part leads to under one kernel, or under two.

use cowrace_mm::costs::Cost;

use crate::step::{Led, Situations};

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Under the only kernel, what is violated.
    Violated,
    /// What is violated under the first kernel and not under the second.
    OnlyInFirst,
    /// What is violated under one kernel and not under the other.
    Difference,
    /// What costs more under the first kernel than under the second: copies of pages, or as many and more page faults.
    Costlier,
}

/// What a part leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every execution is allowed under every kernel.
    To(Vec<Situations>),
    /// It is violated under this kernel, or costs more, as is looked for.
    Found(usize),
    /// It is violated under some kernel, as is not looked for. What follows would be so, too.
    Elsewhere,
    /// A call may wait for ever under some kernel, as it may by the specification.
    Blocked,
    /// It is not known under some kernel.
    Bounded,
}

impl Outcome {
    /// What a part leads to, from what it leads to under each kernel and costs there.
    #[must_use]
    pub fn of(led: Vec<(Led, Cost)>, wanted: Wanted) -> Self {
        let is_violated = |(led, _): &&(Led, Cost)| *led == Led::Violated;
        let violated = led.iter().filter(is_violated).count();
        let is_violated_in_base = led.get(1).is_some_and(|led| is_violated(&led));
        if is_violated_in_base && matches!(wanted, Wanted::OnlyInFirst | Wanted::Costlier) {
            // Whatever the first kernel does.
            return Self::Elsewhere;
        }
        if led.iter().any(|(led, _)| *led == Led::Bounded) {
            return Self::Bounded;
        }
        if let Some(kernel) = led.iter().position(|led| is_violated(&led)) {
            let is_found = match wanted {
                Wanted::Violated => true,
                Wanted::Difference => violated == 1,
                // Here it holds under the second.
                Wanted::OnlyInFirst => true,
                Wanted::Costlier => false,
            };
            return if is_found { Self::Found(kernel) } else { Self::Elsewhere };
        }
        if wanted == Wanted::Costlier && led.first().map(|(_, cost)| cost) > led.get(1).map(|(_, cost)| cost)
        {
            return Self::Found(0);
        }
        let to = |(led, _)| if let Led::To(to) = led { Some(to) } else { None };
        led.into_iter().map(to).collect::<Option<_>>().map_or(Self::Blocked, Self::To)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_what_one_kernel_shows_and_the_other_does_not() {
        let to = || Led::To(Situations::new());
        let of = |wanted| {
            move |first, second| {
                Outcome::of(vec![(first, Cost::default()), (second, Cost::default())], wanted)
            }
        };
        let only = of(Wanted::OnlyInFirst);
        assert_eq!(only(Led::Violated, to()), Outcome::Found(0));
        assert_eq!(only(to(), Led::Violated), Outcome::Elsewhere);
        assert_eq!(only(Led::Violated, Led::Violated), Outcome::Elsewhere);
        assert_eq!(only(Led::Violated, Led::Bounded), Outcome::Bounded);
        assert_eq!(only(Led::Bounded, Led::Violated), Outcome::Elsewhere);
        assert_eq!(only(Led::Violated, Led::Blocked), Outcome::Found(0));
        assert_eq!(only(to(), Led::Blocked), Outcome::Blocked);
        let difference = of(Wanted::Difference);
        assert_eq!(difference(to(), Led::Violated), Outcome::Found(1));
        assert_eq!(difference(Led::Violated, Led::Violated), Outcome::Elsewhere);
    }

    #[test]
    fn a_copy_more_is_found_only_if_costs_are_looked_for() {
        let to = || Led::To(Situations::new());
        let cost = |copies, faults| Cost { copies, faults };
        let of = |wanted, first, second| Outcome::of(vec![(to(), first), (to(), second)], wanted);
        assert_eq!(of(Wanted::Costlier, cost(1, 1), cost(0, 1)), Outcome::Found(0));
        assert_eq!(of(Wanted::Costlier, cost(1, 2), cost(1, 1)), Outcome::Found(0));
        let goes_on = Outcome::To(vec![Situations::new(), Situations::new()]);
        assert_eq!(of(Wanted::Costlier, cost(0, 2), cost(1, 1)), goes_on);
        assert_eq!(of(Wanted::OnlyInFirst, cost(1, 1), cost(0, 1)), goes_on);
    }
}
