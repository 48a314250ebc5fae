//! The command line that replays an execution.

use std::path::Path;

use cowrace_check::Task;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_report::Schedule;

/// `cowrace replay` of a schedule, without the path of the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay(String);

impl Replay {
    /// The command for a schedule of a task. There is none for an era file, because its path is not known
    /// here.
    #[must_use]
    pub fn of(task: Task<'_>, schedule: &Schedule) -> Option<Self> {
        Era::version(task.era.name()).ok()?;
        let mut arguments = format!("--era {}", task.era.label());
        if let Some(variant) = task.variant.name() {
            arguments.push_str(&format!(" --variant {variant}"));
        }
        if task.arch != Arch::default() {
            arguments.push_str(&format!(" --arch {}", task.arch));
        }
        Some(Self(format!("{arguments} --schedule {schedule}")))
    }

    /// The command for a scenario in this file.
    #[must_use]
    pub fn of_file(&self, path: &Path) -> String {
        format!("cowrace replay {} {}", path.display(), self.0)
    }
}
