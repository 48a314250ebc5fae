//! Command lines that replay and explain an execution.

use std::borrow::Cow;
use std::path::Path;

use cowrace_check::Task;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_report::Schedule;

/// The options that name the kernel and the architecture of a task. There are none for an era file, because its path is not
/// known here.
#[must_use]
pub fn options(task: Task<'_>) -> Option<Vec<String>> {
    Era::version(task.era.name()).ok()?;
    Some(options_of(task, task.era.name()))
}

/// The same where the era is known by another name, such as the path of its file.
#[must_use]
pub fn options_of(task: Task<'_>, era: &str) -> Vec<String> {
    let label = task.era.label();
    let mut options = vec![format!("--era {}", quoted(era))];
    options.extend(label.split(" --").skip(1).map(|toggle| format!("--{toggle}")));
    options.extend((task.arch != Arch::default()).then(|| format!("--arch {}", task.arch)));
    options
}

/// The same as [`options`], with the variant of the scenario.
fn all_options(task: Task<'_>) -> Option<String> {
    let mut options = options(task)?;
    options.extend(task.variant.name().map(|variant| format!("--variant {variant}")));
    Some(options.join(" "))
}

/// `cowrace explain` of the violation of a task, whose scenario is in this file.
#[must_use]
pub fn explain(task: Task<'_>, path: &Path) -> Option<String> {
    let path = path.to_string_lossy();
    Some(format!("cowrace explain {} {}", quoted(&path), all_options(task)?))
}

/// `cowrace replay` of a schedule, without the path of the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay(String);

impl Replay {
    /// The command for a schedule of a task. There is none for an era file.
    #[must_use]
    pub fn of(task: Task<'_>, schedule: &Schedule) -> Option<Self> {
        Some(Self(format!("{} --schedule {schedule}", all_options(task)?)))
    }

    /// The command for a scenario in this file.
    #[must_use]
    pub fn of_file(&self, path: &Path) -> String {
        format!("cowrace replay {} {}", quoted(&path.to_string_lossy()), self.0)
    }
}

/// An argument as it is written in a shell.
#[must_use]
pub fn quoted(argument: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:+@%=,".contains(c);
    match argument.chars().all(is_plain) && !argument.is_empty() {
        true => argument.into(),
        false => format!("'{}'", argument.replace('\'', r"'\''")).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_quoted_where_a_shell_would_read_something_else() {
        for (path, words) in [
            ("scenarios/a-b.race", "scenarios/a-b.race"),
            ("my races/x.race", "'my races/x.race'"),
            ("it's.race", r"'it'\''s.race'"),
        ] {
            assert_eq!(quoted(path), words);
        }
    }
}
