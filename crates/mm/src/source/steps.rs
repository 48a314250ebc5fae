//! The steps that the calls of a scenario can have.

use cowrace_machine::Prim;

use super::{is_current, table};

/// The steps that a call can have under some rules and with some memory, as far as the model's source tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Marks of the model, such as `gup`.
    pub marks: &'static [&'static str],
    /// Kernel functions, by the names of [`crate::FUNCTIONS`].
    pub functions: &'static [&'static str],
    /// Primitives, by their names in the source.
    pub(super) primitives: &'static [&'static str],
}

impl Steps {
    /// The steps of a variant of [`Call`](crate::world::Call), by its name. `None` if the table does not describe this
    /// source.
    #[must_use]
    pub fn of(call: &str) -> Option<&'static Self> {
        let row = || table::STEPS.iter().find(|(calls, _)| calls.contains(&call));
        if is_current() { row().map(|(_, steps)| steps) } else { None }
    }

    /// The primitives, in the order of their names in the source.
    pub fn primitives(&self) -> impl Iterator<Item = Prim> {
        let by_name = |name: &str| Prim::ALL.iter().copied().find(|prim| format!("{prim:?}") == name);
        self.primitives.iter().filter_map(move |name| by_name(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FUNCTIONS;

    fn of(call: &str) -> &'static Steps {
        Steps::of(call).expect("the table is of this model")
    }

    #[test]
    fn steps_are_those_of_the_functions_that_a_call_reaches() {
        let reclaim = of("Reclaim");
        let splits = ["freeze", "remap", "split", "unmap"];
        let own: Vec<_> = reclaim.marks.iter().filter(|mark| !splits.contains(mark)).collect();
        assert_eq!(own, [&"add_to_swap", &"pageout", &"remove_mapping", &"try_to_unmap"]);
        assert!(reclaim.functions.contains(&"try_to_unmap_one"));
        assert!(reclaim.primitives().any(|primitive| primitive == Prim::PtepGetAndClear));
        assert!(!reclaim.functions.contains(&"wp_page_copy"));
        let store = of("Store");
        assert!(store.functions.contains(&"wp_page_copy"));
        assert!(store.primitives().any(|primitive| primitive == Prim::PageCount));
        assert!(store.marks.contains(&"SIGSEGV"));
        let advice = of("Madvise");
        assert!(advice.functions.contains(&"madvise_pageout") && advice.marks.contains(&"pageout"));
        assert_eq!(of("Set").functions, [""; 0]);
    }

    /// The names of frames are strings in the source, and diagrams use [`FUNCTIONS`].
    #[test]
    fn functions_are_those_that_diagrams_can_name() {
        for function in table::STEPS.iter().flat_map(|(_, steps)| steps.functions) {
            assert!(FUNCTIONS.contains(function), "{function}");
        }
    }

    #[test]
    fn primitives_are_those_of_the_machine() {
        for (calls, steps) in table::STEPS {
            assert_eq!(steps.primitives().count(), steps.primitives.len(), "{calls:?}");
        }
    }
}
