//! The command line.

use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Runs other checkers on the common problem, beside ours, and prints one table.
#[derive(Debug, Parser)]
#[command(name = "peers")]
pub(crate) struct Options {
    /// Only stateright beside ours, on scenarios of the corpus that hold.
    #[arg(long, conflicts_with_all = ["actors", "put_page", "twice", "only"])]
    pub(crate) scenarios: bool,

    /// When a run is given up; on scenarios 120 by default.
    #[arg(long, default_value_t = 10, default_value_if("scenarios", "true", "120"))]
    seconds: u64,

    /// Runs of each, of which the median is shown; on scenarios the fastest.
    #[arg(long, default_value_t = 3)]
    pub(crate) runs: usize,

    /// Sizes of the problem.
    #[arg(long, value_delimiter = ',', default_values_t = [3, 4, 5],
        value_parser = clap::value_parser!(u8).range(3..=5))]
    pub(crate) actors: Vec<u8>,

    /// What put_page does.
    #[arg(long, default_value = "both")]
    pub(crate) put_page: PutPage,

    /// The child writes twice (with 5 actors).
    #[arg(long)]
    pub(crate) twice: bool,

    /// Only tools whose name has this in it, beside explore; may be repeated.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

/// The versions of put_page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PutPage {
    /// It decrements the count.
    Adds,
    /// It decrements the count, looks whether that is zero, and frees the page then.
    Frees,
    /// One after the other.
    Both,
}

impl Options {
    pub(crate) fn limit(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// Whether put_page frees: the versions to ask about.
    pub(crate) fn frees(&self) -> &[bool] {
        match self.put_page {
            PutPage::Adds => &[false],
            PutPage::Frees => &[true],
            PutPage::Both => &[false, true],
        }
    }

    pub(crate) fn wants(&self, tool: &str) -> bool {
        let tool = tool.to_lowercase();
        self.only.is_empty() || self.only.iter().any(|name| tool.contains(&name.to_lowercase()))
    }
}
