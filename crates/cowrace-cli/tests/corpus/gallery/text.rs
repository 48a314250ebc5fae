//! The pages as Markdown.

use std::fmt::Write as _;

use cowrace_compare::ranges::ranges;
use cowrace_compare::timeline::titles;
use cowrace_mm::era::PRESETS;
use cowrace_render::{commits_markdown, why_markdown};
use cowrace_report::Found;
use cowrace_scenario::{Scenario, Subject};
use libtest_mimic::Failed;

use super::race::{Results, Shown, results, shown};
use super::{of, page as name};

/// The first line of each page.
const MADE: &str = "<!-- Written by `cargo xtask gallery`. -->\n\n";

/// The list of all pages and races.
pub(super) fn index(scenarios: &[Scenario]) -> String {
    let mut text = format!(
        "{MADE}# Gallery\n\nThe {} races of the corpus by subject. Of each there is what it is about, where it was published, under \
         which kernels it happens, which commits opened and closed it on the mainline, and one execution, under the last \
         kernel that has it. Everything but the words of the files was found by the checker.\n",
        scenarios.len()
    );
    // Writing to a string cannot fail.
    for subject in Subject::ALL {
        let _ = writeln!(text, "\n## [{}]({})\n", subject.heading(), name(subject));
        for race in of(scenarios, subject) {
            let title = escaped(race.title().unwrap_or_default());
            let _ = writeln!(text, "- [`{0}`]({1}#{0}): {title}", race.name(), name(subject));
        }
    }
    text
}

/// The page of a subject.
pub(super) fn page(subject: Subject, races: &[&Scenario]) -> Result<String, Failed> {
    let mut text = format!("{MADE}# {}\n\nOf the [gallery](index.md).\n", escaped(subject.heading()));
    for race in races {
        let results = results(race);
        let shown = shown(race, &results)?;
        text.push_str(&opening(race));
        text.push_str(&table(&results));
        let courses: Vec<_> = results.into_iter().flat_map(|results| results.courses).collect();
        text.push_str(&why_markdown(&courses, &[]));
        let commits = commits_markdown(&courses, &titles());
        if !commits.is_empty() {
            text.push_str(&format!("\nThese commits are:\n\n{commits}"));
        }
        text.push_str(&shown.map_or_else(
            || "\nNo kernel here has it, so there is no execution to show.\n".to_owned(),
            picture,
        ));
    }
    Ok(text)
}

/// What the file of a race says.
pub(super) fn opening(race: &Scenario) -> String {
    let title = escaped(race.title().unwrap_or_default());
    let end = if title.ends_with('?') { "" } else { "." };
    let mut text = format!("\n## {}\n\n**{title}{end}**", race.name());
    race.notes().iter().for_each(|note| text.push_str(&format!(" {}", escaped(note))));
    let links = race.links().iter().map(|link| linked(link));
    let from = race.from().iter().map(|from| escaped(from));
    let sources: Vec<String> = from.chain(links).collect();
    text.push_str("\n\n");
    sources.iter().for_each(|source| text.push_str(&format!("- {source}\n")));
    text + &format!("- the file: `scenarios/{}.race`\n", race.name())
}

/// A link of a file.
fn linked(link: &str) -> String {
    if let Some(mail) = link.strip_prefix("lkml:") {
        return format!("the mail [{mail}](https://lore.kernel.org/all/{mail}/)");
    }
    if let Some(id) = link.strip_prefix("commit:") {
        let title = titles().into_iter().find(|(known, _)| *known == id);
        let title = title.map(|(_, title)| format!(", {}", escaped(title))).unwrap_or_default();
        return format!("commit [{id}](https://git.kernel.org/linus/{id}){title}");
    }
    match link.starts_with("CVE-") {
        true => format!("[{link}](https://www.cve.org/CVERecord?id={link})"),
        false => format!("<{link}>"),
    }
}

/// The results under every kernel.
fn table(results: &[Results<'_>]) -> String {
    let has_variants = results.iter().any(|results| results.variant.name().is_some());
    let mut text = String::from(if has_variants {
        "\n| variant | kernels | result |\n|---|---|---|\n"
    } else {
        "\n| kernels | result |\n|---|---|\n"
    });
    for Results { variant, found, .. } in results {
        let mut words: Vec<&'static str> = Vec::new();
        for (_, found) in found {
            let word = word(*found);
            if !words.contains(&word) {
                words.push(word);
            }
        }
        for due in words {
            let kernels: Vec<&str> = found
                .iter()
                .filter(|(_, found)| word(*found) == due)
                .map(|(kernel, _)| kernel.as_str())
                .collect();
            let kernels = if kernels.len() == PRESETS.len() { "all".to_owned() } else { ranges(kernels) };
            let variant = variant.name().map(|name| format!(" `{name}` |")).unwrap_or_default();
            text.push_str(&format!("|{variant} {kernels} | {due} |\n"));
        }
    }
    text
}

/// The class of a violation, or the verdict.
fn word(found: Found) -> &'static str {
    found.class.map_or(found.verdict.name(), |class| class.name())
}

fn picture(shown: Shown) -> String {
    let Shown { kernel, is_preset, drawn } = shown;
    let intro = match is_preset {
        true => format!("An execution under {kernel}:"),
        false => format!(
            "No kernel here has it. It happens under one that was changed for the purpose, `{kernel}`:"
        ),
    };
    format!("\n{intro}\n\n```text\n{drawn}```\n")
}

/// Text that Markdown shows as it is, except that words between backticks are code.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut is_code = false;
    let mut chars = text.chars().peekable();
    let mut within = false;
    while let Some(c) = chars.next() {
        is_code ^= c == '`';
        let is_inner = within && chars.peek().is_some_and(|next| next.is_alphanumeric());
        if !is_code && ("\\*<[]".contains(c) || c == '_' && !is_inner) {
            out.push('\\');
        }
        out.push(c);
        within = c.is_alphanumeric() || c == '_';
    }
    out
}
