//! Processes, the state in which their memory begins, and what the process that watches calls.

use std::fmt::Write as _;

use cowrace_mm::world::{Origin, Va};

use super::{Emitter, for_comment};
use crate::areas::{Make, of_mm};
use crate::device::Device;
use crate::facility::Facility;
impl Emitter<'_> {
    /// Areas and handles.
    pub(super) fn memory(&self) -> String {
        let mut text = String::from("/* ---- The diagram ---- */\n\n");
        for va in 0..self.world.areas.len() {
            _ = writeln!(text, "static char *{};", self.area(va));
            if self.world.areas[va].uffd_wp {
                _ = writeln!(text, "static int {}_uffd;", self.area(va));
            }
        }
        for (index, handle) in self.plan.handles.iter().enumerate() {
            let of = match handle.device {
                Device::Pipe => "pipe_handle",
                Device::FixedBuffer => "uring_handle",
                Device::ProcessVmRead | Device::ProcessVmWrite { .. } => "process_vm_handle",
                Device::FuseRead { .. } | Device::FuseWrite { .. } => "fuse_handle",
                Device::GupTest { .. } => "gup_test_handle",
                Device::Once | Device::ProcMem => continue,
            };
            _ = writeln!(
                text,
                "static struct {of} handle{index}; /* {} */",
                for_comment(self.task.variant.call_text(handle.call))
            );
        }
        text.push('\n');
        for mm in &self.world.mms {
            _ = writeln!(text, "static void process_{}(void);", mm.name);
        }
        text.push('\n');
        text
    }

    /// A function for each process, children before their parents.
    pub(super) fn processes(&self) -> String {
        let threads = self.threads();
        let mut own = String::new();
        for mm in (0..self.world.mms.len()).rev() {
            let name = &self.world.mms[mm].name;
            let is_boot = self.world.mms[mm].origin == Origin::Boot;
            let late = of_mm(self.world, mm).filter(|&va| is_boot && self.is_late(va));
            let late: Vec<Va> = late.collect();
            if !late.is_empty() {
                _ = writeln!(own, "static void late_{name}(void)\n{{");
                own.push_str("\tstay_on_cpu(1);\n");
                late.iter().for_each(|&va| own.push_str(&self.made(va)));
                own.push_str("\tstay_on_cpu(0);\n");
                for &va in &late {
                    _ = writeln!(own, "\tcheck_in_batch({});", self.area(va));
                }
                own.push_str("}\n\n");
            }
            _ = writeln!(own, "static void process_{name}(void)\n{{");
            let list: Vec<String> = (0..threads.len())
                .filter(|&thread| threads[thread].1 == mm)
                .map(|thread| format!("thread{thread}"))
                .collect();
            if !list.is_empty() {
                _ = writeln!(own, "\tstatic void *(*const columns[])(void *) = {{ {} }};\n", list.join(", "));
            }
            if is_boot {
                of_mm(self.world, mm)
                    .filter(|va| !late.contains(va))
                    .for_each(|va| own.push_str(&self.made(va)));
            }
            for child in 0..self.world.mms.len() {
                if self.world.mms[child].origin == Origin::ForkedAtBoot(mm) {
                    _ = writeln!(
                        own,
                        "\tfork_process({}, process_{});",
                        self.mm(child),
                        self.world.mms[child].name
                    );
                }
            }
            let late = if late.is_empty() { "NULL".to_owned() } else { format!("late_{name}") };
            let columns = if list.is_empty() { "NULL" } else { "columns" };
            _ = writeln!(own, "\tlive({columns}, {}, {late});\n}}\n", list.len());
        }
        own
    }

    /// Whether the state of an area must be made last.
    fn is_late(&self, va: Va) -> bool {
        self.plan.areas[va].contains(&Make::PageInBatch)
    }

    /// The state of an area at the start.
    fn made(&self, va: Va) -> String {
        let at = self.area(va);
        let [first, second] = self.world.areas[va].words;
        let words = format!("{at}, {first}, {second}");
        let line = |make: &Make| match make {
            Make::Map => format!("\tmap({at});\n"),
            Make::Page => format!("\tbegin_mapped({words});\n"),
            Make::PageInBatch => format!("\tbegin_in_batch({words});\n"),
            Make::Zero => format!("\tbegin_zero({at});\n"),
            Make::File => format!("\tbegin_file({words});\n"),
            Make::Parted => "\tshare_and_part();\n".to_owned(),
            Make::Clean => format!("\tmake_clean({at});\n"),
            Make::LazyFree => format!("\tmake_lazyfree({at});\n"),
            Make::SwappedOut => format!("\tswap_out({at});\n"),
            Make::InSwapCache => format!("\tbegin_in_swap_cache({at});\n"),
            Make::NotInSwapCache => format!("\tcheck_not_swapcached({at});\n"),
            Make::SoftClean => format!("\tmake_soft_clean({at});\n"),
            Make::ReadOnly => format!("\tmake_read_only({at});\n"),
            Make::Registered { unpopulated } => format!("\t{at}_uffd = protect_area({at}, {unpopulated});\n"),
        };
        self.plan.areas[va].iter().map(line).collect()
    }

    /// What the process that watches calls.
    pub(super) fn frame(&self) -> String {
        let mut text = String::from("static void begin(void)\n{\n");
        let pieces = || self.plan.facilities.iter().map(|facility| facility.pieces());
        for begin in pieces().filter_map(|pieces| pieces.begin) {
            _ = writeln!(text, "\t{begin}();");
        }
        for (index, handle) in self.plan.handles.iter().enumerate() {
            if handle.device == Device::Pipe {
                _ = writeln!(text, "\topen_pipe(&handle{index});");
            }
        }
        for mm in 0..self.world.mms.len() {
            if self.world.mms[mm].origin == Origin::Boot {
                _ = writeln!(text, "\tfork_process({}, process_{});", self.mm(mm), self.world.mms[mm].name);
            }
        }
        text.push_str("}\n\nstatic const char *lacking(void)\n{\n\tconst char *why = reserve(");
        _ = writeln!(text, "{});\n", self.world.areas.len());
        text.push_str("\tif (why)\n\t\treturn why;\n");
        let mut at = 0;
        for va in 0..self.world.areas.len() {
            let place = if self.world.areas[va].adjacent && va > 0 {
                format!("{} + 2 * page_size", self.area(va - 1))
            } else {
                at += 1;
                format!("reserved + {} * STRIDE", at - 1)
            };
            _ = writeln!(text, "\t{} = {place};", self.area(va));
        }
        if self.plan.facilities.contains(&Facility::Cgroup) {
            text.push_str("\tmake_cgroup();\n");
        }
        for need in pieces().filter_map(|pieces| pieces.need) {
            _ = writeln!(text, "\tif ((why = {need}()))\n\t\treturn why;");
        }
        text.push_str("\treturn NULL;\n}\n\nstatic void tidy(void)\n{\n");
        for tidy in pieces().filter_map(|pieces| pieces.tidy) {
            _ = writeln!(text, "\t{tidy}();");
        }
        text.push_str("}\n\n/* Whether the damage was seen. */\nstatic bool is_hit(void)\n{\n");
        for judge in &self.plan.judges {
            text.push_str(&self.judge(judge));
        }
        text.push_str("\treturn false;\n}\n");
        text
    }
}
