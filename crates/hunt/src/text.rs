//! Generated scenarios in the language.

use std::fmt::Write;

use cowrace_mm::syscall::{Access, Argument, Gives};
use cowrace_mm::world::{ActorId, Advice, Area, FileKind, GupFlags, MmId, Origin, VarId};

use crate::alphabet::Template;
use crate::part::{Column, Move, Part};
use crate::stage::Stage;

/// A generated scenario: where it begins, and its parts.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The area at the start, in the words of the language.
    pub words: String,
    /// The area at the start.
    pub area: Area,
    /// The parts.
    pub parts: Vec<Part>,
}

impl Scenario {
    /// How many calls it has.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.parts.iter().map(Part::calls).sum()
    }

    /// Its calls, part by part and column by column.
    pub fn moves(&self) -> impl Iterator<Item = &Move> {
        self.parts.iter().flat_map(|part| &part.columns).flat_map(|column| &column.moves)
    }

    /// The scenario in the language.
    #[must_use]
    pub fn text(&self, stage: &Stage, name: &str) -> String {
        let mut text = String::new();
        let words = self.area.words;
        let contents = if self.words.starts_with("none") || self.words.starts_with("zero") {
            String::new()
        } else {
            format!(" = {}, {}", words[0], words[1])
        };
        let mms = &stage.world.mms;
        _ = writeln!(text, "race {name}\n\nmm {} {{ buf: {}{contents} }}", mms[0].name, self.words);
        for mm in mms {
            if let Origin::ForkedAtBoot(parent) = mm.origin {
                _ = writeln!(text, "mm {} = fork({})", mm.name, mms[parent].name);
            }
        }
        text.push('\n');
        text.push_str(&self.columns(stage));
        text
    }

    fn actors(&self, stage: &Stage) -> Vec<ActorId> {
        let mut actors: Vec<ActorId> =
            self.area.lru_batch.into_iter().chain(self.area.warm.iter().copied()).collect();
        actors.extend(self.parts.iter().flat_map(|part| part.columns.iter().map(|column| column.actor)));
        actors.sort_unstable();
        actors.dedup();
        actors.retain(|&actor| actor < stage.world.actors.len());
        actors
    }

    fn columns(&self, stage: &Stage) -> String {
        let actors = self.actors(stage);
        let names: Vec<&str> = actors.iter().map(|&actor| stage.world.actors[actor].name.as_str()).collect();
        let head = |&actor: &ActorId| {
            let spec = &stage.world.actors[actor];
            spec.mm.map_or_else(
                || spec.name.clone(),
                |mm| format!("{} @{}", spec.name, stage.world.mms[mm].name),
            )
        };
        let mut lines: Vec<Line> = vec![Line::Cells(actors.iter().map(head).collect())];
        let mut cells = Cells { stage, values: 0, results: 0, handles: 0, names: Vec::new() };
        for (nth, part) in self.parts.iter().enumerate() {
            if nth > 0 {
                let of = |part: &Part| part.columns.iter().map(|column| column.actor).collect::<Vec<_>>();
                let (before, after) = (of(&self.parts[nth - 1]), of(part));
                if before != after || before.len() > 1 {
                    let both = actors.iter().filter(|actor| before.contains(actor) || after.contains(actor));
                    let both: Vec<&str> = both
                        .map(|actor| names[actors.iter().position(|other| other == actor).unwrap_or(0)])
                        .collect();
                    lines.push(Line::Barrier(both.join(" ")));
                }
            }
            let drains = |column: &Column| column.moves.iter().filter(|of| of.template.drains).count();
            let rows =
                part.columns.iter().map(|column| column.moves.len() + drains(column)).max().unwrap_or(0);
            let first = lines.len();
            lines.extend((0..rows).map(|_| Line::Cells(vec![String::new(); actors.len()])));
            for column in &part.columns {
                let at = actors.iter().position(|&actor| actor == column.actor).unwrap_or(0);
                let mut rows = first..;
                let mut put = |cell: String| {
                    if let Some(Line::Cells(line)) = rows.next().and_then(|row| lines.get_mut(row)) {
                        line[at] = cell;
                    }
                };
                for of in &column.moves {
                    if of.template.drains {
                        put("lru_add_drain_all()".to_owned());
                    }
                    put(cells.cell(of));
                }
            }
        }
        draw(&lines, actors.len())
    }
}

enum Line {
    Cells(Vec<String>),
    Barrier(String),
}

/// Lines with cells below each other.
fn draw(lines: &[Line], columns: usize) -> String {
    let width = |at: usize| {
        let cells = lines.iter().filter_map(|line| match line {
            Line::Cells(cells) => Some(cells[at].len()),
            Line::Barrier(_) => None,
        });
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (nth, line) in lines.iter().enumerate() {
        match line {
            Line::Cells(cells) => {
                let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
                _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
            }
            Line::Barrier(names) => _ = writeln!(text, "=== {names} ==="),
        }
        if nth == 0 {
            let lines = widths.iter().map(|&width| "=".repeat(width));
            _ = writeln!(text, "{}", lines.collect::<Vec<_>>().join("  "));
        }
    }
    text
}

/// Makes cells, and gives variables names that are used once.
struct Cells<'s> {
    stage: &'s Stage,
    values: u64,
    results: usize,
    handles: usize,
    /// The names of the handles in variables, and how each was taken.
    names: Vec<(VarId, String, Template)>,
}

impl Cells<'_> {
    fn cell(&mut self, of: &Move) -> String {
        let template = &of.template;
        let call = match template.row.names.first() {
            Some(_) => {
                let arguments =
                    template.row.arguments.iter().filter_map(|&argument| self.argument(argument, template));
                let arguments: Vec<String> = arguments.collect();
                format!("{}({})", self.name(template), arguments.join(", "))
            }
            None => {
                let place = format!("{}[{}]", self.area(template.arguments.va), template.arguments.word);
                if template.row.access == Some(Access::Store) {
                    format!("{place} = {}", self.value())
                } else {
                    place
                }
            }
        };
        let result = match template.row.gives {
            Gives::Nothing => None,
            Gives::Number | Gives::SoftDirty => {
                self.results += 1;
                Some(format!("x{}", self.results))
            }
            Gives::Child => Some(self.stage.world.mms[template.arguments.child].name.clone()),
            Gives::Handle => {
                self.handles += 1;
                let name = format!("h{}", self.handles);
                if let Some(variable) = of.takes {
                    self.names.retain(|(other, ..)| *other != variable);
                    self.names.push((variable, name.clone(), *template));
                }
                Some(name)
            }
        };
        result.map_or_else(|| call.clone(), |result| format!("{result} = {call}"))
    }

    /// The name of a call: a read through what is in a pipe has a name of its own.
    fn name(&self, template: &Template) -> &'static str {
        let names = template.row.names;
        let is_pipe = |of: &Template| of.row.names.contains(&"vmsplice");
        let taken = self.names.iter().find(|(variable, ..)| *variable == template.arguments.handle);
        if names.contains(&"dma_read") && taken.is_some_and(|(_, _, of)| is_pipe(of)) {
            return "pipe_read";
        }
        // The shortest is what people write.
        names.last().copied().unwrap_or_default()
    }

    fn area(&self, va: usize) -> &str {
        &self.stage.world.areas[va].name
    }

    fn value(&mut self) -> u64 {
        self.values += 1;
        10 + self.values
    }

    fn argument(&mut self, argument: Argument, template: &Template) -> Option<String> {
        let of = &template.arguments;
        let handle = |names: &[(VarId, String, Template)]| {
            let known = names.iter().find(|(variable, ..)| *variable == of.handle);
            known.map_or_else(|| format!("h{}", of.handle), |(_, name, _)| name.clone())
        };
        let mm = |mm: MmId| self.stage.world.mms[mm].name.as_str();
        Some(match argument {
            Argument::Direct => "O_DIRECT".to_owned(),
            Argument::File => return (of.file != FileKind::Block).then(|| of.file.word().to_owned()),
            Argument::Destination => self.area(of.to).to_owned(),
            Argument::Area => self.area(of.va).to_owned(),
            Argument::Word => format!("{}[{}]", self.area(of.va), of.word),
            Argument::OwnMemory => self.area(of.target.va).to_owned(),
            Argument::Memory | Argument::Page => format!("{}.{}", mm(of.target.mm), self.area(of.target.va)),
            Argument::Mm => mm(of.mm).to_owned(),
            Argument::Handle | Argument::GivenBack { .. } => handle(&self.names),
            Argument::HandleWord | Argument::WritableWord => format!("{}[{}]", handle(&self.names), of.word),
            Argument::Value => self.value().to_string(),
            Argument::Variable => return None,
            Argument::GupFlags => return flags(of.flags),
            Argument::Direction => return of.write.then(|| "FOLL_WRITE".to_owned()),
            Argument::Advice => advice(of.advice).to_owned(),
            Argument::Protection if of.write => "PROT_READ|PROT_WRITE".to_owned(),
            Argument::Protection => "PROT_READ".to_owned(),
            Argument::UffdMode => if of.protect { "WP" } else { "0" }.to_owned(),
        })
    }
}

fn flags(flags: GupFlags) -> Option<String> {
    let all = [("FOLL_WRITE", flags.write), ("FOLL_FORCE", flags.force), ("FOLL_LONGTERM", flags.longterm)];
    let set: Vec<&str> = all.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect();
    (!set.is_empty()).then(|| set.join("|"))
}

const fn advice(advice: Advice) -> &'static str {
    match advice {
        Advice::DontNeed => "MADV_DONTNEED",
        Advice::DontFork => "MADV_DONTFORK",
        Advice::DoFork => "MADV_DOFORK",
        Advice::PageOut => "MADV_PAGEOUT",
        Advice::Free => "MADV_FREE",
        Advice::Collapse => "MADV_COLLAPSE",
    }
}
