//! Pages for browsers: one file that needs no other, with tables and a stepper that walks through violations.
//!
//! The tables are HTML and need no script. The stepper (`templates/stepper.js`) reads what there is to show from JSON in the
//! page (`run`): diagrams, what each row changes, and the content of memory as boxes with lines (`memory`), laid out here
//! (`figure`), so that the script only has to draw them.

mod ablations;
mod differences;
mod families;
mod figure;
mod memory;
mod run;
mod table;

use std::collections::HashMap;

use askama::Template;

use crate::gate::Status;
use crate::report::{name, summary};
use crate::{Walkthrough, ablations, counts, diff};
use cowrace_report::Report;
use cowrace_report::ablation::Ablation;
use cowrace_report::difference::{Difference, NewLines};
use cowrace_report::hunt::Family;

pub use run::Explained;
use table::Table;

use run::Run;

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Its title.
    title: String,
    /// The command that made it.
    command: String,
    /// What is above the tables: the result in a sentence.
    summary: String,
    tables: Vec<Table>,
    /// Further text, with headings.
    texts: Vec<(String, String)>,
    runs: Vec<Run>,
    /// The runs by the scenario and what is explained, whatever the release is.
    known: HashMap<String, Vec<(Walkthrough, usize)>>,
}

/// What the template needs.
#[derive(Template)]
#[template(path = "page.html", escape = "html")]
struct Filled<'p> {
    page: &'p Page,
    style: &'static str,
    script: &'static str,
    data: String,
    version: &'static str,
    /// The explanation as text, if there is only one: for readers without scripts.
    plain: Option<String>,
}

impl Page {
    /// An empty page.
    #[must_use]
    pub fn new(title: impl Into<String>, command: impl Into<String>) -> Self {
        Self { title: title.into(), command: command.into(), ..Self::default() }
    }

    /// Says the result in a sentence.
    pub fn summarise(&mut self, summary: impl Into<String>) {
        self.summary = summary.into();
    }

    /// Adds text that is laid out already, below a heading. Nothing is added if there is no text.
    pub fn text(&mut self, heading: &str, text: &str) {
        if !text.trim().is_empty() {
            self.texts.push((heading.to_owned(), text.trim_matches('\n').to_owned()));
        }
    }

    /// Adds an explanation, and returns where in the page it is: a fragment. Explanations that differ only in the kernel
    /// are stored once.
    pub fn explain(&mut self, explained: Explained) -> String {
        let alike = explained.walkthrough.without_releases();
        let link = run::link(&explained.scenario, &explained.kernel);
        let known = self.known.entry(explained.scenario.clone()).or_default();
        match known.iter().find(|(other, _)| *other == alike) {
            Some((_, run)) => self.runs[*run].add(&explained.kernel, &explained.command),
            None => {
                known.push((alike, self.runs.len()));
                self.runs.push(Run::of(explained));
            }
        }
        link
    }

    /// Links a kernel whose search is that of another kernel to the explanation for that one.
    pub fn shared(&mut self, scenario: &str, kernel: &str, of: &str, command: &str) -> Option<String> {
        let run = self.runs.iter_mut().find(|run| run.is_of(scenario, of))?;
        run.add(kernel, command);
        Some(run::link(scenario, kernel))
    }

    /// Adds the table of reports by scenario and era, with links to what was explained before, and the summary. `status`
    /// says what is made of each report, if they are judged.
    pub fn reports(&mut self, reports: &[Report], status: Option<fn(&Report) -> Status>) {
        self.summary = if status.is_some() { summary(reports) } else { counts(reports) };
        let table = table::of_reports(reports, |report| self.link(&name(report), &report.era), status);
        self.tables.push(table);
    }

    /// Adds what differs between two kernels.
    pub fn differences(&mut self, differences: &[Difference], lines: &NewLines) {
        let table = differences::table(differences, lines, |scenario, kernel| self.link(scenario, kernel));
        self.tables.push(table);
        self.text("In words", &diff(differences, lines));
    }

    /// Adds the parts of a kernel, each with the kernel without it. `reports` are those of all searches.
    pub fn ablations<'a>(
        &mut self,
        era: &str,
        parts: impl Iterator<Item = (&'a Ablation, &'a String)> + Clone,
        reports: &[Report],
    ) {
        let table = ablations::table(era, parts.clone(), |scenario, kernel| self.link(scenario, kernel));
        self.tables.push(table);
        let parts: Vec<Ablation> = parts.map(|(part, _)| part.clone()).collect();
        self.text("In words", &ablations(era, &parts, reports));
    }

    /// Adds a family that a hunt has found, whose smallest scenario is explained where `link` says.
    pub fn family(&mut self, family: &Family, link: Option<String>) {
        if self.tables.is_empty() {
            self.tables.push(families::table());
        }
        if let Some(table) = self.tables.last_mut() {
            table.lines.push(families::line(table.lines.len() + 1, family, link));
        }
    }

    /// Where the violation of a scenario under a kernel is explained, if it is.
    #[must_use]
    pub fn link(&self, scenario: &str, kernel: &str) -> Option<String> {
        self.runs.iter().any(|run| run.is_of(scenario, kernel)).then(|| run::link(scenario, kernel))
    }

    /// The page as HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let plain = match self.runs.as_slice() {
            [run] if self.tables.is_empty() => Some(run.text()),
            _ => None,
        };
        let filled = Filled {
            page: self,
            style: include_str!("../../templates/page.css"),
            script: include_str!("../../templates/stepper.js"),
            data: data(&self.runs),
            version: env!("CARGO_PKG_VERSION"),
            plain,
        };
        // Writing to a string cannot fail.
        filled.render().unwrap_or_default()
    }
}

/// The runs as JSON that cannot end the script that it stands in.
fn data(runs: &[Run]) -> String {
    let json = serde_json::to_string(runs).unwrap_or_default();
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
