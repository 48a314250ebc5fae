//! What a part leads to under one kernel, or under two.

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
}

/// What a part leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every execution is allowed under every kernel.
    To(Vec<Situations>),
    /// It is violated under this kernel, as is looked for.
    Found(usize),
    /// It is violated under some kernel, as is not looked for. What follows would be so, too.
    Elsewhere,
    /// A call may wait for ever under some kernel, as it may by the specification.
    Blocked,
    /// It is not known under some kernel.
    Bounded,
}

impl Outcome {
    /// What a part leads to, from what it leads to under each kernel.
    #[must_use]
    pub fn of(led: Vec<Led>, wanted: Wanted) -> Self {
        let violated = led.iter().filter(|led| **led == Led::Violated).count();
        if led.contains(&Led::Bounded) {
            return Self::Bounded;
        }
        if let Some(kernel) = led.iter().position(|led| *led == Led::Violated) {
            let is_found = match wanted {
                Wanted::Violated => true,
                Wanted::OnlyInFirst => kernel == 0 && violated == 1,
                Wanted::Difference => violated == 1,
            };
            return if is_found { Self::Found(kernel) } else { Self::Elsewhere };
        }
        let to = |led| if let Led::To(to) = led { Some(to) } else { None };
        led.into_iter().map(to).collect::<Option<_>>().map_or(Self::Blocked, Self::To)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_what_one_kernel_shows_and_the_other_does_not() {
        let to = || Led::To(Situations::new());
        let of = |wanted| move |first, second| Outcome::of(vec![first, second], wanted);
        let only = of(Wanted::OnlyInFirst);
        assert_eq!(only(Led::Violated, to()), Outcome::Found(0));
        assert_eq!(only(to(), Led::Violated), Outcome::Elsewhere);
        assert_eq!(only(Led::Violated, Led::Violated), Outcome::Elsewhere);
        assert_eq!(only(Led::Violated, Led::Bounded), Outcome::Bounded);
        assert_eq!(only(Led::Violated, Led::Blocked), Outcome::Found(0));
        assert_eq!(only(to(), Led::Blocked), Outcome::Blocked);
        let difference = of(Wanted::Difference);
        assert_eq!(difference(to(), Led::Violated), Outcome::Found(1));
        assert_eq!(difference(Led::Violated, Led::Violated), Outcome::Elsewhere);
    }
}
