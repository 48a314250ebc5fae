//! What a hunt finds, as text.

use cowrace_report::hunt::{Family, Hunted, Level};

use crate::report::{counted, grouped};

/// What a hunt is about to try: how many calls, in how many states at the start, and how many columns.
#[must_use]
pub fn hunting(era: &str, (calls, states): (usize, u64), columns: usize) -> String {
    let columns = match columns {
        1 => "one column".to_owned(),
        n => format!("up to {n} columns side by side"),
    };
    format!("{era}: {calls} calls in {states} states at the start, {columns}\n")
}

/// A level that has been decided.
#[must_use]
pub fn level(level: &Level) -> String {
    let Level { calls, scenarios, violated, blocked, bounded, tries, seconds, .. } = level;
    let calls = if *calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") };
    let mut parts = vec![format!("{} violated", grouped(*violated))];
    if *blocked > 0 {
        parts.push(format!("{} wait for ever, as they may", grouped(*blocked)));
    }
    if *bounded > 0 {
        parts.push(format!("{} undecided", grouped(*bounded)));
    }
    let (parts, scenarios, runs) =
        (parts.join(", "), counted(*scenarios, "scenario"), counted(*tries, "run"));
    format!("{calls}: {scenarios}, {parts} ({runs}, {seconds:.1} s)\n")
}

/// A family that was found.
#[must_use]
pub fn family(family: &Family) -> String {
    let Family { class, kinds, scenarios, scenario, detail, file, .. } = family;
    let how_many = match scenarios {
        1 => "one scenario".to_owned(),
        n => format!("{} scenarios, the first", grouped(*n)),
    };
    let mut text = format!("\n{class} by {}: {how_many}\n\n", kinds.join(", "));
    text.extend(scenario.lines().skip(2).map(|line| format!("  {line}").trim_end().to_owned() + "\n"));
    if let Some(detail) = detail {
        text.push_str(&format!("\n  {detail}\n"));
    }
    if let Some(file) = file {
        text.push_str(&format!("  written to {file}\n"));
    }
    text
}

/// The end of a hunt.
#[must_use]
pub fn hunted(hunted: &Hunted) -> String {
    let Hunted { era, decided, complete, families, unconfirmed } = hunted;
    let found = match families {
        0 => "nothing was found".to_owned(),
        1 => "one family was found".to_owned(),
        n => format!("{n} families were found"),
    };
    let decided = match decided {
        0 => "no level was decided".to_owned(),
        1 => "every scenario of 1 call was decided".to_owned(),
        n => format!("every scenario of up to {n} calls was decided"),
    };
    let stopped = if *complete { "" } else { ", and then the hunt was stopped" };
    let mut text = format!("\n{era}: {found}; {decided}{stopped}\n");
    if *unconfirmed > 0 {
        let scenarios = counted(*unconfirmed, "violated scenario");
        text.push_str(&format!(
            "{scenarios} not confirmed by `cowrace check`: this is a defect of cowrace\n"
        ));
    }
    text
}
