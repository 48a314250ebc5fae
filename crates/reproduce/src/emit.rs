//! The text of a program.

use std::fmt::Write as _;

use cowrace_check::Task;
use cowrace_mm::World;
use cowrace_mm::world::{Advice, Arg, Errno, Expr, MmId, Modality, Origin, Relation, Target, Term, Va};
use cowrace_report::Seen;

use crate::areas::{Make, of_mm};
use crate::calls::PROBE;
use crate::device::Device;
use crate::execution::Control;
use crate::facility::{BASE, Facility};
use crate::judge::Judge;
use crate::order::call_of;
use crate::plan::{Action, Plan, Step};
use crate::value::{Kept, Slot};
use crate::words;

/// How often calls that are left to chance are tried, and for how many seconds at most.
const TRIES: (u32, u32) = (2000, 5);

/// The headers of every program.
const HEADERS: &[&str] = &[
    "errno.h",
    "fcntl.h",
    "inttypes.h",
    "linux/fuse.h",
    "linux/io_uring.h",
    "linux/userfaultfd.h",
    "poll.h",
    "pthread.h",
    "sched.h",
    "setjmp.h",
    "signal.h",
    "stdarg.h",
    "stdatomic.h",
    "stdbool.h",
    "stdint.h",
    "stdio.h",
    "stdlib.h",
    "string.h",
    "sys/ioctl.h",
    "sys/mman.h",
    "sys/mount.h",
    "sys/prctl.h",
    "sys/socket.h",
    "sys/stat.h",
    "sys/swap.h",
    "sys/syscall.h",
    "sys/uio.h",
    "sys/wait.h",
    "time.h",
    "unistd.h",
];

/// The text of a program: one file, for a C compiler with the headers of Linux.
#[must_use]
pub fn program(task: Task<'_>, plan: &Plan) -> String {
    let emitter = Emitter { task, world: task.variant.world(), plan };
    let parts = [
        emitter.comment(),
        emitter.definitions(),
        BASE.iter().chain(&emitter.pieces()).map(|text| format!("{text}\n")).collect(),
        emitter.memory(),
        emitter.columns(),
        emitter.processes(),
        emitter.frame(),
    ];
    parts.concat()
}

struct Emitter<'t> {
    task: Task<'t>,
    world: &'t World,
    plan: &'t Plan,
}

impl Emitter<'_> {
    fn name(&self) -> String {
        match self.task.variant.name() {
            Some(variant) => format!("{}:{variant}", self.task.scenario.name()),
            None => self.task.scenario.name().to_owned(),
        }
    }

    /// The head of the file: what it does, in rows.
    fn comment(&self) -> String {
        let mut lines = vec![self.name()];
        lines.extend(self.task.scenario.title().map(str::to_owned));
        lines.push(String::new());
        let era = self.task.era.label();
        let execution = &self.plan.execution;
        lines.push(match &execution.damage {
            Some(damage) if execution.is_violated => {
                format!("The model says that {era} does this damage ({}): HIT is expected there.", damage.finding.class)
            }
            Some(damage) if execution.order.is_left_to_chance() => format!(
                "The calls of one row below begin together, many times. {} would do the damage ({}) if they met at \
                 the step that the diagram shows.",
                damage.era, damage.finding.class
            ),
            Some(damage) => format!(
                "The model says that {era} does no damage in this order, and that {} does ({}).",
                damage.era, damage.finding.class
            ),
            None if execution.order.is_left_to_chance() => {
                "The calls of one row below begin together, many times. No kernel of the model does damage then; one that \
                 lacks a flush or a recheck would."
                    .to_owned()
            }
            None => format!("The model says that {era} does no damage in this order, nor does any other kernel."),
        });
        lines.push(String::new());
        for step in &self.plan.steps {
            lines.push(format!("{:>3}  {}", step.row, self.told(step)));
        }
        if !self.plan.handles.is_empty() {
            lines.extend([String::new(), "What holds the page:".to_owned(), String::new()]);
            for handle in &self.plan.handles {
                lines.push(format!("  {}", self.task.variant.call_text(handle.call)));
                lines.push(format!("      {}", words::device(handle.device)));
            }
        }
        lines.extend([
            String::new(),
            "Compile and run it as root:".to_owned(),
            String::new(),
            "  cc -O2 -Wall -Wextra -pthread -o reproduce THIS_FILE && ./reproduce".to_owned(),
            String::new(),
            "Exit codes: 0 clean, 1 hit, 4 skipped.".to_owned(),
        ]);
        let body: String = lines
            .iter()
            .map(|line| format!(" * {}", for_comment(line)).trim_end().to_owned() + "\n")
            .collect();
        format!("// SPDX-License-Identifier: MIT OR Apache-2.0\n/*\n{body} */\n")
    }

    /// A step, in the words of the diagram.
    fn told(&self, step: &Step) -> String {
        let Some(actor) = step.actor else {
            return format!("in the end, {}", self.looked_at(step));
        };
        let column = &self.world.actors[actor].name;
        let text = step.call.map(|call| self.task.variant.call_text(call)).unwrap_or_default();
        let part = match step.actions.as_slice() {
            [Action::Take { handle, .. }] if self.is_direct(*handle) => ", as far as the page is taken",
            [Action::DeviceWrite { handle, .. } | Action::DeviceRead { handle, .. }]
                if self.is_direct(*handle) =>
            {
                ", the rest"
            }
            _ => "",
        };
        let control = if step.not_in_control { "  (not in the control)" } else { "" };
        format!("{column:<16}  {text}{part}{control}")
    }

    fn looked_at(&self, step: &Step) -> String {
        match step.actions.first() {
            Some(Action::Load { va, word, .. }) => {
                format!("{} loads {}[{word}]", self.world.mms[step.mm].name, self.world.areas[*va].name)
            }
            Some(Action::Store { va, word, .. }) => {
                format!("{} stores to {}[{word}]", self.world.mms[step.mm].name, self.world.areas[*va].name)
            }
            Some(Action::DeviceRead { .. }) => "the device reads".to_owned(),
            _ => "the device writes".to_owned(),
        }
    }

    /// Whether a handle is that of direct I/O whose call goes on.
    fn is_direct(&self, handle: usize) -> bool {
        let id = self.plan.handles[handle].call;
        self.world.calls().any(|(_, call)| call.id == id && crate::order::can_be_held(call.call))
    }

    fn definitions(&self) -> String {
        let mut text = String::from("#define _GNU_SOURCE\n");
        for header in HEADERS {
            let is_needed = match *header {
                "linux/fuse.h" | "sys/mount.h" => self.plan.facilities.contains(&Facility::Fuse),
                "linux/io_uring.h" => self.plan.facilities.contains(&Facility::FixedBuffers),
                "linux/userfaultfd.h" => self.plan.facilities.contains(&Facility::Userfaultfd),
                "sys/socket.h" | "sys/swap.h" => self.plan.facilities.contains(&Facility::Swap),
                _ => true,
            };
            if is_needed {
                _ = writeln!(text, "#include <{header}>");
            }
        }
        let chance = self.plan.execution.order.is_left_to_chance();
        let boot = self.world.mms.iter().filter(|mm| !matches!(mm.origin, Origin::Fork(_))).count();
        let rows = self.plan.rows();
        _ = writeln!(text, "\nenum {{ {}, MMS }};\n", self.mms().join(", "));
        _ = writeln!(text, "#define VALUES {}", self.plan.values.0.len());
        _ = writeln!(text, "#define ROWS {rows}");
        let places = self.plan.steps.iter().map(|step| step.place + 1).max().unwrap_or(1);
        _ = writeln!(text, "#define PLACES {places} /* calls of a row, at most */");
        _ = writeln!(text, "#define READY {boot} /* processes that are there from the start */");
        _ = writeln!(text, "#define ON_ONE_CPU {}", u8::from(!chance));
        _ = writeln!(text, "#define TRIES {}", if chance { TRIES.0 } else { 1 });
        _ = writeln!(text, "#define TRIES_LIMIT {}.0 /* seconds */", TRIES.1);
        let mut counts = vec![0_usize; rows + 2];
        self.plan.steps.iter().for_each(|step| counts[step.row] += 1);
        let counts: Vec<String> = counts.iter().map(usize::to_string).collect();
        _ = writeln!(text, "\nstatic const int calls_in_row[] = {{ {} }};", counts.join(", "));
        let names = self.plan.values.0.iter().map(|kept| format!("\"{}\"", for_string(&self.kept(*kept))));
        let names: Vec<String> = names.chain([String::from("\"\"")]).collect();
        _ = writeln!(text, "static const char *const value_names[] = {{ {} }};", names.join(", "));
        _ = writeln!(text, "static const char case_name[] = \"{}\";", for_string(&self.name()));
        let control = match self.control() {
            Some(control) => format!("\"{}\"", for_string(&control)),
            None => "NULL".to_owned(),
        };
        _ = writeln!(text, "static const char *const control_name = {control};");
        text.push_str(
            "\nstatic void begin(void);\nstatic bool is_hit(void);\nstatic const char *lacking(void);\n\
             static void tidy(void);\nstatic void catch_faults(void);\n\n",
        );
        text
    }

    fn control(&self) -> Option<String> {
        Some(match self.plan.execution.control? {
            Control::Without { actor, nth } => {
                let call = call_of(self.world, actor, nth)?;
                format!("without {}", self.task.variant.call_text(call.id))
            }
            Control::OneAfterTheOther => "one call after the other".to_owned(),
        })
    }

    fn kept(&self, kept: Kept) -> String {
        match kept {
            Kept::Variable(variable) => self.world.variables[variable].clone(),
            Kept::Result(call) => self.task.variant.call_text(call).to_owned(),
            Kept::AtTheEnd(Target { mm, va }, word) => {
                format!("{}.{}[{word}]", self.world.mms[mm].name, self.world.areas[va].name)
            }
            Kept::Copies(mm) => format!("copies({})", self.world.mms[mm].name),
            Kept::OwnersStore => "the owner's store in the end".to_owned(),
            Kept::OtherSide => format!("what the other side sees of {PROBE}"),
        }
    }

    fn mms(&self) -> Vec<String> {
        (0..self.world.mms.len()).map(|mm| self.mm(mm)).collect()
    }

    fn mm(&self, mm: MmId) -> String {
        format!("MM_{}", self.world.mms[mm].name)
    }

    fn area(&self, va: Va) -> String {
        format!("area_{}", self.world.areas[va].name)
    }

    fn pieces(&self) -> Vec<&'static str> {
        self.plan.facilities.iter().map(|facility| facility.pieces().text).collect()
    }

    /// Areas and handles.
    fn memory(&self) -> String {
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

    /// A function for each column in each process.
    fn columns(&self) -> String {
        let mut text = String::new();
        for (thread, (actor, mm)) in self.threads().into_iter().enumerate() {
            let of = actor.map_or("in the end", |actor| self.world.actors[actor].name.as_str());
            _ = writeln!(text, "/* {}, in {} */", for_comment(of), self.world.mms[mm].name);
            _ = writeln!(text, "static void *thread{thread}(void *unused)\n{{\n\t(void)unused;");
            if actor.is_some_and(|actor| self.has_own_cpu(actor)) {
                text.push_str("\tstay_on_cpu(1);\n");
            }
            for step in self.plan.steps.iter().filter(|step| (step.actor, step.mm) == (actor, mm)) {
                text.push_str(&self.step(step));
            }
            text.push_str("\tstay();\n}\n\n");
        }
        text
    }

    /// Columns and the processes in which they have steps, in the order of their first ones.
    fn threads(&self) -> Vec<(Option<usize>, MmId)> {
        let mut threads = Vec::new();
        for step in &self.plan.steps {
            if !threads.contains(&(step.actor, step.mm)) {
                threads.push((step.actor, step.mm));
            }
        }
        threads
    }

    fn step(&self, step: &Step) -> String {
        let together = self.is_together(step);
        let mut text = match together {
            true => format!("\trace({}, {});", step.row, step.place),
            false => format!("\tturn({});", step.row),
        };
        let told = step.call.map(|call| self.task.variant.call_text(call)).unwrap_or_default();
        if !told.is_empty() {
            _ = write!(text, " /* {} */", for_comment(told));
        }
        text.push('\n');
        for &va in &step.batched {
            _ = writeln!(text, "\tcheck_in_batch({});", self.area(va));
        }
        for place in &step.behind {
            _ = writeln!(text, "\tbehind({}, {place});", step.row);
        }
        for mm in &step.after {
            let guard = if self.exit_is_in_control(*mm) { "" } else { "if (!control)\n\t\t" };
            _ = writeln!(text, "\t{guard}gone({});", self.mm(*mm));
        }
        let lines: Vec<String> = step.actions.iter().map(|action| self.action(step, action)).collect();
        if step.not_in_control && !lines.is_empty() {
            text.push_str("\tif (!control) {\n");
            lines.iter().for_each(|line| _ = writeln!(text, "\t\t{}", line.replace('\n', "\n\t")));
            text.push_str("\t}\n");
        } else {
            lines.iter().for_each(|line| _ = writeln!(text, "\t{line}"));
        }
        if !matches!(step.actions.last(), Some(Action::Exit)) {
            text.push_str(&match together {
                true => format!("\tdone_at({});\n", step.place),
                false => "\tdone();\n".to_owned(),
            });
        }
        text
    }

    /// Whether other steps run beside a step.
    fn is_together(&self, step: &Step) -> bool {
        self.plan.steps.iter().filter(|other| other.row == step.row).count() > 1
    }

    fn exit_is_in_control(&self, mm: MmId) -> bool {
        let exits = |step: &&Step| step.mm == mm && matches!(step.actions.last(), Some(Action::Exit));
        self.plan.steps.iter().find(exits).is_none_or(|step| !step.not_in_control)
    }

    fn action(&self, step: &Step, action: &Action) -> String {
        let set = |into: Option<Slot>, expression: String| match into {
            Some(slot) => format!("set({slot}, {expression});"),
            None => format!("(void){expression};"),
        };
        let area = |va: Va| self.area(va);
        match *action {
            Action::Load { va, word, into } => set(into, format!("load({}, {word})", area(va))),
            Action::Store { va, word, value, into, copies } => {
                let (at, value) = (area(va), arg(value));
                match copies {
                    Some(copies) => set(into, format!("store_and_count({at}, {word}, {value}, {copies})")),
                    None => set(into, format!("store({at}, {word}, {value})")),
                }
            }
            Action::Take { handle, into } => set(into, self.take(handle)),
            Action::DeviceWrite { handle, word, value, into } => {
                let value = arg(value);
                match self.plan.handles[handle].device {
                    Device::FixedBuffer => format!("uring_write(&handle{handle}, {word}, {value});"),
                    Device::ProcessVmWrite { .. } => format!("process_vm_write(&handle{handle}, {value});"),
                    Device::FuseRead { .. } => set(into, format!("fuse_write(&handle{handle}, {value})")),
                    Device::ProcMem => {
                        let at = area(self.plan.handles[handle].page.va);
                        set(into, format!("poke({at}, {word}, {value})"))
                    }
                    _ => "skip(\"the device cannot write\");".to_owned(),
                }
            }
            Action::DeviceRead { handle, word, into } => match self.plan.handles[handle].device {
                Device::Pipe => set(into, format!("pipe_read(&handle{handle}, {word})")),
                Device::FixedBuffer => set(into, format!("uring_read(&handle{handle}, {word})")),
                Device::ProcessVmRead => set(into, format!("process_vm_read(&handle{handle}, {word})")),
                Device::FuseWrite { .. } => set(into, format!("fuse_read(&handle{handle})")),
                Device::GupTest { .. } => set(into, format!("gup_test_read(&handle{handle}, {word})")),
                _ => "skip(\"the device cannot read\");".to_owned(),
            },
            Action::Release { handle } => match self.plan.handles[handle].device {
                Device::Pipe => format!("pipe_release(&handle{handle});"),
                Device::FixedBuffer => format!("uring_release(&handle{handle});"),
                Device::ProcessVmRead | Device::ProcessVmWrite { .. } => {
                    format!("process_vm_release(&handle{handle});")
                }
                Device::FuseRead { .. } | Device::FuseWrite { .. } => {
                    format!("fuse_release(&handle{handle});")
                }
                Device::GupTest { .. } => format!("gup_test_release(&handle{handle});"),
                Device::Once | Device::ProcMem => String::from(";"),
            },
            Action::DirectRead { va, word, value, into } => {
                set(into, format!("direct_read({}, {word}, {})", area(va), arg(value)))
            }
            Action::DirectWrite { va, word, into } => {
                set(into, format!("direct_write({}, {word})", area(va)))
            }
            Action::Fork { child } => {
                format!("fork_process({}, process_{});", self.mm(child), self.world.mms[child].name)
            }
            Action::Exit if self.is_together(step) => format!("leave_at({});", step.place),
            Action::Exit => "leave();".to_owned(),
            Action::Munmap { va } => format!("unmap({});", area(va)),
            Action::Madvise { va, advice: Advice::PageOut, held, into } => {
                set(into, format!("reclaim({}, {held}, true)", area(va)))
            }
            Action::Madvise { va, advice, into, .. } => {
                set(into, format!("advise({}, {})", area(va), advice_name(advice)))
            }
            Action::Mprotect { va, write } => format!("protect({}, {write});", area(va)),
            Action::ClearRefs { mm } => format!("clear_refs(shared->pids[{}]);", self.mm(mm)),
            Action::SoftDirty { target, into } => {
                set(into, format!("is_soft_dirty(shared->pids[{}], {})", self.mm(target.mm), area(target.va)))
            }
            Action::WriteProtect { va, on } => {
                format!("write_protect({}_uffd, {}, {on});", area(va), area(va))
            }
            Action::Reclaim { va, held, shared } => match shared {
                true => format!("reclaim_any({}, {held});", area(va)),
                false => format!("reclaim({}, {held}, false);", area(va)),
            },
            Action::Drain if self.world.areas.iter().any(|area| area.lru_batch.is_some()) => {
                "drain_of_both_cpus();".to_owned()
            }
            Action::Drain => "drain();".to_owned(),
            Action::Set { value, into } => match into {
                Some(slot) => format!("set({slot}, {});", arg(value)),
                None => format!("(void){};", step.row),
            },
        }
    }

    fn take(&self, handle: usize) -> String {
        let held = &self.plan.handles[handle];
        let at = self.area(held.page.va);
        match held.device {
            Device::Pipe => format!("pipe_take(&handle{handle}, {at})"),
            Device::FixedBuffer => format!("uring_take(&handle{handle}, {at})"),
            Device::ProcessVmRead => format!("process_vm_take_to_read(&handle{handle}, {at})"),
            Device::ProcessVmWrite { word } => {
                format!("process_vm_take_to_write(&handle{handle}, {at}, {word})")
            }
            Device::FuseRead { word } => format!("fuse_take(&handle{handle}, {at}, {word}, true)"),
            Device::FuseWrite { word } => format!("fuse_take(&handle{handle}, {at}, {word}, false)"),
            Device::GupTest { fast } => format!("gup_test_take(&handle{handle}, {at}, {fast})"),
            Device::Once | Device::ProcMem => format!("pin_once({at})"),
        }
    }

    /// A function for each process, children before their parents.
    fn processes(&self) -> String {
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

    /// Whether a column has a CPU of its own: a page is in a batch of it.
    fn has_own_cpu(&self, actor: usize) -> bool {
        self.world.areas.iter().any(|area| area.lru_batch == Some(actor))
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
    fn frame(&self) -> String {
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

    fn judge(&self, judge: &Judge) -> String {
        let (told, condition) = match judge {
            Judge::Predicate { modality, expr, text } => {
                let (word, bad) = match modality {
                    Modality::Always => ("always", "IS_FALSE"),
                    Modality::Never => ("never", "IS_TRUE"),
                };
                (format!("{word} {text}"), format!("{} == {bad}", self.expr(expr)))
            }
            Judge::Variable { variable, seen } => (
                format!("{} is not what was promised", self.world.variables[*variable]),
                seen_is(*variable, seen),
            ),
            Judge::Call { call, fails, .. } => {
                let slot = self.plan.slot(Kept::Result(*call)).unwrap_or_default();
                let is = if *fails { "" } else { "!" };
                let told = format!(
                    "{} {}",
                    self.task.variant.call_text(*call),
                    if *fails { "fails" } else { "does not fail" }
                );
                (told, format!("{is}has_failed({slot})"))
            }
            Judge::Memory { target, word, seen } => {
                let slot = self.plan.slot(Kept::AtTheEnd(*target, *word)).unwrap_or_default();
                (
                    format!("{} is {seen}", self.kept(Kept::AtTheEnd(*target, *word))),
                    format!("is({slot}, {seen}ULL)"),
                )
            }
            Judge::CutOff { owner_stores, .. } => {
                let slot = self.plan.slot(Kept::OtherSide).unwrap_or_default();
                let told = match owner_stores {
                    true => "the device does not see what the owner stores",
                    false => "the owner does not see what the device writes",
                };
                let store = self.plan.slot(Kept::OwnersStore).unwrap_or_default();
                (told.to_owned(), format!("!has_failed({store}) && !is({slot}, {PROBE}ULL)"))
            }
        };
        format!("\t/* {} */\n\tif ({condition})\n\t\treturn true;\n", for_comment(&told))
    }

    fn expr(&self, expr: &Expr) -> String {
        match expr {
            Expr::Compare(left, relation, right) => {
                let relation = match relation {
                    Relation::Equal => "==",
                    Relation::NotEqual => "!=",
                    Relation::Less => "<",
                    Relation::LessEqual => "<=",
                    Relation::Greater => ">",
                    Relation::GreaterEqual => ">=",
                };
                let known: Vec<String> = [left, right]
                    .into_iter()
                    .filter_map(|term| self.slot(*term).map(|slot| format!("shared->values[{slot}].set")))
                    .collect();
                let known = if known.is_empty() { "true".to_owned() } else { known.join(" && ") };
                format!("compare({known}, {} {relation} {})", self.term(*left), self.term(*right))
            }
            Expr::And(a, b) => format!("both({}, {})", self.expr(a), self.expr(b)),
            Expr::Or(a, b) => format!("either({}, {})", self.expr(a), self.expr(b)),
            Expr::Not(a) => format!("opposite({})", self.expr(a)),
        }
    }

    /// The slot of a term that may not be set. Copies are counted from 0.
    fn slot(&self, term: Term) -> Option<Slot> {
        match term {
            Term::Number(_) | Term::Errno(_) | Term::Copies(_) => None,
            Term::Variable(variable) => Some(variable),
            Term::Memory { target, word } => self.plan.slot(Kept::AtTheEnd(target, word)),
        }
    }

    fn term(&self, term: Term) -> String {
        match term {
            Term::Number(number) => format!("{number}ULL"),
            Term::Errno(errno) => failure(errno.name()),
            Term::Copies(mm) => {
                format!("shared->values[{}].is", self.plan.slot(Kept::Copies(mm)).unwrap_or_default())
            }
            Term::Variable(_) | Term::Memory { .. } => {
                format!("shared->values[{}].is", self.slot(term).unwrap_or_default())
            }
        }
    }
}

/// The condition that a value is what was seen.
fn seen_is(slot: Slot, seen: &Seen) -> String {
    match seen {
        Seen::Number(number) => format!("is({slot}, {number}ULL)"),
        Seen::Errno(errno) => format!("is({slot}, {})", failure(errno)),
        Seen::Handle | Seen::Child => format!("shared->values[{slot}].set && !has_failed({slot})"),
        Seen::Nothing | Seen::Unmapped => format!("!shared->values[{slot}].set"),
        Seen::OwnerStores(_) | Seen::DeviceStores(_) => "false".to_owned(),
    }
}

fn failure(errno: &str) -> String {
    if errno == Errno::Sigsegv.name() { "FAILED_BY_SIGNAL".to_owned() } else { format!("FAILED({errno})") }
}

fn arg(arg: Arg) -> String {
    match arg {
        Arg::Number(number) => format!("{number}ULL"),
        Arg::Variable(variable) => format!("get({variable})"),
    }
}

const fn advice_name(advice: Advice) -> &'static str {
    match advice {
        Advice::DontNeed => "MADV_DONTNEED",
        Advice::DontFork => "MADV_DONTFORK",
        Advice::DoFork => "MADV_DOFORK",
        Advice::PageOut => "MADV_PAGEOUT",
        Advice::Free => "MADV_FREE",
    }
}

/// Text that does not end a comment.
fn for_comment(text: &str) -> String {
    text.replace("*/", "* /").replace("/*", "/ *")
}

/// Text within the quotes of a string of C.
fn for_string(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ").replace('#', "no. ")
}
