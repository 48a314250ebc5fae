//! Names of pages.

use cowrace_machine::Obj;
use cowrace_report::Page;

use crate::objects::{ZERO_PAGE, boot_page, file_page};
use crate::world::World;

/// The name of a page.
#[must_use]
pub(crate) fn page_name(world: &World, page: Obj) -> Page {
    if let Some(actor) = page.owner()
        && let Some(spec) = world.actors.get(usize::from(actor))
    {
        return Page::Allocated { actor: spec.name.clone(), nth: page.nth() };
    }
    if page == ZERO_PAGE {
        return Page::Zero;
    }
    let mut areas = world.areas.iter().enumerate();
    let named = areas.find_map(|(va, area)| match page {
        page if page == file_page(va) => Some(Page::File { area: area.name.clone() }),
        page if page == boot_page(va) => {
            Some(Page::Initial { area: world.label(va).filter(|_| world.areas.len() > 1) })
        }
        _ => None,
    });
    named.unwrap_or(Page::Numbered(page.pfn()))
}
