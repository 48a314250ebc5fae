//! The questions that the rest of mm asks userfaultfd (`include/linux/userfaultfd_k.h`).

use crate::cpu::Cpu;
use crate::world::Va;

/// `userfaultfd_wp_use_markers` (2bad466cc9d9, v6.4): whether unpopulated memory is to be protected as well, which the
/// registration asks for (`UFFD_FEATURE_WP_UNPOPULATED`). File-backed memory always has markers; it is left out.
#[must_use]
pub fn userfaultfd_wp_use_markers(cpu: &Cpu, va: Va) -> bool {
    cpu.kernel().world.areas[va].wp_unpopulated
}
