//! Why results change from era to era, in sentences.

use cowrace_report::{Alone, Course, Found, Switch, Toggle, Verdict};

use crate::report::with_variant;

/// The largest width of a line.
const WIDTH: usize = 100;

/// A sentence for each course, below the name of its scenario, and at the end the titles of the commits that were
/// named. `titles` has ids and titles, in the order in which they are printed.
#[must_use]
pub fn why(courses: &[Course], titles: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut last = None;
    for course in courses {
        let name = name(course);
        if last.as_ref() != Some(&name) {
            text.push_str(&format!("{name}\n"));
            last = Some(name);
        }
        text.push_str(&filled(&sentence(course), "  ", "    "));
    }
    text + &legend(courses, titles)
}

/// As [`why`], but as lists in Markdown.
#[must_use]
pub fn why_markdown(courses: &[Course], titles: &[(&str, &str)]) -> String {
    let told = courses.iter().map(|course| format!("- `{}`: {}\n", name(course), sentence(course)));
    [told.collect::<String>(), commits_markdown(courses, titles)]
        .iter()
        .filter(|list| !list.is_empty())
        .map(|list| format!("\n{list}"))
        .collect()
}

/// The commits that [`why_markdown`] names, as a list with their titles.
#[must_use]
pub fn commits_markdown(courses: &[Course], titles: &[(&str, &str)]) -> String {
    named(courses, titles).into_iter().map(|(id, title)| format!("- `{id}` {title}\n")).collect()
}

fn name(course: &Course) -> String {
    with_variant(&course.scenario, course.variant.as_deref())
}

/// The course of a scenario, in one sentence.
fn sentence(course: &Course) -> String {
    let mut clauses = Vec::new();
    if course.first.verdict != Verdict::Holds
        && let Some(era) = course.eras.first()
    {
        clauses.push(stands(course.first, era));
    }
    let mut before = course.first;
    for change in &course.changes {
        clauses.push(turn(before, change));
        clauses.extend(short_of(&change.insufficient));
        before = change.found;
    }
    if before.is_violated()
        && let Some(end) = course.eras.last()
    {
        let goes_on = course.changes.last().is_none_or(|change| change.to != *end);
        clauses.extend(goes_on.then(|| format!("still violated in {end}")));
        clauses.extend(short_of(&course.insufficient));
    }
    let which = match course.eras.as_slice() {
        [from, to] => format!("{from} to {to}: "),
        _ => String::new(),
    };
    which + &clauses.join("; ")
}

/// The result under an era that is not compared with another.
fn stands(found: Found, era: &str) -> String {
    match found.is_known() {
        true => format!("{} in {era}", state(found)),
        false if !found.applies() => format!("not applicable in {era}"),
        false => format!("not known in {era} ({})", found.verdict),
    }
}

fn turn(before: Found, change: &Switch) -> String {
    let Switch { to, found, sets, .. } = change;
    if !before.is_known() || !found.is_known() {
        return stands(*found, to);
    }
    let closes = before.is_violated() && found.verdict == Verdict::Holds;
    match sets {
        Some(sets) if closes => format!("closed by {} ({to})", alternatives(sets)),
        Some(sets) => format!("{} since {} ({to})", state(*found), alternatives(sets)),
        None => {
            let what =
                if closes { format!("closed in {to}") } else { format!("{} since {to}", state(*found)) };
            format!("{what}, but it is not known by which commits")
        }
    }
}

/// A verdict, with the class of damage.
fn state(found: Found) -> String {
    match found.class {
        Some(class) => format!("{} ({class})", found.verdict),
        None => found.verdict.to_string(),
    }
}

/// Alternative sets of toggles.
pub(crate) fn alternatives(sets: &[Vec<Toggle>]) -> String {
    let all = |set: &Vec<Toggle>| listed(set.iter().map(thing).collect());
    let comma = if sets.iter().any(|set| set.len() > 1) { ", or " } else { " or " };
    sets.iter().map(all).collect::<Vec<_>>().join(comma)
}

fn short_of(alone: &[Alone]) -> Option<String> {
    let things = || alone.iter().map(|alone| thing(&alone.toggle)).collect();
    match alone {
        [] => None,
        [_] => Some(format!("{}, alone, does not close it", listed(things()))),
        _ => Some(format!("{}, each alone, do not close it", listed(things()))),
    }
}

/// A toggle as a part of a sentence.
pub(crate) fn thing(toggle: &Toggle) -> String {
    match toggle {
        Toggle::With(commit) => commit.clone(),
        Toggle::Without(commit) => format!("the removal of {commit}"),
        Toggle::Set(rule, value) => format!("{rule}={value}"),
    }
}

/// The list `a, b and c`.
pub(crate) fn listed(mut things: Vec<String>) -> String {
    match things.pop() {
        Some(last) if !things.is_empty() => format!("{} and {last}", things.join(", ")),
        last => last.unwrap_or_default(),
    }
}

/// The titles of the commits that are named.
fn legend(courses: &[Course], titles: &[(&str, &str)]) -> String {
    let named = named(courses, titles);
    let wide = named.iter().map(|(id, _)| id.len()).max().unwrap_or_default();
    let lines: String = named.into_iter().map(|(id, title)| format!("{id:wide$}  {title}\n")).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

fn named<'t>(courses: &[Course], titles: &[(&'t str, &'t str)]) -> Vec<(&'t str, &'t str)> {
    let changes = || courses.iter().flat_map(|course| &course.changes);
    let alone = courses.iter().flat_map(|c| &c.insufficient).chain(changes().flat_map(|c| &c.insufficient));
    let toggles: Vec<&Toggle> =
        changes().flat_map(|c| c.sets.iter().flatten().flatten()).chain(alone.map(|a| &a.toggle)).collect();
    let is_of = |toggle: &&Toggle, id: &str| match toggle {
        Toggle::With(commit) | Toggle::Without(commit) => commit == id,
        Toggle::Set(..) => false,
    };
    let is_named = |id: &str| toggles.iter().any(|toggle| is_of(toggle, id));
    titles.iter().copied().filter(|(id, _)| is_named(id)).collect()
}

/// Words in lines that are not too wide, unless a single word is.
pub(crate) fn filled(text: &str, first: &str, rest: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.len() + 1 + word.len() > WIDTH {
            out.push_str(&format!("{line}\n"));
            line.clear();
        }
        let lead = match (line.is_empty(), out.is_empty()) {
            (false, _) => " ",
            (true, true) => first,
            (true, false) => rest,
        };
        line.push_str(lead);
        line.push_str(word);
    }
    format!("{out}{line}\n")
}

#[cfg(test)]
mod tests {
    use cowrace_report::Class;

    use super::*;

    const HOLDS: Found = Found { verdict: Verdict::Holds, class: None };
    const BOUNDED: Found = Found { verdict: Verdict::Bounded, class: None };
    const LOST: Found = Found { verdict: Verdict::Violated, class: Some(Class::LostRead) };
    const TITLES: &[(&str, &str)] = &[("09854ba94c6a", "simplification"), ("9348b73c2e1b", "games")];

    fn change(from: &str, to: &str, found: Found, sets: Option<&[&[&str]]>) -> Switch {
        let owned = |set: &&[&str]| set.iter().map(|toggle| toggle.parse().expect("a toggle")).collect();
        let sets = sets.map(|sets| sets.iter().map(owned).collect());
        Switch { from: from.into(), to: to.into(), found, sets, insufficient: Vec::new() }
    }

    fn course(eras: &[&str], first: Found, changes: Vec<Switch>) -> Course {
        let eras = eras.iter().map(|&era| era.to_owned()).collect();
        let (scenario, arch) = ("a".into(), "generic".into());
        Course { scenario, variant: None, arch, eras, first, changes, insufficient: Vec::new() }
    }

    fn alone(toggle: &str) -> Alone {
        Alone { era: "v5.10".into(), toggle: toggle.parse().expect("a toggle") }
    }

    #[test]
    fn a_course_is_a_sentence_and_commits_are_explained_once() {
        let mut closed = change("v5.18", "v5.19", HOLDS, Some(&[&["--with 6c287605fd56"]]));
        closed.insufficient = vec![alone("--with 9348b73c2e1b")];
        let since = change("v5.8", "v5.9-rc5", LOST, Some(&[&["--with 09854ba94c6a"]]));
        let main = course(&["v5.8", "v5.9-rc5", "v5.18", "v5.19"], HOLDS, vec![since, closed]);
        let back = change("v5.12", "aa-revert", HOLDS, Some(&[&["--without 09854ba94c6a"]]));
        let branch = course(&["v5.12", "aa-revert"], LOST, vec![back]);
        assert_eq!(
            why(&[main.clone(), branch], TITLES),
            "\
a
  violated (lost-read) since 09854ba94c6a (v5.9-rc5); closed by 6c287605fd56 (v5.19); 9348b73c2e1b,
    alone, does not close it
  v5.12 to aa-revert: violated (lost-read) in v5.12; closed by the removal of 09854ba94c6a
    (aa-revert)

09854ba94c6a  simplification
9348b73c2e1b  games
"
        );
        assert_eq!(
            why_markdown(&[main], TITLES),
            "
- `a`: violated (lost-read) since 09854ba94c6a (v5.9-rc5); closed by 6c287605fd56 (v5.19); 9348b73c2e1b, alone, \
does not close it

- `09854ba94c6a` simplification
- `9348b73c2e1b` games
"
        );
        assert_eq!(why(&[], TITLES) + &why_markdown(&[], TITLES), "");
    }

    #[test]
    fn several_sets_are_alternatives() {
        let told = |sets: &[&[&str]]| {
            let set = |set: &&[&str]| set.iter().map(|t| t.parse().expect("a toggle")).collect();
            let sets: Vec<Vec<Toggle>> = sets.iter().map(set).collect();
            alternatives(&sets)
        };
        assert_eq!(told(&[&["--with a"], &["--set k=v"]]), "a or k=v");
        assert_eq!(
            told(&[&["--with a", "--with b"], &["--without c", "--with d"]]),
            "a and b, or the removal of c and d"
        );
        assert_eq!(told(&[&["--with a", "--with b", "--with c"]]), "a, b and c");
    }

    #[test]
    fn what_is_never_closed_is_violated_still() {
        let since = change("v5.8", "v5.9", LOST, Some(&[&["--with x"], &["--with y"]]));
        let mut open = course(&["v5.8", "v5.9", "v5.10"], HOLDS, vec![since]);
        assert_eq!(sentence(&open), "violated (lost-read) since x or y (v5.9); still violated in v5.10");
        open.insufficient = vec![alone("--with u"), alone("--with v"), alone("--set k=w")];
        assert!(sentence(&open).ends_with("in v5.10; u, v and k=w, each alone, do not close it"));
        let vacuous = Found { verdict: Verdict::Vacuous, class: None };
        let other = change("v5.9", "v5.10", vacuous, Some(&[&["--with z"]]));
        let ended = course(&["v5.8", "v5.9", "v5.10"], HOLDS, vec![open.changes[0].clone(), other]);
        assert!(sentence(&ended).ends_with("; vacuous since z (v5.10)"), "{}", sentence(&ended));
    }

    #[test]
    fn what_is_not_known_is_not_claimed() {
        let ended = change("v5.8", "v5.9", BOUNDED, None);
        let lost = change("v5.9", "v5.10", LOST, None);
        let closed = change("v5.10", "v5.11", HOLDS, None);
        let all = course(&["v5.8", "v5.9", "v5.10", "v5.11"], HOLDS, vec![ended, lost, closed]);
        assert_eq!(
            sentence(&all),
            "not known in v5.9 (bounded); violated (lost-read) in v5.10; closed in v5.11, but it is not \
             known by which commits"
        );
        let lost = change("v5.8", "v5.9", LOST, None);
        let open = course(&["v5.8", "v5.9", "v5.10"], BOUNDED, vec![lost]);
        assert_eq!(
            sentence(&open),
            "not known in v5.8 (bounded); violated (lost-read) in v5.9; still violated in v5.10"
        );
    }
}
