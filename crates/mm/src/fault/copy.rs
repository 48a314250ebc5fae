//! Copying a page (`include/linux/highmem.h`).

use cowrace_machine::Prim;
use cowrace_report::Fact;

use crate::costs::count;
use crate::cpu::Cpu;
use crate::objects::Page;
use crate::objects::kernel::COPIED;
use crate::world::Va;

/// `copy_user_highpage` for an address: word by word, through the kernel's mapping, without any lock that stops writers.
pub async fn copy_user_highpage(cpu: &Cpu, to: Page, from: Page, va: Va) {
    cpu.call("copy_user_highpage", (to, from, va), async |cpu, (to, from, va)| {
        count(cpu, COPIED).await;
        for word in cpu.kernel().geometry.words(va) {
            let data = cpu.load(from.data(word), Prim::CopyUserHighpage).await;
            cpu.store(to.data(word), data, Prim::CopyUserHighpage).await;
        }
        cpu.why(Fact::Copied { from, to });
    })
    .await
}
