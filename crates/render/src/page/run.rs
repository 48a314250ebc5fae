//! An explained violation as the stepper of a page reads it.

use cowrace_report::explanation::{Extent, Nearest, Part, Row as Told};
use serde::Serialize;

use super::figure::{Figure, Frame, figure};
use crate::diagram::Row;
use crate::walkthrough::{below, statements};
use crate::{Execution, Walkthrough, diagnosis, row};

/// A violation, explained.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The scenario, with its variant.
    pub scenario: String,
    /// The kernel, with toggles.
    pub kernel: String,
    /// What the scenario is about, in a line.
    pub headline: String,
    /// The explanation.
    pub walkthrough: Walkthrough,
    /// The cells that the violation does not need, and that were left out.
    pub not_needed: Vec<String>,
    /// The command that explains it in a terminal.
    pub command: String,
}

/// Statements of a header that a page shows in other ways, or not at all.
const SHOWN_ELSEWHERE: [&str; 6] = ["race", "title", "subject", "link", "from", "note"];

/// The same for the stepper.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Run {
    scenario: String,
    /// The kernels in which it happens so, and for each the command that explains it.
    kernels: Vec<(String, String)>,
    headline: String,
    /// What is wrong, and what the nearest execution is that holds.
    words: Vec<String>,
    /// Lines above and below the diagram.
    header: String,
    footer: String,
    figure: Figure,
    /// The bad execution, then the nearest one that holds, if there is one.
    tracks: Vec<Track>,
    #[serde(skip)]
    text: String,
}

/// One execution.
#[derive(Clone, Debug, Serialize)]
struct Track {
    name: &'static str,
    columns: Vec<String>,
    rows: Vec<Step>,
    /// Memory before the first row, and after each row.
    frames: Vec<Frame>,
}

/// A row of a diagram.
#[derive(Clone, Debug, Serialize)]
struct Step {
    /// Cells with their columns; empty for a barrier.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cells: Vec<(usize, String)>,
    /// The participants of a barrier.
    #[serde(skip_serializing_if = "Option::is_none")]
    barrier: Option<String>,
    /// The actor and the call.
    heading: String,
    /// What each function does: its name, if it is the kernel's, and lines.
    told: Vec<(String, Vec<String>)>,
    /// Whether the diagnosis names the row.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    named: bool,
    /// Whether the other execution has it elsewhere.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    moved: bool,
}

/// The fragment of a page that shows a scenario under a kernel.
pub(super) fn link(scenario: &str, kernel: &str) -> String {
    format!("{}/{}", encoded(scenario), encoded(kernel))
}

/// A part of a fragment: what has a meaning there, or in HTML, is encoded.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!*'()".contains(&byte);
    let each = text.bytes().map(|byte| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    each.collect()
}

impl Run {
    pub(super) fn of(explained: Explained) -> Self {
        let Explained { scenario, kernel, headline, walkthrough, not_needed, command } = explained;
        let wrong = walkthrough.diagnosis.as_ref().map_or_else(diagnosis::nothing, diagnosis::diagnosis);
        let left_out = (!not_needed.is_empty())
            .then(|| format!("Left out, because the violation does not need it: {}.", not_needed.join("; ")));
        let nearest = walkthrough.nearest.as_ref().map(diagnosis::nearest);
        let bad = &walkthrough.execution;
        let all: Vec<&Execution> = std::iter::once(bad).chain(&walkthrough.holding).collect();
        let (figure, frames) = figure(&all.iter().map(|one| one.memory.as_slice()).collect::<Vec<_>>());
        let named = walkthrough.diagnosis.as_ref().map(diagnosis::rows).unwrap_or_default();
        let name = if named.is_empty() && walkthrough.diagnosis.is_none() {
            "this execution"
        } else {
            "the violation"
        };
        let moved = match &walkthrough.nearest {
            Some(Nearest::Moved(moved)) => Some(moved.moved.0 - 1),
            _ => None,
        };
        let there = moved.and_then(|row| same_row(&bad.rows, row, &walkthrough.holding.as_ref()?.rows));
        let names = [name, "the nearest execution that holds"];
        let tracks = all.iter().zip(frames).zip(names).enumerate();
        let tracks = tracks.map(|(nth, ((execution, frames), name))| {
            let named = if nth == 0 { named.as_slice() } else { &[] };
            let moved = if nth == 0 { moved } else { there };
            Track::of(execution, name, (named, moved), frames)
        });
        Self {
            words: std::iter::once(wrong).chain(nearest).chain(left_out).collect(),
            header: block(&statements(&bad.diagram.header, &SHOWN_ELSEWHERE)),
            footer: block(&below(&bad.diagram, &["expect"])),
            figure,
            tracks: tracks.collect(),
            text: walkthrough.to_string(),
            scenario,
            kernels: vec![(kernel, command)],
            headline,
        }
    }

    /// Whether this is the run of a scenario under a kernel.
    pub(super) fn is_of(&self, scenario: &str, kernel: &str) -> bool {
        self.scenario == scenario && self.kernels.iter().any(|(known, _)| known == kernel)
    }

    /// The same happens under another kernel.
    pub(super) fn add(&mut self, kernel: &str, command: &str) {
        self.kernels.push((kernel.to_owned(), command.to_owned()));
    }

    /// The explanation as text.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }
}

/// Lines as a block, without blank lines around it.
fn block(lines: &[String]) -> String {
    lines.join("\n").trim_matches('\n').to_owned()
}

impl Track {
    fn of(
        execution: &Execution,
        name: &'static str,
        (named, moved): (&[usize], Option<usize>),
        frames: Vec<Frame>,
    ) -> Self {
        let Execution { diagram, rows, .. } = execution;
        let step = |(place, (row, told)): (usize, (&Row, &Told))| Step {
            cells: match row {
                Row::Cells(cells) => cells.clone(),
                Row::Barrier(_) => Vec::new(),
            },
            barrier: match row {
                Row::Cells(_) => None,
                Row::Barrier(who) => Some(who.clone()),
            },
            heading: told.name.as_ref().map(row::heading).unwrap_or_default(),
            told: told.parts.iter().map(part).collect(),
            named: named.contains(&(place + 1)),
            moved: moved == Some(place),
        };
        let rows = diagram.rows.iter().zip(rows).enumerate().map(step).collect();
        Self { name, columns: diagram.columns.clone(), rows, frames }
    }
}

/// The row of another execution that shows the same part of the same call of the same actor; if there is none, the first that
/// shows a part of the call.
fn same_row(rows: &[Told], at: usize, others: &[Told]) -> Option<usize> {
    // An actor makes its calls in one order in every execution. The last row of each ends it.
    let call_at = |rows: &[Told], at: usize, actor: &str| {
        let earlier = rows[..at].iter().filter_map(|row| row.name.as_ref());
        earlier.filter(|name| name.actor == actor && !matches!(name.extent, Extent::UpTo(_))).count()
    };
    let name = rows.get(at)?.name.as_ref()?;
    let nth = call_at(rows, at, &name.actor);
    let of_call = |place: &usize| {
        let other = others[*place].name.as_ref();
        other.is_some_and(|other| (&other.actor, &other.call) == (&name.actor, &name.call))
            && call_at(others, *place, &name.actor) == nth
    };
    let all: Vec<usize> = (0..others.len()).filter(of_call).collect();
    let same = all.iter().find(|&&place| others[place].name.as_ref() == Some(name));
    same.or(all.first()).copied()
}

fn part(Part { function, lines }: &Part) -> (String, Vec<String>) {
    let function = function.as_ref().map(row::function).unwrap_or_default();
    (function, lines.iter().map(row::line).collect())
}

#[cfg(test)]
mod tests {
    use cowrace_report::explanation::RowName;

    use super::*;

    fn row(actor: &str, call: &str, extent: Extent) -> Told {
        let name = RowName { actor: actor.to_owned(), call: call.to_owned(), extent };
        Told { name: Some(name), ..Told::default() }
    }

    #[test]
    fn a_row_is_found_in_another_execution() {
        let up_to = |step: &str| Extent::UpTo(step.to_owned());
        let bad = [
            row("a", "x = 1", Extent::Whole),
            row("b", "fork()", up_to("lock")),
            row("a", "x = 1", Extent::Whole),
            row("b", "fork()", Extent::Rest),
        ];
        let holds = [
            row("a", "x = 1", Extent::Whole),
            row("b", "fork()", up_to("lock")),
            row("b", "fork()", Extent::Rest),
            row("a", "x = 1", Extent::Whole),
        ];
        // The second of two calls that are spelled alike.
        assert_eq!(same_row(&bad, 2, &holds), Some(3));
        assert_eq!(same_row(&bad, 3, &holds), Some(2));
        // There, the call is one row.
        let whole = [row("b", "fork()", Extent::Whole), holds[0].clone(), holds[3].clone()];
        assert_eq!(same_row(&bad, 1, &whole), Some(0));
        assert_eq!(same_row(&bad, 1, &holds[..1]), None);
    }
}
