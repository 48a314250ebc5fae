//! Which steps the calls of a scenario can have.

use cowrace_machine::Prim;

use crate::world::Call;

/// What a call can come to, as far as the model's source says: under some rules, with some memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// What the model marks, as `gup`.
    pub marks: &'static [&'static str],
    /// Kernel functions, by the names of [`crate::FUNCTIONS`].
    pub functions: &'static [&'static str],
    /// Primitives.
    pub primitives: &'static [Prim],
}

impl Steps {
    /// Those of a call. Its arguments make no difference.
    #[must_use]
    #[expect(
        clippy::unneeded_struct_pattern,
        reason = "the table that the build makes has one form for all calls"
    )]
    pub const fn of(call: Call) -> &'static Self {
        include!(concat!(env!("OUT_DIR"), "/steps.rs"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FUNCTIONS;
    use crate::world::{Advice, Arg, Target};

    const HERE: Target = Target { mm: 0, va: 0 };

    #[test]
    fn steps_are_those_of_the_functions_that_a_call_comes_to() {
        let reclaim = Steps::of(Call::Reclaim { target: HERE });
        assert_eq!(reclaim.marks, ["add_to_swap", "pageout", "remove_mapping", "try_to_unmap"]);
        assert!(reclaim.functions.contains(&"try_to_unmap_one"));
        assert!(reclaim.primitives.contains(&Prim::PtepGetAndClear));
        assert!(!reclaim.functions.contains(&"wp_page_copy"));
        let store = Steps::of(Call::Store { va: 0, word: 0, value: Arg::Number(1) });
        assert!(store.functions.contains(&"wp_page_copy") && store.primitives.contains(&Prim::PageCount));
        assert!(store.marks.contains(&"SIGSEGV"));
        let advice = Steps::of(Call::Madvise { va: 0, advice: Advice::PageOut });
        assert!(advice.functions.contains(&"madvise_pageout") && advice.marks.contains(&"pageout"));
        assert_eq!(Steps::of(Call::Set { value: Arg::Number(0) }).functions, [""; 0]);
    }

    /// Frames are texts in the source, and diagrams read [`FUNCTIONS`].
    #[test]
    fn functions_are_those_that_diagrams_can_name() {
        for call in [Call::Fork { child: 1 }, Call::Exit, Call::ClearRefs { mm: 0 }, Call::LruAddDrainAll] {
            for function in Steps::of(call).functions {
                assert!(FUNCTIONS.contains(function), "{function}");
            }
        }
    }
}
