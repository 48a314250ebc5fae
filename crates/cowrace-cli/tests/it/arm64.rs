//! What arm64's PTE rules make of a scenario. `expect` names no architecture, so these stand beside the corpus.

use cowrace_explore::Explorer;
use cowrace_machine::Arch;
use cowrace_mm::{Era, program};
use cowrace_report::Class;

fn finds(text: &str, era: &str, arch: Arch) -> Option<Class> {
    let scenario = cowrace_scenario::parse(text).unwrap_or_else(|errors| panic!("{errors:?}"));
    let era = Era::preset(era).expect("a preset");
    let program = program(scenario.variants()[0].world(), &era, arch);
    let outcome = Explorer::new(&program).run(&mut ());
    assert!(outcome.complete || outcome.finding.is_some());
    outcome.finding.map(|(finding, _)| finding.class)
}

/// ff1712f953e2 (v5.10). Redis issue 8124: background saves on Graviton held zeros on 5.8.1 and not on 5.10.1. The store
/// behind MADV_FREE sets no bit of the kernel's own on arm64, it clears `PTE_RDONLY`; `pte_wrprotect` makes the child's
/// PTE read-only and with that clean, so reclaim finds nobody who has written since MADV_FREE. The server stores once more,
/// so that the child alone maps the page.
const REDIS: &str = "race redis-madvfree-fork-arm64
mm A { heap: anon = 3, 3 }

server @A                    saver @B      kswapd
=========================    ==========    ===============
madvise(heap, MADV_FREE)
lru_add_drain_all()
heap[0] = 7
B = fork()
heap[0] = 8
=== server kswapd ===
                                           reclaim(B.heap)
=== all ===
                             x = heap[0]

always x == 7 else lost-write
";

#[test]
fn fork_forgets_on_arm64_that_a_page_was_written_to() {
    for era in Era::presets() {
        for arch in [Arch::Generic, Arch::X86] {
            assert_eq!(finds(REDIS, era.name(), arch), None, "{} on {arch}", era.name());
        }
        let lost = ["v5.4", "v5.7", "v5.8", "v5.9-rc5", "v5.9"].contains(&era.name());
        let expected = lost.then_some(Class::LostWrite);
        assert_eq!(finds(REDIS, era.name(), Arch::Arm64), expected, "{} on arm64", era.name());
    }
}

/// As madv-free-store-survives of the corpus: the MMU notes a store to a clean page on every architecture.
#[test]
fn a_store_takes_madv_free_back() {
    let text = "race survives
mm A { buf: anon lazyfree }

thread0 @A  kswapd
==========  ==============
buf[0] = 1
            reclaim(A.buf)
r = buf[0]

always r == 1 else lost-write
";
    for era in Era::presets() {
        assert_eq!(finds(text, era.name(), Arch::Arm64), None, "{}", era.name());
    }
}
