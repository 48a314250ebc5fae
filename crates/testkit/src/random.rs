//! Random drafts.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::draft::{Area, Call, Column, Draft, Mm, Names, Row};

/// The states of an area at the start; those in which the page is mapped are more frequent than the others.
const STATES: &[&str] = &[
    "anon",
    "anon",
    "anon",
    "anon clean",
    "anon prevshared",
    "anon soft_clean",
    "anon lazyfree",
    "anon uffd_wp",
    "anon warm",
    "anon lru_batch({column})",
    "anon = 7, 8",
    "none",
    "zero",
    "swapped",
    "swapcached prevshared",
    "file",
];

const ENVIRONMENT: &[&str] = &["lru_drain", "spec_ref", "tlb_evict", "page_reuse", "reclaim<=1"];

/// The calls of a column that runs in an mm. Every result is kept, so that it can be seen.
const OWN: &[&[&str]] = &[
    &["{area}[0] = 1"],
    &["{area}[1] = 2"],
    &["{result} = {area}[0]"],
    &["{result} = {area}[1]"],
    &["{area}[0] = 3", "{result} = {area}[0]"],
    &["{result} = read(O_DIRECT, {area}[0], 4)"],
    &["{result} = write(O_DIRECT, {area}[0])"],
    &["{result} = get_user_pages_fast({area}, FOLL_WRITE)", "dma_write({handle}[0], 5)"],
    &["{result} = get_user_pages({area})", "put_page({handle})"],
    &[
        "{result} = pin_user_pages_fast({area}, FOLL_WRITE)",
        "dma_write({handle}[1], 6)",
        "unpin_user_page({handle})",
    ],
    &["{result} = pin_user_pages({area}, FOLL_LONGTERM)"],
    &["{result} = vmsplice({area})"],
    &["{result} = io_uring_register({area})"],
    &["munmap({area})"],
    &["{result} = madvise({area}, MADV_DONTNEED)"],
    &["{result} = madvise({area}, MADV_DONTFORK)"],
    &["{result} = madvise({area}, MADV_PAGEOUT)"],
    &["{result} = madvise({area}, MADV_FREE)"],
    &["mprotect({area}, PROT_READ)"],
    &["mprotect({area}, PROT_READ)", "mprotect({area}, PROT_READ|PROT_WRITE)"],
];

/// The calls with which any column accesses the memory of A.
const REMOTE: &[&[&str]] = &[
    &["clear_refs({A})"],
    &["clear_refs({A})", "{result} = soft_dirty({A}.{area})"],
    &["UFFDIO_WRITEPROTECT({A}.{area}, WP)"],
    &["UFFDIO_WRITEPROTECT({A}.{area}, 0)"],
    &["{result} = get_user_pages_remote({A}.{area}, FOLL_WRITE)", "dma_write({handle}[0], 7)"],
    &["{result} = pin_user_pages_remote({A}.{area})"],
    &["reclaim({A}.{area})"],
    &["speculative_ref({A}.{area})"],
    &["lru_add_drain_all()"],
];

/// A part of what a column does.
#[derive(Clone, Debug)]
enum Part {
    /// Calls one after another, on an area.
    Calls(&'static [&'static str], usize),
    Fork,
}

fn calls(remote_only: bool) -> impl Strategy<Value = Part> {
    let all = if remote_only { REMOTE.to_vec() } else { [OWN, OWN, REMOTE].concat() };
    (prop::sample::select(all), 0..2_usize).prop_map(|(calls, area)| Part::Calls(calls, area))
}

/// Where the columns run: the first in A, where a fork is made if there is one.
fn columns() -> impl Strategy<Value = Vec<Option<Mm>>> {
    let second = prop::sample::select(vec![Some(Mm::A), Some(Mm::A), Some(Mm::B), Some(Mm::C), None]);
    let third = prop::sample::select(vec![Some(Mm::A), Some(Mm::B), Some(Mm::C), None]);
    (second, prop::option::weighted(0.4, third))
        .prop_map(|(second, third)| [Some(Some(Mm::A)), Some(second), third].into_iter().flatten().collect())
}

/// The initial states.
#[derive(Clone, Debug)]
struct Start {
    states: Vec<&'static str>,
    adjacent: bool,
    child: bool,
    environment: Vec<&'static str>,
}

prop_compose! {
    fn starts()(
        states in prop::collection::vec(prop::sample::select(STATES), 1..3),
        adjacent in prop::bool::weighted(0.2),
        child in prop::bool::weighted(0.2),
        environment in prop::sample::subsequence(ENVIRONMENT.to_vec(), 0..2),
    ) -> Start {
        // The environment acts on anonymous memory.
        let is_idle = states.iter().all(|state| *state == "file");
        let environment = if is_idle { Vec::new() } else { environment };
        Start { states, adjacent, child, environment }
    }
}

prop_compose! {
    /// Small valid scenarios: up to three columns of one or two parts, and one or two areas.
    pub fn drafts()(columns in columns())(
        start in starts(),
        parts in columns.iter().map(|mm| prop::collection::vec(calls(mm.is_none()), 1..3)).collect::<Vec<_>>(),
        columns in Just(columns),
        fork in prop::option::weighted(0.2, 0..3_usize),
        barrier in prop::option::weighted(0.2, 1..3_usize),
    ) -> Draft {
        draft(start, &columns, parts, fork, barrier)
    }
}

fn draft(
    start: Start,
    columns: &[Option<Mm>],
    mut parts: Vec<Vec<Part>>,
    fork: Option<usize>,
    barrier: Option<usize>,
) -> Draft {
    let Start { states, adjacent, child, environment } = start;
    let forks = columns.contains(&Some(Mm::C));
    if let Some(at) = fork.or(forks.then_some(0)) {
        let at = at.min(parts[0].len());
        parts[0].insert(at, Part::Fork);
    }
    let mut variables = 0;
    let programs: Vec<Vec<Call>> = parts
        .iter()
        .map(|parts| {
            let mut calls = Vec::new();
            for part in parts {
                let (texts, area) = match part {
                    Part::Calls(texts, area) => (*texts, area % states.len()),
                    Part::Fork => (&["{C} = fork()"][..], 0),
                };
                // A handle is in the variable of the first call.
                let handle = variables;
                for &text in texts {
                    calls.push(Call { text, area, result: variables, handle });
                    variables += 1;
                }
            }
            calls
        })
        .collect();
    let longest = programs.iter().map(Vec::len).max().unwrap_or_default();
    let row = |at: usize| {
        let calls = programs.iter().enumerate().filter_map(|(id, calls)| Some((id, *calls.get(at)?)));
        Row::Calls(calls.collect::<BTreeMap<_, _>>())
    };
    let mut rows: Vec<Row> = (0..longest).map(row).collect();
    if let Some(at) = barrier.filter(|&at| at < longest) {
        rows.insert(at, Row::Barrier);
    }
    Draft {
        names: Names::plain(states.len(), columns.len(), variables),
        areas: states.iter().enumerate().map(|(id, &state)| Area { id, state }).collect(),
        adjacent,
        has_child: child || columns.contains(&Some(Mm::B)),
        environment,
        columns: columns.iter().enumerate().map(|(id, &mm)| Column { id, mm }).collect(),
        rows,
    }
}
