//! Scenarios, parsed from text or built.

use std::path::Path;

use cowrace_render::{Diagram, Row};
use cowrace_scenario::parse;

use crate::Error;

/// The path of a text that is not from a file.
pub(crate) const NO_FILE: &str = "scenario";

/// A scenario: a race diagram, with the initial state of memory and what must be true.
///
/// Most are files, and [`check`](crate::check()) reads their text. [`Scenario::builder`] makes one in Rust, where columns and
/// cells come from data.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario(pub(crate) cowrace_scenario::Scenario);

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    ///
    /// All errors in the text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::at(Path::new(NO_FILE), text)
    }

    pub(crate) fn at(path: &Path, text: &str) -> Result<Self, Error> {
        parse(text).map(Self).map_err(|diagnostics| Error::scenario(path, text, &diagnostics))
    }

    /// Begins a scenario of this name.
    ///
    /// ```
    /// use cowrace::{Class, Scenario};
    ///
    /// let scenario = Scenario::builder("vmsplice-child")
    ///     .memory("A", ["buf: anon"])
    ///     .forked("C", "A")
    ///     .column("parent", "A")
    ///     .column("child", "C")
    ///     .cell("child", "p = vmsplice(buf)")
    ///     .cell("child", "munmap(buf)")
    ///     .cell("parent", "buf[0] = 1")
    ///     .barrier()
    ///     .cell("child", "s = pipe_read(p[0])")
    ///     .promise("always s == 0 else leak")
    ///     .build()?;
    /// cowrace::check(scenario).kernel("v5.7").assert_violated(Class::Leak);
    /// # Ok::<(), cowrace::Error>(())
    /// ```
    #[must_use]
    pub fn builder(name: impl Into<String>) -> ScenarioBuilder {
        ScenarioBuilder { header: vec![format!("race {}", name.into())], ..ScenarioBuilder::default() }
    }

    /// Its name, from the `race` line.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The names of its variants; none if it declares no variants.
    pub fn variants(&self) -> impl Iterator<Item = &str> {
        self.0.variants().iter().filter_map(cowrace_scenario::Variant::name)
    }
}

/// The text in the canonical form of the language.
impl std::fmt::Display for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&cowrace_scenario::print(&self.0))
    }
}

/// Builds a [`Scenario`] line by line, in the words of the scenario language.
#[derive(Clone, Debug, Default)]
pub struct ScenarioBuilder {
    header: Vec<String>,
    columns: Vec<(String, Option<String>)>,
    rows: Vec<(Option<String>, String)>,
    footer: Vec<String>,
}

impl ScenarioBuilder {
    /// Adds an address space with its areas, such as `buf: anon` or `out: swapped = 1, 2`.
    #[must_use]
    pub fn memory<S: AsRef<str>>(mut self, mm: impl AsRef<str>, areas: impl IntoIterator<Item = S>) -> Self {
        let areas: Vec<S> = areas.into_iter().collect();
        let areas: Vec<&str> = areas.iter().map(AsRef::as_ref).collect();
        self.header.push(format!("mm {} {{ {} }}", mm.as_ref(), areas.join("; ")));
        self
    }

    /// Adds a child that exists from the start and shares all pages of its parent.
    #[must_use]
    pub fn forked(mut self, child: impl AsRef<str>, parent: impl AsRef<str>) -> Self {
        self.header.push(format!("mm {} = fork({})", child.as_ref(), parent.as_ref()));
        self
    }

    /// Sets the actions of the environment, such as `lru_drain` or `reclaim<=1`.
    #[must_use]
    pub fn environment<S: AsRef<str>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        let words: Vec<S> = words.into_iter().collect();
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        self.header.push(format!("env {}", words.join(", ")));
        self
    }

    /// Adds a column that runs in an address space.
    #[must_use]
    pub fn column(mut self, name: impl Into<String>, mm: impl Into<String>) -> Self {
        self.columns.push((name.into(), Some(mm.into())));
        self
    }

    /// Adds a column without an address space: a kernel thread, a device, another process.
    #[must_use]
    pub fn outside(mut self, name: impl Into<String>) -> Self {
        self.columns.push((name.into(), None));
        self
    }

    /// Adds a row with a cell of a column: a call, a step within an open call, or `}`.
    #[must_use]
    pub fn cell(mut self, column: impl Into<String>, text: impl Into<String>) -> Self {
        self.rows.push((Some(column.into()), text.into()));
        self
    }

    /// Adds a barrier for all columns.
    #[must_use]
    pub fn barrier(mut self) -> Self {
        self.rows.push((None, "all".to_owned()));
        self
    }

    /// Adds a line below the diagram: `always`, `never`, `window`, `promise` or `expect`.
    #[must_use]
    pub fn promise(mut self, line: impl Into<String>) -> Self {
        self.footer.push(line.into());
        self
    }

    /// The scenario.
    ///
    /// # Errors
    ///
    /// All errors, with their places in the generated text.
    pub fn build(self) -> Result<Scenario, Error> {
        Scenario::parse(&self.diagram().to_string())
    }

    fn diagram(&self) -> Diagram {
        // A line break would begin a new row; as a blank it leads to an error message.
        let line = |text: &String| text.replace(['\n', '\r'], " ");
        let head = |(name, mm): &(String, Option<String>)| match mm {
            Some(mm) => line(&format!("{name} @{mm}")),
            None => line(name),
        };
        let mut columns: Vec<String> = self.columns.iter().map(head).collect();
        let row = |(column, text): &(Option<String>, String)| {
            let Some(column) = column else { return Row::Barrier(line(text)) };
            let known = self.columns.iter().position(|(name, _)| name == column);
            let place = known.unwrap_or_else(|| {
                // A column that was never added has no mm, which leads to an error for cells that need one.
                let place = columns.iter().position(|head| head == column);
                place.unwrap_or_else(|| {
                    columns.push(line(column));
                    columns.len() - 1
                })
            });
            Row::Cells(vec![(place, line(text))])
        };
        let rows = self.rows.iter().map(row).collect();
        let header = self.header.iter().map(line).collect();
        Diagram {
            header,
            rows,
            columns,
            footer: self.footer.iter().map(line).collect(),
            ..Diagram::default()
        }
    }
}
