//! One scenario under one kernel: its program, the expectation of its file, and an empty report.

use cowrace_machine::{Arch, Program};
use cowrace_mm::era::PRESETS;
use cowrace_mm::{Era, Judge, RuleReads};
use cowrace_report::{Class, Report, Verdict};
use cowrace_scenario::{Expectation, Scenario, Variant, environment};

use crate::kernel;
use crate::side_findings::SideFindings;
use crate::specification::Specification;

/// One scenario, in one variant, under one era, on one architecture.
#[derive(Clone, Copy, Debug)]
pub struct Task<'s> {
    /// The scenario.
    pub scenario: &'s Scenario,
    /// Its variant.
    pub variant: &'s Variant,
    /// The era.
    pub era: &'s Era,
    /// The architecture.
    pub arch: Arch,
    /// The specification; `None` if it is not checked.
    pub specification: Option<&'s Specification>,
}

impl<'s> Task<'s> {
    /// The same task for another scenario with the same variants.
    #[must_use]
    pub fn of(self, scenario: &'s Scenario) -> Self {
        let variant = scenario.variant(self.variant.name()).unwrap_or(self.variant);
        Self { scenario, variant, ..self }
    }
}

impl Task<'_> {
    /// The program, judged by the whole specification: for replays.
    #[must_use]
    pub fn program(&self) -> Program {
        self.at_once().0
    }

    /// The program, judged by what executions themselves have shown: engines search this first.
    #[must_use]
    pub fn program_without_probes(&self) -> Program {
        self.first(&SideFindings::default()).0
    }

    /// A fingerprint that tells the program from others.
    pub fn fingerprint(&self) -> u32 {
        self.judged(None).0.fingerprint
    }

    fn at_once(&self) -> (Program, RuleReads) {
        self.judged(self.specification.and_then(|specification| specification.judge(self.variant.world())))
    }

    pub(crate) fn first(&self, aside: &SideFindings) -> (Program, RuleReads) {
        self.judged(
            self.specification
                .and_then(|specification| specification.judge_first(self.variant.world(), aside)),
        )
    }

    pub(crate) fn judged(&self, judge: Option<Judge>) -> (Program, RuleReads) {
        cowrace_mm::program_and_rule_reads(self.variant.world(), self.era, self.arch, judge)
    }

    /// The program, judged only by the assertions of the scenario and by the invariants of the model, for callers
    /// that must not wait for the specification.
    pub fn program_unjudged(&self) -> Program {
        self.judged(None).0
    }

    /// The report for a kernel that lacks what the scenario asks for; `None` if it lacks nothing.
    pub fn not_applicable(&self, engine: &str, memory: &str) -> Option<Report> {
        let feature = self.era.lacks(self.variant.world())?;
        let verdict = Verdict::NotApplicable;
        let (name, since, commit) = (feature.name, feature.since, feature.commit);
        Some(Report {
            verdict,
            detail: Some(format!("{name} came with {since} ({commit})")),
            as_expected: self.as_expected(verdict, None),
            ..self.report(engine, memory)
        })
    }

    /// A report without results.
    pub fn report(&self, engine: &str, memory: &str) -> Report {
        Report {
            scenario: self.scenario.name().to_owned(),
            variant: self.variant.name().map(str::to_owned),
            era: self.era.label(),
            made_of: kernel::made_of(self.era),
            engine: engine.to_owned(),
            memory: memory.to_owned(),
            arch: self.arch.name().to_owned(),
            environment: self.environment(),
            direct_io: self.variant.world().files().into_iter().map(|kind| kind.word().to_owned()).collect(),
            verdict: Verdict::Inconclusive,
            class: None,
            detail: None,
            finding: None,
            complete: false,
            stopped: None,
            executions: 0,
            states: None,
            state_bytes: None,
            states_given_up: None,
            preemptions: None,
            estimate: None,
            estimate_within: None,
            requests: None,
            depth: None,
            outcomes: None,
            seconds: 0.0,
            same_as: None,
            stored: false,
            expected: self.expectation().map(|e| e.to_string()),
            as_expected: None,
            base: None,
            known: None,
            baseline: None,
            as_drawn: None,
            ineffective: Vec::new(),
            limits: Vec::new(),
            beyond: None,
            disagreement: None,
            settings: None,
            schedule: None,
            costs: None,
            coverage: None,
        }
    }

    /// The expectation of the file.
    #[must_use]
    pub fn expectation(&self) -> Option<Expectation> {
        self.scenario.expectation_on(self.arch, self.era, self.variant)
    }

    /// Whether a result is what the file expects; `None` if the file need not state an outcome.
    #[must_use]
    pub fn as_expected(&self, verdict: Verdict, class: Option<Class>) -> Option<bool> {
        match self.expectation() {
            Some(expected) => expected
                .verdict()
                .map(|due| due == verdict && expected.class().is_none_or(|c| class == Some(c))),
            // A file need not say which kernels lack a call.
            None if verdict == Verdict::NotApplicable => Some(true),
            None if self.is_as_released() => Some(verdict == Verdict::Holds),
            None => None,
        }
    }

    /// The allowed actions of the environment, in the words of the language.
    #[must_use]
    pub fn environment(&self) -> Vec<String> {
        environment(self.variant.world().environment)
    }

    /// Whether the era is a known kernel without toggles.
    fn is_as_released(&self) -> bool {
        self.era.toggles().is_empty() && PRESETS.iter().any(|p| p.name == self.era.name())
    }
}
