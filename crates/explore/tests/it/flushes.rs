//! The order in which a flush reaches CPUs: the search takes the first one as long as no order makes a difference. What
//! executions may show is the same as if it made every choice, and does not depend on the order of the columns.

use std::collections::BTreeSet;

use cowrace_explore::{Execution, Explorer, Observer};
use cowrace_machine::{Arch, Program};
use cowrace_mm::objects::variable;
use cowrace_mm::value::Value;
use cowrace_mm::world::Target;
use cowrace_mm::{Era, World, observe, program};

/// What executions may show: all variables by name, and the words of the first area.
#[derive(Default)]
struct Shown<'w> {
    world: Option<&'w World>,
    seen: BTreeSet<Vec<(String, String)>>,
    /// The numbers of executions in which more than one order was possible, and in which an order other than the first
    /// was taken.
    orders: (u64, u64),
}

impl Observer for Shown<'_> {
    fn execution(&mut self, execution: &Execution<'_>) {
        let (Some(world), memory) = (self.world, execution.memory()) else { return };
        let value = |var| format!("{:?}", Value::decode(memory.get(variable(var))));
        let mut seen: Vec<(String, String)> =
            world.variables.iter().enumerate().map(|(var, name)| (name.clone(), value(var))).collect();
        let word = |word| observe::owner_view(world, memory, Target { mm: 0, va: 0 }, word);
        seen.extend((0..2).map(|at| (format!("buf[{at}]"), word(at).to_string())));
        seen.sort();
        self.seen.insert(seen);
        // There are no other choices here.
        let choices: Vec<u32> = execution.turns().iter().filter_map(|turn| turn.choice).collect();
        self.orders.0 += u64::from(!choices.is_empty());
        self.orders.1 += u64::from(choices.iter().any(|&choice| choice > 0));
    }
}

struct Columns {
    mms: &'static str,
    /// Each column with its cells and their rows.
    columns: Vec<(String, Vec<(usize, String)>)>,
}

impl Columns {
    /// As a scenario, with the columns in an order.
    fn world(&self, order: &[usize]) -> World {
        const WIDTH: usize = 34;
        let line = |cells: Vec<String>| {
            let all: String = cells.iter().map(|cell| format!("{cell:WIDTH$}")).collect();
            all.trim_end().to_owned()
        };
        let rows = self.columns.iter().flat_map(|(_, cells)| cells.iter().map(|(row, _)| row + 1)).max();
        let at = |column: usize, row: usize| {
            let cell = self.columns[column].1.iter().find(|(at, _)| *at == row);
            cell.map(|(_, cell)| cell.clone()).unwrap_or_default()
        };
        let mut text = format!("race r\n{}\n\n", self.mms);
        text += &line(order.iter().map(|&column| format!("{} @A", self.columns[column].0)).collect());
        text += "\n";
        text += &line(order.iter().map(|_| "=".repeat(WIDTH - 2)).collect());
        for row in 0..rows.unwrap_or_default() {
            text += "\n";
            text += &line(order.iter().map(|&column| at(column, row)).collect());
        }
        text += "\n";
        let scenario = cowrace_scenario::parse(&text).unwrap_or_else(|errors| panic!("{text}{errors:#?}"));
        scenario.variants()[0].world().clone()
    }
}

fn explore<'w>(world: &'w World, program: &Program, commute: bool) -> Option<(Shown<'w>, u64)> {
    let mut shown = Shown { world: Some(world), ..Shown::default() };
    let limits = cowrace_explore::Limits { executions: Some(20_000), ..Default::default() };
    let explorer = Explorer::new(program).exhaustive(true).limits(limits);
    let outcome = explorer.counts_commute(commute).run(&mut shown);
    outcome.complete.then_some((shown, outcome.executions))
}

/// Small numbers, the same ones every time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// Two or three columns that access memory, pass something on and wait for it, and one that flushes.
fn random(random: &mut Random) -> Columns {
    let flushes = [
        "madvise(buf, MADV_DONTNEED)",
        "mprotect(buf, PROT_READ)",
        "munmap(buf)",
        "madvise(buf, MADV_FREE)",
        "clear_refs(A)",
    ];
    let flush = flushes[random.below(flushes.len())].to_owned();
    let mut columns: Vec<(String, Vec<(usize, String)>)> = vec![("zap".to_owned(), vec![(0, flush)])];
    let accessing = 2 + random.below(2);
    let (mut row, mut flags) = (1, 0);
    for nth in 0..accessing {
        let mut cells = Vec::new();
        for _ in 0..=random.below(2) {
            let cell = match random.below(6) {
                0 => format!("buf[0] = {}", row + 10),
                1 if flags > 0 => format!("wait f{}", random.below(flags)),
                2 => {
                    flags += 1;
                    format!("f{} = {row}", flags - 1)
                }
                _ => format!("r{row} = buf[0]"),
            };
            cells.push((row, cell));
            row += 1;
        }
        columns.push((format!("c{nth}"), cells));
    }
    Columns { mms: "mm A { buf: anon warm = 5, 5 }", columns }
}

#[test]
fn the_first_order_is_enough_where_no_order_makes_a_difference() {
    let mut numbers = Random(0x5eed);
    let (mut compared, mut made_none, mut made_one) = (0, 0, 0);
    while compared < 60 {
        let columns = random(&mut numbers);
        let natural: Vec<usize> = (0..columns.columns.len()).collect();
        let turned: Vec<usize> = natural.iter().rev().copied().collect();
        let era = Era::preset(["v5.7", "v5.12", "v6.12"][numbers.below(3)]).expect("a preset");
        let (world, other) = (columns.world(&natural), columns.world(&turned));
        let arch = [Arch::X86, Arch::Arm64][numbers.below(2)];
        let (here, there) = (program(&world, &era, arch), program(&other, &era, arch));
        let Some((all, _)) = explore(&world, &here, false) else { continue };
        let Some((shown, _)) = explore(&world, &here, true) else { continue };
        let Some((reversed, _)) = explore(&other, &there, true) else { continue };
        let (name, cells) = (era.name(), &columns.columns);
        assert_eq!(shown.seen, all.seen, "{name} {arch:?} {cells:#?}");
        assert_eq!(reversed.seen, all.seen, "columns in reverse: {name} {arch:?} {cells:#?}");
        compared += 1;
        if all.orders.0 > 0 {
            made_none += u64::from(shown.orders.1 == 0);
            made_one += u64::from(shown.orders.1 > 0);
        }
    }
    assert!(
        made_none > 5 && made_one > 5,
        "of {compared}: {made_none} where none made a difference, {made_one}"
    );
}

#[test]
fn either_of_two_cpus_may_be_the_first() {
    let cell = |row: usize, cell: &str| (row, cell.to_owned());
    let columns = Columns {
        mms: "mm A { buf: anon warm = 5, 5 }",
        columns: vec![
            ("new".to_owned(), vec![cell(1, "y = buf[0]"), cell(2, "f = 1")]),
            ("old".to_owned(), vec![cell(3, "wait f"), cell(4, "x = buf[0]")]),
            ("zap".to_owned(), vec![cell(0, "madvise(buf, MADV_DONTNEED)")]),
        ],
    };
    let era = Era::preset("v6.12").expect("a preset");
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0]] {
        let world = columns.world(&order);
        let program = program(&world, &era, Arch::Generic);
        let (shown, _) = explore(&world, &program, true).expect("it is small");
        let values = |seen: &Vec<(String, String)>| {
            let of = |name: &str| seen.iter().find(|(var, _)| var == name).map(|(_, value)| value.clone());
            (of("y"), of("x"))
        };
        let seen: BTreeSet<_> = shown.seen.iter().map(values).collect();
        assert_eq!(seen.len(), 4, "{order:?}: {seen:?}");
    }
}

/// Where no CPU passes anything on, one order is taken, and there are no additional traces.
#[test]
fn an_order_that_makes_no_difference_adds_nothing() {
    let cell = |row: usize, cell: &str| (row, cell.to_owned());
    let columns = |readers: usize| Columns {
        mms: "mm A { buf: anon warm = 5, 5 }",
        columns: (0..readers)
            .map(|nth| (format!("c{nth}"), vec![cell(nth + 1, &format!("r{nth} = buf[0]"))]))
            .chain([("zap".to_owned(), vec![cell(0, "mprotect(buf, PROT_READ)")])])
            .collect(),
    };
    let era = Era::preset("v6.12").expect("a preset");
    let executions = |readers: usize| {
        let world = columns(readers).world(&(0..=readers).collect::<Vec<_>>());
        let program = program(&world, &era, Arch::Generic);
        let (shown, executions) = explore(&world, &program, true).expect("it is small");
        assert_eq!(shown.orders.1, 0);
        executions
    };
    // Each reader comes before its own part of the flush or after it.
    assert_eq!((executions(1), executions(2), executions(3)), (2, 4, 8));
}
