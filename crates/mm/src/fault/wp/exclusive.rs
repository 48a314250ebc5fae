//! The third generation, from v5.19 on: a page that is marked exclusive is reused, and references decide for the
//! others.

use cowrace_report::{Fact, Then};

use super::super::vm_fault::VmFault;
use super::count::wp_reuse_if_alone;
use crate::cpu::Cpu;
use crate::objects::Page;

/// `do_wp_page` from v5.19 on (`PageAnonExclusive`, `wp_can_reuse_anon_folio`).
pub(super) async fn wp_reuse_exclusive(cpu: &Cpu, vmf: VmFault, page: Page) -> Option<bool> {
    if cpu.page_anon_exclusive(page).await {
        cpu.why(Fact::AnonExclusive { page, exclusive: true }.so(Then::Reuse));
        return Some(true);
    }
    cpu.why(Fact::AnonExclusive { page, exclusive: false }.so(Then::CountReferences));
    wp_reuse_if_alone(cpu, vmf, page).await
}
