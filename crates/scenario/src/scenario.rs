//! A scenario: a file that has been read and checked.

use cowrace_machine::Arch;
use cowrace_mm::Era;

use crate::diagnostic::{Diagnostic, Report, Span};
use crate::diagram::Column;
use crate::expectation::Expectation;
use crate::expected::{self, Applied};
use crate::lower;
use crate::scan::{self, Parts};
use crate::subject::Subject;
use crate::syntax::File;
use crate::variant::Variant;
use crate::{footer, grid, header, invisible, unused};

/// A file that has been read and checked.
///
/// Two scenarios are equal if their content is equal: layout, comments and the order of statements of different
/// kinds make no difference.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub(crate) file: File,
    name: String,
    columns: Vec<Column>,
    variants: Vec<Variant>,
    header_text: String,
    footer_text: String,
    /// Where the footer begins in the file.
    pub(crate) footer_start: usize,
}

impl PartialEq for Scenario {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file && self.columns == other.columns && self.variants == other.variants
    }
}

/// Reads a scenario.
///
/// # Errors
///
/// All errors, in the order of the file, up to a limit.
pub fn parse(text: &str) -> Result<Scenario, Vec<Diagnostic>> {
    if let Some(diagnostic) = invisible::first(text) {
        return Err(vec![diagnostic]);
    }
    let mut report = Report::default();
    let parts = scan::scan(text, &mut report);
    if parts.refused {
        return Err(report.into_sorted());
    }
    let header = header::read(&parts.header, &mut report);
    if header.name.is_none() && !parts.header.iter().any(|s| s.keyword.text == "race") {
        report.push(missing_race(text, &parts));
    }
    let grid = grid::read(text, &parts, &mut report);
    let footer = footer::read(&parts.footer, &header.variants, &mut report);
    let file = File { header, grid, footer };
    unused::check(&file, &mut report);
    // Without columns, every name below would be unknown.
    let variants = if file.grid.columns.is_empty() || report.is_full() {
        Vec::new()
    } else {
        lower::lower(&file, &mut report)
    };
    if !report.is_empty() {
        return Err(report.into_sorted());
    }
    let columns = file.grid.columns.iter().map(|head| Column {
        name: head.name.text.clone(),
        mm: head.mm.as_ref().map(|mm| mm.text.clone()),
        start: head.start,
        span: head.name.at.clone(),
    });
    Ok(Scenario {
        name: file.header.name.as_ref().map(|n| n.text.clone()).unwrap_or_default(),
        columns: columns.collect(),
        variants,
        header_text: text[..parts.diagram.start].to_owned(),
        footer_text: text[parts.diagram.end..parts.end].to_owned(),
        footer_start: parts.diagram.end,
        file,
    })
}

fn missing_race(text: &str, parts: &Parts<'_>) -> Diagnostic {
    let at = match (parts.header.first(), parts.names.first()) {
        (Some(first), _) => first.keyword.at.clone(),
        (None, Some(names)) => names.span(),
        (None, None) => 0..text.find('\n').unwrap_or(text.len()),
    };
    Diagnostic::new(at, "no `race` line")
        .help("name the scenario in the first line, for example `race odirect-clear-refs-lost-read`")
}

impl Scenario {
    /// The same scenario with parts left out. The text around the diagram stays as it is.
    pub(crate) fn with(&self, file: File, variants: Vec<Variant>) -> Self {
        Self { file, variants, ..self.clone() }
    }

    /// Its name, from the `race` line.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.file.header.title.as_deref()
    }

    /// What it is about, in the list of all subjects.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        self.file.header.subject
    }

    /// Links to read more about it.
    #[must_use]
    pub fn links(&self) -> &[String] {
        &self.file.header.links
    }

    /// Where it was published.
    #[must_use]
    pub fn from(&self) -> &[String] {
        &self.file.header.from
    }

    /// Remarks.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.file.header.notes
    }

    /// The columns, left to right; they are the first actors of every world.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The variants; at least one.
    #[must_use]
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }

    /// A variant by name; `None` is the variant of a file that declares none.
    #[must_use]
    pub fn variant(&self, name: Option<&str>) -> Option<&Variant> {
        self.variants.iter().find(|v| v.name() == name)
    }

    /// The outcome that the file expects under an era, whatever the architecture; `None` means no expectation. If
    /// the era lacks what the variant asks for, only an expectation that names the era counts.
    #[must_use]
    pub fn expectation(&self, era: &Era, variant: &Variant) -> Option<Expectation> {
        self.expectation_on(Arch::default(), era, variant)
    }

    /// The outcome that the file expects under an era on an architecture.
    #[must_use]
    pub fn expectation_on(&self, arch: Arch, era: &Era, variant: &Variant) -> Option<Expectation> {
        self.applied(arch, era, variant).map(|applied| applied.outcome)
    }

    /// Where the file states what it expects under an era on an architecture; if it does not, where it is named.
    #[must_use]
    pub fn expected_at(&self, arch: Arch, era: &Era, variant: &Variant) -> Span {
        let applied = self.applied(arch, era, variant).map(|applied| applied.at);
        applied.or_else(|| Some(self.file.header.name.as_ref()?.at.clone())).unwrap_or_default()
    }

    fn applied(&self, arch: Arch, era: &Era, variant: &Variant) -> Option<Applied> {
        let applies = era.lacks(variant.world()).is_none();
        expected::find(&self.file.footer.expects, era, arch, variant.name(), applies)
    }

    /// Everything above the names of the columns, verbatim.
    #[must_use]
    pub fn header_text(&self) -> &str {
        &self.header_text
    }

    /// Everything below the diagram, verbatim.
    #[must_use]
    pub fn footer_text(&self) -> &str {
        &self.footer_text
    }
}
