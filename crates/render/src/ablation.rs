//! The ablation of a kernel, as text: which of its parts scenarios need, and which parts no scenario needs.

use cowrace_report::ablation::{Ablation, Changed, Need, Part, Reason};
use cowrace_report::cell::Change;
use cowrace_report::{Found, Report, Verdict};

use crate::hunt::witnessed;
use crate::report::{counted, counts};

/// The largest width of a line.
const WIDTH: usize = 110;

/// The parts under one heading.
type Section = (&'static str, fn(&Ablation) -> bool);

/// The headings; every part belongs to one of them.
const SECTIONS: &[Section] = &[
    ("commits that scenarios need", |a| a.need == Need::Needed && a.kind == Part::Commit),
    ("safeguards that scenarios need", |a| a.need == Need::Needed && a.kind != Part::Commit),
    ("unjustified: scenarios read it, but none fails without it", |a| a.reason == Some(Reason::Unfelt)),
    ("unjustified: no scenario reads it", |a| a.reason == Some(Reason::Unread)),
    ("unjustified: sequentially consistent memory cannot show it", |a| a.reason == Some(Reason::Sequential)),
    ("unjustified: another setting overrules it", |a| a.reason == Some(Reason::Overruled)),
    ("not answered: a limit ended searches", |a| a.need == Need::Bounded),
];

/// The parts of a kernel by whether scenarios need them. Each part has the toggle that takes it out, and the
/// scenarios whose result then changes. `reports` are those of all searches.
#[must_use]
pub fn ablations(era: &str, ablations: &[Ablation], reports: &[Report]) -> String {
    let mut text = String::new();
    for (title, belongs) in SECTIONS {
        let parts: Vec<&Ablation> = ablations.iter().filter(|a| belongs(a)).collect();
        if parts.is_empty() {
            continue;
        }
        text.push_str(&format!("{title}:\n"));
        let width = parts.iter().map(|part| part.toggle.to_string().len()).max().unwrap_or(0);
        text.extend(parts.iter().map(|part| told(part, width)));
        text.push('\n');
    }
    text + &totals(era, ablations, reports)
}

/// Whether scenarios need a part, in a word.
pub(crate) const fn verdict(part: &Ablation) -> &'static str {
    match part.need {
        Need::Needed => "needed",
        Need::Unjustified => "unjustified",
        Need::Bounded => "not answered",
    }
}

fn told(part: &Ablation, width: usize) -> String {
    let toggle = part.toggle.to_string();
    let mut text = match (&part.primitive, &part.function, &part.file) {
        (Some(primitive), Some(function), Some(file)) => {
            format!("  {toggle:width$}  {}: {primitive} in {function} ({file})\n", kind(part.kind))
        }
        _ => format!("  {toggle:width$}  {}\n", part.about),
    };
    if part.reason == Some(Reason::Unread) {
        // With few scenarios, many parts are never reached.
        return text + &witness(part);
    }
    if part.kind != Part::Commit {
        text.push_str(&format!("    {}\n", part.about));
    }
    if let Some(other) = &part.same_as {
        text.push_str(&format!("    the same as {other}\n"));
    }
    if part.reason == Some(Reason::Unfelt) {
        text.push_str(&format!("    read by {} of {} searches\n", part.read, part.searches));
    }
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for changed in &part.changes {
        let (word, item) = item(changed);
        match groups.iter_mut().find(|(other, _)| *other == word) {
            Some((_, items)) => items.push(item),
            None => groups.push((word, vec![item])),
        }
    }
    text.extend(groups.iter().map(|(word, items)| wrapped(&format!("    {word}: "), items)));
    text + &witness(part)
}

/// The generated scenario that needs a part, if it was searched for.
fn witness(part: &Ablation) -> String {
    let Some(found) = &part.witness else { return String::new() };
    witnessed(found)
        .trim_end()
        .lines()
        .map(|line| format!("      {line}").trim_end().to_owned() + "\n")
        .collect()
}

pub(crate) const fn kind(kind: Part) -> &'static str {
    match kind {
        Part::Commit => "commit",
        Part::Flush => "flush",
        Part::Recheck => "recheck",
        Part::Barrier => "barrier",
    }
}

/// The line of a scenario, and its text there.
fn item(changed: &Changed) -> (&'static str, String) {
    let name = match &changed.variant {
        Some(variant) => format!("{}:{variant}", changed.scenario),
        None => changed.scenario.clone(),
    };
    match (changed.change, changed.after.map(word)) {
        (Change::Broken, Some(after)) => (after, name),
        (Change::Mended, _) => ("mended", format!("{name} ({})", word(changed.before))),
        (Change::Other, Some(after)) => {
            ("otherwise", format!("{name} ({after}, was {})", word(changed.before)))
        }
        (_, after) => ("no answer", format!("{name} ({})", after.unwrap_or("not searched"))),
    }
}

fn word(found: Found) -> &'static str {
    match (found.verdict, found.class) {
        (Verdict::Violated, Some(class)) => class.name(),
        (verdict, _) => verdict.name(),
    }
}

/// Items after a head, in as many lines as they need; further lines are aligned with the first item.
fn wrapped(head: &str, items: &[String]) -> String {
    let (mut text, mut line) = (String::new(), head.to_owned());
    for (place, item) in items.iter().enumerate() {
        let comma = if place + 1 < items.len() { "," } else { "" };
        if place > 0 && line.len() + 1 + item.len() + comma.len() > WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(head.len());
        }
        line.push_str(item);
        line.push_str(comma);
        line.push(' ');
    }
    format!("{text}{}\n", line.trim_end())
}

fn totals(era: &str, ablations: &[Ablation], reports: &[Report]) -> String {
    let whole: Vec<Report> = reports.iter().filter(|report| report.era == era).cloned().collect();
    let all = |need| ablations.iter().filter(|a| a.need == need).count();
    let mut needs =
        vec![format!("{} needed", all(Need::Needed)), format!("{} unjustified", all(Need::Unjustified))];
    if all(Need::Bounded) > 0 {
        needs.push(format!("{} NOT ANSWERED", all(Need::Bounded)));
    }
    let parts = counted(ablations.len() as u64, "part");
    format!(
        "{era}: {}\nwithout each of {parts}: {}\nall together: {}\n",
        counts(&whole),
        needs.join(", "),
        counts(reports)
    )
}

#[cfg(test)]
mod tests {
    use cowrace_report::Class;

    use super::*;
    use crate::report::tests::report;

    fn flush(need: Need, reason: Option<Reason>, changes: Vec<Changed>) -> Ablation {
        Ablation {
            era: "v6.1".into(),
            kind: Part::Flush,
            toggle: "--set zap_flush=none".parse().expect("a toggle"),
            about: "It flushes.".into(),
            primitive: Some("tlb_flush_mmu".into()),
            function: Some("zap_pte_range".into()),
            file: Some("mm/memory.c".into()),
            same_as: None,
            searches: 9,
            read: 4,
            need,
            reason,
            changes,
            witness: None,
        }
    }

    fn outcome(class: Option<Class>) -> Found {
        Found { verdict: if class.is_some() { Verdict::Violated } else { Verdict::Holds }, class }
    }

    fn changed(scenario: &str, change: Change, before: Option<Class>, after: Option<Class>) -> Changed {
        let (before, after) = (outcome(before), Some(outcome(after)));
        Changed { scenario: scenario.into(), variant: None, change, before, after }
    }

    #[test]
    fn changes_are_told_by_what_they_are() {
        let leak = Some(Class::Leak);
        let unsearched = Changed {
            variant: Some("warm".into()),
            after: None,
            ..changed("e", Change::NotKnown, None, None)
        };
        let changes = vec![
            changed("a", Change::Broken, None, leak),
            changed("b", Change::Mended, leak, None),
            changed("c", Change::Other, leak, Some(Class::LostRead)),
            changed("d", Change::Broken, None, leak),
            unsearched,
        ];
        let part = flush(Need::Needed, None, changes);
        assert_eq!(
            ablations("v6.1", &[part], &[report("a", "v6.1", None, None)]),
            "\
safeguards that scenarios need:
  --set zap_flush=none  flush: tlb_flush_mmu in zap_pte_range (mm/memory.c)
    It flushes.
    leak: a, d
    mended: b (leak)
    otherwise: c (lost-read, was leak)
    no answer: e:warm (not searched)

v6.1: 1 run: 1 holds; 1,234 executions
without each of 1 part: 1 needed, 0 unjustified
all together: 1 run: 1 holds; 1,234 executions
"
        );
    }

    #[test]
    fn every_part_stands_under_one_heading() {
        let reasons = [Reason::Unread, Reason::Unfelt, Reason::Sequential, Reason::Overruled];
        let unjustified = reasons.map(|reason| flush(Need::Unjustified, Some(reason), Vec::new()));
        let rest = [flush(Need::Bounded, None, Vec::new()), flush(Need::Needed, None, Vec::new())];
        let commit = Ablation { kind: Part::Commit, ..flush(Need::Needed, None, Vec::new()) };
        for part in unjustified.iter().chain(&rest).chain([&commit]) {
            let headings = SECTIONS.iter().filter(|(_, belongs)| belongs(part)).count();
            assert_eq!(headings, 1, "{part:?}");
        }
        let text = ablations("v6.1", &unjustified, &[]);
        assert_eq!(text.matches("read by 4 of 9 searches").count(), 1, "{text}");
    }

    #[test]
    fn long_lists_go_on_below_their_first_item() {
        let items: Vec<String> = (10..30).map(|i| format!("scenario-{i}")).collect();
        let text = wrapped("    leak: ", &items);
        assert!(text.lines().all(|line| line.len() <= WIDTH && !line.ends_with(' ')), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("          scenario-")), "{text}");
        assert_eq!(text.matches(',').count(), items.len() - 1);
    }
}
