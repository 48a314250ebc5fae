//! The entries of page tables that translate an address.

use cowrace_mm::World;
use cowrace_report::{Maps, Owner, Page, Place};

use crate::state_view::StateView;

/// The entries that translate the address of a page.
#[derive(Clone, Debug)]
pub struct Entries {
    /// What has the PMD, where a huge page may be.
    directory: Option<Owner>,
    /// What has the PTE.
    table: Owner,
    /// Which page of a huge page it is.
    nth: usize,
}

impl Entries {
    /// The entries of a place: a word of an area, or a page. `None` if the scenario has no such place.
    #[must_use]
    pub fn of(world: &World, Place { mm, area, word }: &Place) -> Option<Self> {
        let is_it = |&va: &usize| {
            let has_word = word.is_none_or(|word| world.words(va).contains(&word));
            world.areas[va].name == *area && has_word || world.label(va).as_deref() == Some(area)
        };
        let va = world.addresses().find(is_it)?;
        let owner = |va| Some(Owner::PageTable { mm: mm.clone(), area: world.label(va)? });
        let range = world.range(va);
        let nth = range.map_or(0, |range| va - world.pages(range).start);
        Some(Self { directory: range.and_then(owner), table: owner(va)?, nth })
    }

    /// What the address is mapped to. While a PMD is changed, it is not present, and still maps the huge page.
    #[must_use]
    pub fn maps(&self, view: &StateView) -> Maps {
        let directory = self.directory.as_ref().map(|directory| view.maps(directory));
        match directory {
            None | Some(Maps::Table) => view.maps(&self.table),
            Some(Maps::Page(head) | Maps::Invalid(head)) => Maps::Page(self.page(view, head)),
            Some(other) => other,
        }
    }

    /// The page of the folio of a head that a PMD maps at the address.
    fn page(&self, view: &StateView, head: Page) -> Page {
        let tail = self.nth.checked_sub(1).and_then(|nth| view.tails(&head).nth(nth).cloned());
        tail.unwrap_or(head)
    }
}
