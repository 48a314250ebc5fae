use std::collections::BTreeSet;

use super::*;
use crate::source::variants;
use crate::world::{Advice, Arg, FileKind, GupFlags, Target};

/// Arguments as a row takes them, none of which is as if nothing was said; without one of them, if one is named.
fn arguments(row: &Syscall, without: Option<Argument>) -> Arguments {
    let mut all = Arguments::NONE;
    if row.gives == Gives::Child {
        all.child = 1;
    }
    for argument in row.arguments.iter().filter(|argument| Some(**argument) != without) {
        match argument {
            Argument::Direct => {}
            Argument::File => all.file = FileKind::Nfs,
            Argument::Area => all.va = 2,
            Argument::Word => (all.va, all.word) = (2, 1),
            Argument::OwnMemory | Argument::Memory | Argument::Page => all.target = Target { mm: 3, va: 2 },
            Argument::Destination => all.to = 1,
            Argument::Mm => all.mm = 3,
            Argument::Handle | Argument::GivenBack { .. } => all.handle = 4,
            Argument::HandleWord | Argument::WritableWord => (all.handle, all.word) = (4, 1),
            Argument::Value => all.value = Arg::Variable(5),
            Argument::Variable => all.variable = 6,
            Argument::GupFlags => all.flags = GupFlags { write: true, ..GupFlags::default() },
            Argument::Direction | Argument::Protection => all.write = true,
            Argument::Advice => all.advice = Advice::Free,
            Argument::UffdMode => all.protect = true,
        }
    }
    all
}

fn call(row: &Syscall, arguments: &Arguments) -> Call {
    (row.shape.call)(arguments)
}

#[test]
fn every_call_has_a_row_and_every_row_a_call() {
    let arms: BTreeSet<&str> = variants().expect("the table is of this model").into_iter().collect();
    let rows: BTreeSet<&str> = rows().map(|row| row.shape.variant).collect();
    assert_eq!(arms, rows);
}

/// What has several rows, as a pin of the own mm and one of any, is found by one that is alike.
#[test]
fn a_call_has_the_row_that_it_is_made_by() {
    for row in rows() {
        let call = call(row, &arguments(row, None));
        assert!(format!("{call:?}").starts_with(row.shape.variant), "{call:?} by {}", row.name());
        let found = call.syscall().map(|found| (found.shape.variant, found.holds, found.access, found.gives));
        assert_eq!(found, Some((row.shape.variant, row.holds, row.access, row.gives)));
    }
}

#[test]
fn a_call_is_told_what_its_row_says_and_can_be_taken_apart() {
    for row in rows() {
        let made = call(row, &arguments(row, None));
        let apart = (row.shape.arguments)(&made).expect("it is of this shape");
        assert_eq!(call(row, &apart), made);
        for argument in row.arguments.iter().filter(|argument| **argument != Argument::Direct) {
            let less = call(row, &arguments(row, Some(*argument)));
            assert_ne!(less, made, "{} takes no {argument:?}", row.name());
        }
    }
}

#[test]
fn a_name_is_that_of_one_row() {
    let names: BTreeSet<&str> = names().collect();
    assert_eq!(names.len(), super::names().count());
    for row in rows() {
        assert!(!row.about.usage.is_empty() && !row.about.meaning.is_empty(), "{}", row.name());
    }
}

/// What windows name as a step is what the model marks.
#[test]
fn marks_are_those_of_the_model() {
    for row in rows() {
        let steps = row.steps().expect("the table is of this model");
        for mark in row.marks {
            assert!(steps.marks.contains(mark), "{} never reaches {mark}", row.name());
        }
    }
}

/// What takes hold of memory marks when it has.
#[test]
fn what_takes_hold_of_memory_says_when() {
    for row in rows() {
        assert_eq!(row.takes_hold(), row.marks.contains(&"gup"), "{}", row.name());
    }
}

/// The table of calls in the documentation.
#[test]
fn the_documentation_has_every_call() {
    let mut table = "| cell | meaning | steps | result |\n|---|---|---|---|\n".to_owned();
    for row in rows() {
        let About { form, meaning, gives, .. } = row.about;
        let marks: Vec<String> = row.marks.iter().map(|mark| format!("`{mark}`")).collect();
        table += &format!("| {form} | {meaning} | {} | {gives} |\n", marks.join(", "));
    }
    let documentation = include_str!("../../../../docs/language.md");
    assert!(documentation.contains(&table), "docs/language.md lacks this table:\n{table}");
}
