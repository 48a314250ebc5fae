//! The order in which `lru_add_drain_all` drains the batches of CPUs: the search takes the first one as long as no
//! order makes a difference, and shows the same as if it made every choice.

use std::collections::BTreeSet;

use cowrace_explore::{Execution, Explorer, Observer};
use cowrace_machine::{Arch, Program};
use cowrace_mm::objects::Batch;
use cowrace_mm::{Era, program};

/// How many pages the batches of the columns hold at the end, and whether some drain took another order than the first.
#[derive(Default)]
struct Shown {
    columns: Vec<usize>,
    held: BTreeSet<Vec<u64>>,
    other_orders: bool,
}

impl Observer for Shown {
    fn execution(&mut self, execution: &Execution<'_>) {
        let held = |&column: &usize| execution.memory().get(Batch::Add.nr(column));
        self.held.insert(self.columns.iter().map(held).collect());
        self.other_orders |=
            execution.turns().iter().any(|turn| turn.choice.is_some_and(|choice| choice > 0));
    }
}

/// The program of a diagram in which `a` and `b` stand in an order.
fn of(columns: &[(&str, &[&str])]) -> Program {
    let width = 22;
    let rows = columns.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    let line = |cells: Vec<&str>| cells.iter().map(|cell| format!("{cell:width$}")).collect::<String>();
    let mut text = "race r\nmm A {\n  x: none\n  y: none\n}\n\n".to_owned();
    text += &(line(columns.iter().map(|(head, _)| *head).collect()) + "\n");
    text += &(line(columns.iter().map(|_| "==========").collect()) + "\n");
    for row in 0..rows {
        text +=
            &(line(columns.iter().map(|(_, cells)| cells.get(row).copied().unwrap_or("")).collect()) + "\n");
    }
    let scenario = cowrace_scenario::parse(&text).unwrap_or_else(|errors| panic!("{} in\n{text}", errors[0]));
    let era = Era::preset("v5.9").expect("a preset");
    program(scenario.variants()[0].world(), &era, Arch::default())
}

fn search(program: &Program, columns: &[usize], every_order: bool) -> (u64, Shown) {
    let mut shown = Shown { columns: columns.to_vec(), ..Shown::default() };
    let search = Explorer::new(program).exhaustive(true).counts_commute(!every_order);
    (search.run(&mut shown).executions, shown)
}

const A: (&str, &[&str]) = ("a @A", &["x[0] = 1", "f = 1"]);
const B: (&str, &[&str]) = ("b @A", &["wait f", "y[0] = 1"]);
const DRAIN: (&str, &[&str]) = ("c", &["lru_add_drain_all()"]);

#[test]
fn what_is_found_is_that_of_every_order() {
    let expected: BTreeSet<Vec<u64>> = [[0, 0], [0, 1], [1, 0], [1, 1]].map(Vec::from).into();
    for (columns, places) in [([A, B, DRAIN], [0, 1]), ([B, A, DRAIN], [1, 0]), ([DRAIN, B, A], [2, 1])] {
        let program = of(&columns);
        let (_, every) = search(&program, &places, true);
        assert_eq!(every.held, expected);
        let (_, shown) = search(&program, &places, false);
        assert_eq!(shown.held, expected, "{columns:?}");
        assert!(shown.other_orders, "two batches are in use");
    }
}

#[test]
fn an_order_that_makes_no_difference_adds_nothing() {
    for columns in [[A, ("b @A", &[]), DRAIN], [("b @A", &[]), A, DRAIN]] {
        let (executions, shown) = search(&of(&columns), &[0, 1], false);
        // The page is in the batch by then, or not.
        assert_eq!((executions, shown.held.len(), shown.other_orders), (2, 2, false));
    }
}
