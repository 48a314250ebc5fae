//! Output formats, and colours.

use std::env;
use std::io::IsTerminal;

use clap::ValueEnum;

/// When text has colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColourName {
    /// On a terminal, unless the variable `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColourName {
    /// Whether a stream gets colours.
    #[must_use]
    pub fn is_wanted(self, stream: &impl IsTerminal) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => stream.is_terminal() && env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()),
        }
    }
}

/// The output format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// The output format of commands that explain what they find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
    /// A page for browsers, which explains each violation step by step.
    Html,
}

impl From<Format> for PageFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Json => Self::Json,
        }
    }
}

/// The output format of an explanation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// Text for people.
    #[default]
    Text,
    /// A page for browsers, which walks through the execution step by step.
    Html,
    /// The diagram as a drawing, for documents and slides.
    Svg,
    /// A mail: the diagram and what is wrong, in 72 columns, which can be replayed.
    Mail,
}

/// The output format of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object per line, one line per run.
    Json,
    /// JUnit's XML: a suite for each scenario, and a test case for each run.
    Junit,
    /// SARIF 2.1.0, for code scanning: a result for each run, those that pass included.
    Sarif,
    /// Workflow commands of GitHub: an annotation for each run that fails, with its diagram.
    Github,
    /// A page for browsers: the table, and each violation explained step by step.
    Html,
}

/// The output format of a matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MatrixFormat {
    /// A table of text.
    #[default]
    Text,
    /// One JSON object per line, one line per cell.
    Json,
    /// A table for a mail or a wiki.
    Markdown,
    /// A page for browsers: the table, and each violation explained step by step.
    Html,
}
