//! The head of a program: what it does, in words, and its figures.

use std::fmt::Write as _;

use cowrace_mm::world::Origin;

use super::{Emitter, for_comment, for_string};
use crate::execution::Control;
use crate::facility::Facility;
use crate::order::{call_of, can_be_held};
use crate::plan::{Action, Step};
use crate::words;

/// How often calls that are left to chance are tried, and for how many seconds at most.
const TRIES: (u32, u32) = (2000, 5);

/// How every program begins, and a line of its head.
const BEGINNING: &str = "// SPDX-License-Identifier: MIT OR Apache-2.0\n/*\n";
const EXIT_CODES: &str = "Exit codes: 0 clean, 1 hit, 4 skipped.";

/// Whether a text is a program that was made by [`program`](crate::program).
#[must_use]
pub fn is_program(text: &str) -> bool {
    let head = text.strip_prefix(BEGINNING).and_then(|rest| rest.split_once("*/"));
    head.is_some_and(|(head, _)| head.contains(EXIT_CODES))
}

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
impl Emitter<'_> {
    /// The head of the file: what it does, in rows.
    pub(super) fn comment(&self) -> String {
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
            EXIT_CODES.to_owned(),
        ]);
        let body: String = lines
            .iter()
            .map(|line| format!(" * {}", for_comment(line)).trim_end().to_owned() + "\n")
            .collect();
        format!("{BEGINNING}{body} */\n")
    }

    /// A step, in the words of the diagram.
    pub(super) fn told(&self, step: &Step) -> String {
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

    pub(super) fn looked_at(&self, step: &Step) -> String {
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
        self.world.calls().any(|(_, call)| call.id == id && can_be_held(call.call))
    }

    pub(super) fn definitions(&self) -> String {
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

    pub(super) fn control(&self) -> Option<String> {
        Some(match self.plan.execution.control? {
            Control::Without { actor, nth } => {
                let call = call_of(self.world, actor, nth)?;
                format!("without {}", self.task.variant.call_text(call.id))
            }
            Control::OneAfterTheOther => "one call after the other".to_owned(),
        })
    }
}
