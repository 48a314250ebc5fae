//! What processes do, row by row.

use std::fmt::Write as _;

use cowrace_mm::world::{Advice, Arg, MmId, Va};

use super::{Emitter, for_comment};
use crate::device::Device;
use crate::plan::{Action, Step};
use crate::value::Slot;
impl Emitter<'_> {
    /// A function for each column in each process.
    pub(super) fn columns(&self) -> String {
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
    pub(super) fn threads(&self) -> Vec<(Option<usize>, MmId)> {
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

    /// Whether a column has a CPU of its own: a page is in a batch of it.
    pub(super) fn has_own_cpu(&self, actor: usize) -> bool {
        self.world.areas.iter().any(|area| area.lru_batch == Some(actor))
    }
}

const fn advice_name(advice: Advice) -> &'static str {
    match advice {
        Advice::DontNeed => "MADV_DONTNEED",
        Advice::DontFork => "MADV_DONTFORK",
        Advice::DoFork => "MADV_DOFORK",
        Advice::PageOut => "MADV_PAGEOUT",
        Advice::Free => "MADV_FREE",
        Advice::Collapse => "MADV_COLLAPSE",
    }
}

fn arg(arg: Arg) -> String {
    match arg {
        Arg::Number(number) => format!("{number}ULL"),
        Arg::Variable(variable) => format!("get({variable})"),
    }
}
