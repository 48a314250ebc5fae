//! A cell: a scenario in one variant, what the model says, and what the kernel did.

use cowrace_oracle::Seen;
use cowrace_reproduce::{Forecast, Refusal};

use crate::Exit;

/// A cell.
#[derive(Debug)]
pub(super) struct Cell {
    name: String,
    /// What the model says; `None` if there is no program.
    forecast: Option<Forecast>,
    /// The program.
    pub(super) program: Option<String>,
    /// Why there is none.
    refusal: Option<String>,
    /// What the kernel did; `None` if the program was not run, or said nothing.
    pub(super) seen: Option<Seen>,
}

/// How the two compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    Agree,
    Disagree,
    /// One of them says nothing.
    Open,
}

impl Cell {
    pub(super) fn new(
        scenario: &str,
        variant: Option<&str>,
        planned: Result<(Forecast, String), Refusal>,
    ) -> Self {
        let name = variant.map_or_else(|| scenario.to_owned(), |variant| format!("{scenario}:{variant}"));
        let (forecast, program, refusal) = match planned {
            Ok((forecast, program)) => (Some(forecast), Some(program), None),
            Err(refusal) => (None, None, Some(refusal.to_string())),
        };
        Self { name, forecast, program, refusal, seen: None }
    }

    fn compared(&self) -> Compared {
        match (self.forecast, &self.seen) {
            (Some(Forecast::Hit), Some(Seen::Hit)) | (Some(Forecast::Clean), Some(Seen::Clean)) => {
                Compared::Agree
            }
            (Some(Forecast::Hit), Some(Seen::Clean)) | (Some(Forecast::Clean), Some(Seen::Hit)) => {
                Compared::Disagree
            }
            _ => Compared::Open,
        }
    }

    /// What the model says, what the kernel did, and a remark.
    fn words(&self) -> (&'static str, String, String) {
        let model = match self.forecast {
            Some(Forecast::Hit) => "HIT",
            Some(Forecast::Clean) => "CLEAN",
            Some(Forecast::Chance) => "chance",
            None => "-",
        };
        let (kernel, remark) = match &self.seen {
            Some(Seen::Skipped(why)) => ("SKIP".to_owned(), why.clone()),
            Some(seen) if self.compared() == Compared::Disagree => (seen.to_string(), "DISAGREES".to_owned()),
            Some(seen) => (seen.to_string(), String::new()),
            None if self.program.is_some() => ("-".to_owned(), "the program gave no result".to_owned()),
            None => ("-".to_owned(), format!("no program: {}", self.refusal.clone().unwrap_or_default())),
        };
        (model, kernel, remark)
    }
}

/// A table of cells, one a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// The width of the names.
    width: usize,
}

impl Table {
    pub(super) fn of(cells: &[Cell]) -> Self {
        Self { width: cells.iter().map(|cell| cell.name.len()).max().unwrap_or(0).max("scenario".len()) }
    }

    pub(super) fn head(self, kernel: &str) -> String {
        format!("{:width$}  {:6}  {:6}  {kernel}", "scenario", "model", "kernel", width = self.width)
    }

    pub(super) fn line(self, cell: &Cell) -> String {
        let (model, kernel, remark) = cell.words();
        let line = format!("{:width$}  {model:6}  {kernel:6}  {remark}", cell.name, width = self.width);
        line.trim_end().to_owned()
    }
}

/// How many cells agree, and how many say nothing.
pub(super) fn figures(cells: &[Cell], era: &str) -> String {
    let number = |compared| cells.iter().filter(|cell| cell.compared() == compared).count();
    let skipped = cells.iter().filter(|cell| matches!(cell.seen, Some(Seen::Skipped(_)))).count();
    let without = cells.iter().filter(|cell| cell.program.is_none()).count();
    format!(
        "\n{} cells, model of {era}: {} agree, {} DISAGREE, {skipped} skipped, {without} have no program",
        cells.len(),
        number(Compared::Agree),
        number(Compared::Disagree),
    )
}

/// The exit code for all cells.
pub(super) fn exit(cells: &[Cell]) -> Exit {
    let any = |compared| cells.iter().any(|cell| cell.compared() == compared);
    match (any(Compared::Disagree), any(Compared::Agree)) {
        (true, _) => Exit::Disagree,
        (false, true) => Exit::Ok,
        (false, false) => Exit::Bounded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(forecast: Forecast, seen: Seen) -> Cell {
        Cell { seen: Some(seen), ..Cell::new("r", None, Ok((forecast, String::new()))) }
    }

    #[test]
    fn only_what_both_say_is_compared() {
        let agree = cell(Forecast::Hit, Seen::Hit);
        let open = cell(Forecast::Hit, Seen::Skipped("no swap".to_owned()));
        let chance = cell(Forecast::Chance, Seen::Hit);
        let disagree = cell(Forecast::Clean, Seen::Hit);
        assert_eq!(exit(&[open]), Exit::Bounded);
        assert_eq!(exit(&[agree, chance]), Exit::Ok);
        assert_eq!(disagree.words(), ("CLEAN", "HIT".to_owned(), "DISAGREES".to_owned()));
        assert_eq!(exit(&[disagree]), Exit::Disagree);
    }
}
