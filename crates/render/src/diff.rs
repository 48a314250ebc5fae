//! The differences between two kernels, as text.

use cowrace_report::Found;
use cowrace_report::cell::Change;
use cowrace_report::difference::{Difference, NewLines, Side};

use crate::Columns;
use crate::costs::span;
use crate::coverage::{STALE, lines as listed_lines};
use crate::report::{counted, with_variant};
use crate::why::{alternatives, filled, listed, thing};

/// The sections for changed results.
const FOUND: &[(Change, &str)] = &[
    (Change::Broken, "newly broken"),
    (Change::Mended, "newly mended"),
    (Change::Other, "otherwise different"),
    (Change::NotKnown, "not known"),
];

/// How page copies differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copies {
    More,
    Fewer,
    /// More in some executions and fewer in others.
    Otherwise,
}

/// The sections for page copies.
const COPIES: &[(Copies, &str)] = &[
    (Copies::More, "more page copies"),
    (Copies::Fewer, "fewer page copies"),
    (Copies::Otherwise, "other page copies"),
];

/// The scenarios that are broken, mended or otherwise different, those that copy more pages or fewer, and the lines
/// that only the later kernel can reach and that no scenario reached; and below, all of that in numbers.
#[must_use]
pub fn diff(differences: &[Difference], lines: &NewLines) -> String {
    let NewLines { from, to, toggles, .. } = lines;
    let by = match toggles.is_empty() {
        true => "nothing but the name".to_owned(),
        false => listed(toggles.iter().map(thing).collect()),
    };
    let mut text = filled(&format!("{from} to {to}: {by}"), "", "  ");
    // A single toggle causes every change.
    let tells_sets = toggles.len() > 1;
    for &(change, title) in FOUND {
        let all = differences.iter().filter(|difference| difference.change == change);
        text.push_str(&section(all, [title, from, to], |d| {
            let sets = if tells_sets { by_sets(d) } else { String::new() };
            [word(d.before.found).to_owned(), word(d.after.found).to_owned(), sets]
        }));
    }
    for &(how, title) in COPIES {
        let all = differences.iter().filter(|difference| copies(difference) == Some(how));
        text.push_str(&section(all, [title, from, to], |d| {
            [copies_of(&d.before), copies_of(&d.after), String::new()]
        }));
    }
    text + "\n" + &new_lines(lines) + "\n" + &numbers(differences, lines)
}

/// A difference in words.
pub(crate) struct Told {
    /// What became of the scenario.
    pub(crate) how: String,
    /// What causes it.
    pub(crate) by: String,
}

/// A difference in words; `None` if there is none.
pub(crate) fn changes(difference: &Difference) -> Option<Told> {
    let found = FOUND.iter().find(|(change, _)| *change == difference.change);
    let copied = copies(difference).and_then(|how| COPIES.iter().find(|(of, _)| *of == how));
    let how = [found.map(|(_, title)| *title), copied.map(|(_, title)| *title)];
    let how: Vec<&str> = how.into_iter().flatten().collect();
    (!how.is_empty()).then(|| Told { how: how.join(", "), by: by_sets(difference) })
}

/// The page copies under a kernel: the fewest and the most.
pub(crate) fn copies_of(side: &Side) -> String {
    side.costs.map_or_else(String::new, |costs| span(costs.copies))
}

/// A table with a row for each of these scenarios; nothing if there are none.
fn section<'d>(
    differences: impl Iterator<Item = &'d Difference>,
    [title, from, to]: [&str; 3],
    cells: impl Fn(&Difference) -> [String; 3],
) -> String {
    let rows: Vec<(String, [String; 3])> =
        differences.map(|d| (with_variant(&d.scenario, d.variant.as_deref()), cells(d))).collect();
    if rows.is_empty() {
        return String::new();
    }
    let tells_sets = rows.iter().any(|(_, [_, _, sets])| !sets.is_empty());
    let mut columns = Columns::new([title, from, to].into_iter().chain(tells_sets.then_some("by")));
    for (name, cells) in rows {
        columns.row(std::iter::once(name).chain(cells).enumerate());
    }
    format!("\n{columns}")
}

/// The class of a violation, else the verdict.
const fn word(found: Found) -> &'static str {
    match found.class {
        Some(class) => class.name(),
        None => found.verdict.name(),
    }
}

fn by_sets(difference: &Difference) -> String {
    match (&difference.sets, difference.change) {
        (Some(sets), _) => alternatives(sets),
        (None, Change::None | Change::NotKnown) => String::new(),
        (None, _) => "not known".to_owned(),
    }
}

/// How page copies differ, if they do and are known.
fn copies(difference: &Difference) -> Option<Copies> {
    let (before, after) = (difference.before.costs?.copies, difference.after.costs?.copies);
    let (fewest, most) = (after.fewest.cmp(&before.fewest), after.most.cmp(&before.most));
    match (fewest.then(most), most.then(fewest)) {
        (one, other) if one != other => Some(Copies::Otherwise),
        (std::cmp::Ordering::Greater, _) => Some(Copies::More),
        (std::cmp::Ordering::Less, _) => Some(Copies::Fewer),
        (std::cmp::Ordering::Equal, _) => None,
    }
}

fn new_lines(lines: &NewLines) -> String {
    let NewLines { to, lines: all, unreached, .. } = lines;
    let all = match *all {
        None => return format!("it is not known which lines of the model only {to} can reach: {STALE}\n"),
        Some(0) => return format!("no line of the model can be reached only under {to}\n"),
        Some(all) => all,
    };
    let of = format!("{} of the model can be reached only under {to}", counted(all.into(), "line"));
    let Some(unreached) = unreached else {
        return format!("{of}; it is not known which of them no scenario reached\n");
    };
    let missing: usize = unreached.iter().map(|function| function.lines.len()).sum();
    if missing == 0 {
        return format!("{of}; scenarios reached all of them\n");
    }
    let list = unreached.iter().map(|function| format!("  {}\n", listed_lines(function)));
    format!("{of}; no scenario reached {missing} of them:\n{}", list.collect::<String>())
}

/// The numbers of differences.
fn numbers(differences: &[Difference], lines: &NewLines) -> String {
    let count = |which: &dyn Fn(&Difference) -> bool| differences.iter().filter(|d| which(d)).count();
    let found = |change| count(&|difference| difference.change == change);
    let copied = |how| count(&|difference| copies(difference) == Some(how));
    let unknown = match found(Change::NotKnown) {
        0 => String::new(),
        unknown => format!(", {unknown} not known"),
    };
    format!(
        "{} to {}: {} broken, {} mended, {} otherwise different{unknown}; {} copy more, {} fewer, {} otherwise\n",
        lines.from,
        lines.to,
        found(Change::Broken),
        found(Change::Mended),
        found(Change::Other),
        copied(Copies::More),
        copied(Copies::Fewer),
        copied(Copies::Otherwise),
    )
}

#[cfg(test)]
mod tests {
    use cowrace_report::{Class, Costs, Span, Toggle, Unreached, Verdict};

    use super::*;

    const HOLDS: Found = Found { verdict: Verdict::Holds, class: None };
    const BOUNDED: Found = Found { verdict: Verdict::Bounded, class: None };
    const LOST: Found = Found { verdict: Verdict::Violated, class: Some(Class::LostRead) };

    fn difference(scenario: &str, before: Found, after: Found, copies: [(u64, u64); 2]) -> Difference {
        let side = |found, (fewest, most)| {
            let span = Span { fewest, most };
            Side { found, costs: Some(Costs { copies: span, faults: span, needed: None }) }
        };
        Difference {
            scenario: scenario.into(),
            variant: None,
            arch: "generic".into(),
            from: "v5.8".into(),
            to: "v5.9".into(),
            change: Change::of(before, after),
            before: side(before, copies[0]),
            after: side(after, copies[1]),
            sets: None,
        }
    }

    fn lines(toggles: &[&str], unreached: Option<Vec<Unreached>>) -> NewLines {
        let toggles = toggles.iter().map(|toggle| toggle.parse().expect("a toggle")).collect();
        NewLines { from: "v5.8".into(), to: "v5.9".into(), toggles, lines: Some(14), unreached }
    }

    #[test]
    fn each_kind_of_difference_is_a_table() {
        let mut broken = difference("a", HOLDS, LOST, [(0, 1), (1, 1)]);
        broken.sets = Some(vec![vec![Toggle::With("x".into()), Toggle::Without("y".into())]]);
        broken.variant = Some("warm".into());
        let unknown = difference("c", LOST, HOLDS, [(1, 2), (0, 2)]);
        let limited = difference("d", HOLDS, BOUNDED, [(1, 1), (1, 1)]);
        let wider = difference("e", HOLDS, HOLDS, [(1, 1), (0, 2)]);
        let all = [broken, unknown, limited, wider];
        let missing = Unreached { function: "f".into(), file: "g.rs".into(), lines: vec![3, 5] };
        assert_eq!(
            diff(&all, &lines(&["--with x", "--without y"], Some(vec![missing]))),
            "\
v5.8 to v5.9: x and the removal of y

newly broken  v5.8   v5.9       by
============  =====  =========  ======================
a:warm        holds  lost-read  x and the removal of y

newly mended  v5.8       v5.9   by
============  =========  =====  =========
c             lost-read  holds  not known

not known  v5.8   v5.9
=========  =====  =======
d          holds  bounded

more page copies  v5.8  v5.9
================  ====  ====
a:warm            0..1  1

fewer page copies  v5.8  v5.9
=================  ====  ====
c                  1..2  0..2

other page copies  v5.8  v5.9
=================  ====  ====
e                  1     0..2

14 lines of the model can be reached only under v5.9; no scenario reached 2 of them:
  f (g.rs): lines 3, 5

v5.8 to v5.9: 1 broken, 1 mended, 0 otherwise different, 1 not known; 1 copy more, 1 fewer, 1 otherwise
"
        );
    }

    #[test]
    fn a_single_toggle_makes_every_change() {
        let mut broken = difference("a", HOLDS, LOST, [(1, 1), (1, 1)]);
        broken.sets = Some(vec![vec![Toggle::With("x".into())]]);
        let told = diff(&[broken], &lines(&["--with x"], Some(Vec::new())));
        assert!(told.contains("\nnewly broken  v5.8   v5.9\n"), "{told}");
        assert!(told.contains(
            "\n14 lines of the model can be reached only under v5.9; scenarios reached all of them\n"
        ));
        let none = NewLines { lines: Some(0), ..lines(&["--with x"], Some(Vec::new())) };
        assert!(diff(&[], &none).contains("\nno line of the model can be reached only under v5.9\n"));
        let told = diff(&[], &lines(&[], None));
        assert!(told.starts_with("v5.8 to v5.9: nothing but the name\n\n14 lines"), "{told}");
        assert!(told.contains("; it is not known which of them no scenario reached\n"));
        let stale = NewLines { lines: None, ..lines(&["--with x"], None) };
        let told = diff(&[], &stale);
        assert!(
            told.contains("\nit is not known which lines of the model only v5.9 can reach: the model"),
            "{told}"
        );
    }
}
