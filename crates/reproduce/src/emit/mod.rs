//! The text of a program.

mod head;
mod judge;
mod processes;
mod steps;

use cowrace_check::Task;
use cowrace_mm::World;
use cowrace_mm::world::{MmId, Target, Va};

use crate::calls::PROBE;
use crate::facility::BASE;
use crate::plan::Plan;
use crate::value::Kept;

pub use head::is_program;

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

/// What a text is made of.
struct Emitter<'t> {
    task: Task<'t>,
    world: &'t World,
    plan: &'t Plan,
}

impl Emitter<'_> {
    pub(super) fn name(&self) -> String {
        match self.task.variant.name() {
            Some(variant) => format!("{}:{variant}", self.task.scenario.name()),
            None => self.task.scenario.name().to_owned(),
        }
    }

    pub(super) fn kept(&self, kept: Kept) -> String {
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

    pub(super) fn mms(&self) -> Vec<String> {
        (0..self.world.mms.len()).map(|mm| self.mm(mm)).collect()
    }

    pub(super) fn mm(&self, mm: MmId) -> String {
        format!("MM_{}", self.world.mms[mm].name)
    }

    pub(super) fn area(&self, va: Va) -> String {
        format!("area_{}", self.world.areas[va].name)
    }

    pub(super) fn pieces(&self) -> Vec<&'static str> {
        self.plan.facilities.iter().map(|facility| facility.pieces().text).collect()
    }
}

/// Text that does not end a comment.
pub(super) fn for_comment(text: &str) -> String {
    text.replace("*/", "* /").replace("/*", "/ *")
}

/// Text within the quotes of a string of C.
pub(super) fn for_string(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ").replace('#', "no. ")
}
