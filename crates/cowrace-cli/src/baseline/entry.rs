//! An entry of a baseline: a failure that is known.

use cowrace_report::Report;
use serde::Deserialize;
use toml_edit::{Table, value};

use crate::Exit;
use crate::exit_code::exit_without_baseline;

/// The key of what an era of a file consists of.
pub(super) const MADE_OF: &str = "made_of";

/// A failure that is known.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    scenario: String,
    variant: Option<String>,
    pub(super) era: String,
    /// What the era consists of, if it is one of a file: files may have the same name, and change.
    pub(super) made_of: Option<String>,
    /// The architecture, if it is not `generic`.
    arch: Option<String>,
    /// The engine, if it is not `explore`.
    engine: Option<String>,
    /// The memory model, if it is not `sc`.
    memory: Option<String>,
    /// The class of the damage, the verdict if there is none, or `disagreement`.
    pub(super) result: String,
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) owner: String,
}

impl Entry {
    /// The entry that a failure has, without a reason.
    pub(super) fn of(report: &Report) -> Self {
        let unless = |name: &str, usual: &str| (name != usual).then(|| name.to_owned());
        Self {
            scenario: report.scenario.clone(),
            variant: report.variant.clone(),
            era: report.era.clone(),
            made_of: report.made_of.clone(),
            arch: unless(&report.arch, "generic"),
            engine: unless(&report.engine, "explore"),
            memory: unless(&report.memory, "sc"),
            result: result(report),
            reason: String::new(),
            owner: String::new(),
        }
    }

    /// Whether it is about the same run, whatever the result.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.made_of == other.made_of && self.is_by_name(other)
    }

    /// Whether it is about a run of these names, whatever their kernel consists of.
    pub(super) fn is_by_name(&self, other: &Self) -> bool {
        let names = |entry: &Self| {
            let Self { scenario, variant, era, arch, engine, memory, .. } = entry.clone();
            (scenario, variant, era, arch, engine, memory)
        };
        names(self) == names(other)
    }

    /// The scenario with its variant, the kernel, and what else is not as usual.
    pub(super) fn run(&self) -> String {
        let variant = self.variant.iter().map(|variant| format!(":{variant}")).collect::<String>();
        let made_of = self.made_of.iter().map(|made_of| format!(" ({made_of})")).collect::<String>();
        let unusual = [("arch", &self.arch), ("engine", &self.engine), ("memory", &self.memory)];
        let unusual = unusual.into_iter().filter_map(|(what, is)| Some(format!(", {what} {}", is.as_ref()?)));
        let unusual: String = unusual.collect();
        format!("{}{variant} under {}{made_of}{unusual}", self.scenario, self.era)
    }

    pub(super) fn table(&self) -> Table {
        let Self { scenario, variant, era, made_of, arch, engine, memory, result, reason, owner } = self;
        let mut table = Table::new();
        let words = [
            ("scenario", Some(scenario)),
            ("variant", variant.as_ref()),
            ("era", Some(era)),
            (MADE_OF, made_of.as_ref()),
            ("arch", arch.as_ref()),
            ("engine", engine.as_ref()),
            ("memory", memory.as_ref()),
            ("result", Some(result)),
            ("reason", Some(reason)),
            ("owner", Some(owner)),
        ];
        for (key, word) in words {
            if let Some(word) = word {
                table.insert(key, value(word));
            }
        }
        table
    }
}

/// Whether a run tells if it fails. One without an answer does not, nor does one that is not judged.
pub(super) fn tells(report: &Report) -> bool {
    let is_judged = report.as_expected.is_some() || report.disagreement.is_some();
    is_judged && exit_without_baseline(report) != Exit::Bounded
}

/// The result of a run that failed.
fn result(report: &Report) -> String {
    let verdict = report.class.map_or(report.verdict.name(), |class| class.name());
    if report.disagreement.is_some() { "disagreement" } else { verdict }.to_owned()
}
