//! What a hunt finds, as text.

use cowrace_report::Costs;
use cowrace_report::hunt::{Costlier, Guided, Hunted, Level, Rediscovered, Tried, Witnessed};

use crate::find::indented;
use crate::report::{counted, grouped};

/// What a hunt is about to try: how many calls, in how many states at the start, and how many columns.
#[must_use]
pub fn hunting(era: &str, (calls, states): (usize, u64), columns: usize) -> String {
    let columns = match columns {
        1 => "one column".to_owned(),
        n => format!("up to {n} columns side by side"),
    };
    let (calls, states) = (counted(calls as u64, "call"), counted(states, "state"));
    format!("{era}: {calls} in {states} at the start, {columns}\n")
}

/// A level that has been decided.
#[must_use]
pub fn level(level: &Level) -> String {
    let Level {
        calls,
        scenarios,
        violated,
        elsewhere,
        costlier,
        blocked,
        bounded,
        tries,
        known,
        shard,
        seconds,
        ..
    } = level;
    let calls = if *calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") };
    let mut parts = match costlier {
        Some(costlier) => vec![format!("{} cost more", grouped(*costlier))],
        None => vec![format!("{} violated", grouped(*violated))],
    };
    if *elsewhere > 0 {
        let by =
            if costlier.is_some() { "violated under one of the kernels" } else { "violated under the base" };
        parts.push(format!("{} {by}", grouped(*elsewhere)));
    }
    if *blocked > 0 {
        parts.push(format!("{} wait for ever, as they may", grouped(*blocked)));
    }
    if *bounded > 0 {
        parts.push(format!("{} undecided", grouped(*bounded)));
    }
    let (parts, scenarios, runs) =
        (parts.join(", "), counted(*scenarios, "scenario"), counted(*tries, "run"));
    let known = if *known > 0 { format!(", {} of them from files", grouped(*known)) } else { String::new() };
    let shard = shard.as_ref().map_or_else(String::new, |shard| format!(", shard {shard}"));
    format!("{calls}{shard}: {scenarios}, {parts} ({runs}{known}, {seconds:.1} s)\n")
}

/// A guided search that has ended, and what may be concluded from it.
#[must_use]
pub fn guided(guided: &Guided) -> String {
    let Guided {
        most_calls,
        seed,
        rounds,
        runs,
        bounded,
        reached,
        rates,
        unseen,
        seeds,
        left_out,
        seconds,
        ..
    } = guided;
    let percent = |rate: &f64| format!("{:.0}%", 100.0 * rate);
    let (runs, rounds) = (counted(*runs, "run"), counted(*rounds, "round"));
    let mut text = format!(
        "\nbeyond, up to {most_calls} calls: {runs} in {rounds} of seed {seed} reached {} ({seconds:.1} s)\n",
        counted(*reached, "state")
    );
    if *bounded > 0 {
        text.push_str(&format!("  a limit left {} undecided\n", counted(*bounded, "run")));
    }
    if seeds + left_out > 0 {
        let files = counted(*seeds, "scenario");
        text.push_str(&format!(
            "  {files} of files changed, {} that a hunt cannot make left out\n",
            grouped(*left_out)
        ));
    }
    let rates: Vec<String> = rates.iter().map(percent).collect();
    text.push_str(&format!("  new states by quarters of the rounds: {} of the runs\n", rates.join(", ")));
    text.push_str(&format!(
        "  nothing is proved by this: about {} of further runs like these would reach a state that was not seen\n",
        percent(unseen)
    ));
    text
}

/// The end of a hunt.
#[must_use]
pub fn hunted(hunted: &Hunted) -> String {
    let Hunted {
        era,
        base,
        shard,
        decided,
        complete,
        all: _,
        tried,
        costs,
        needed,
        families,
        named,
        rediscovered,
        unnamed,
        unsorted,
        unconfirmed,
        bounded,
    } = hunted;
    let found = match families {
        0 => "nothing was found".to_owned(),
        1 => "one family was found".to_owned(),
        n => format!("{n} families were found"),
    };
    let named = match (families, named) {
        _ if *costs => String::new(),
        (0, _) => String::new(),
        (_, None) => ", and not named, since there is no corpus".to_owned(),
        (all, Some(_)) if unnamed == all => ", and not named".to_owned(),
        (1, Some(1)) => ", which is a race of the corpus".to_owned(),
        (1, Some(_)) => ", which is new".to_owned(),
        (_, Some(0)) if *unnamed == 0 => ", all of them new".to_owned(),
        (_, Some(0)) => ", none of them a race of the corpus".to_owned(),
        (_, Some(1)) => ", one of them a race of the corpus".to_owned(),
        (all, Some(n)) if n == all => ", all of them races of the corpus".to_owned(),
        (_, Some(n)) => format!(", {n} of them races of the corpus"),
    };
    let unnamed = match (families, unnamed) {
        (all, n) if *n == 0 || n == all => String::new(),
        (_, n) => format!(" and {n} not named"),
    };
    let of_those = match decided {
        0 => String::new(),
        _ => of_those(tried),
    };
    let done = if *bounded > 0 { "tried" } else { "decided" };
    let decided = match (decided, shard) {
        (0, _) => "no level was decided".to_owned(),
        (1, Some(shard)) if *complete => format!("shard {shard} of the scenarios of 1 call was {done}"),
        (n, Some(shard)) if *complete => {
            format!("every scenario of {} and shard {shard} of those of {n} calls were {done}", up_to(n - 1))
        }
        (n, _) => format!("every scenario of {} was {done}", up_to(*n)),
    };
    let undecided = match bounded {
        0 => String::new(),
        1 => "; a limit left one undecided, and what follows it was not tried".to_owned(),
        n => format!("; a limit left {} undecided, and what follows these was not tried", grouped(*n)),
    };
    let stopped = match (complete, unsorted) {
        (true, 0) => String::new(),
        (false, 0) => ", and then the hunt was stopped".to_owned(),
        (_, n) => format!(", and then the hunt was stopped; {} not sorted", counted(*n, "find")),
    };
    let against = base.as_ref().map_or_else(String::new, |base| format!(" against {base}"));
    let mut text =
        format!("\n{era}{against}: {found}{named}{unnamed}; {decided}{of_those}{undecided}{stopped}\n");
    text.extend(rediscovered.as_ref().filter(|all| all.races > 0).map(among_the_finds));
    if *needed > 0 {
        let scenarios = counted(*needed, "scenario");
        text.push_str(&format!("{scenarios} cost more because they need it, or may: not continued\n"));
    }
    if *unconfirmed > 0 {
        text.push_str(&unconfirmed_by_check(*unconfirmed, "violated scenario", "violated scenarios"));
    }
    text
}

/// Which scenarios were tried, if not all.
fn of_those(Tried { only, except, start, child }: &Tried) -> String {
    let alternatives = |words: &[String]| {
        let words: Vec<String> = words.iter().map(|words| format!("`{words}`")).collect();
        listed(&words, "or")
    };
    let mut parts = Vec::new();
    if !only.is_empty() {
        let calls: Vec<String> =
            ["loads", "stores"].map(str::to_owned).into_iter().chain(only.clone()).collect();
        parts.push(format!("make no calls but {}", listed(&calls, "and")));
    }
    if !except.is_empty() {
        parts.push(format!("do not call {}", listed(except, "or")));
    }
    if !start.is_empty() {
        parts.push(format!("begin with {}", alternatives(start)));
    }
    parts.extend(child.map(|has| format!("have {} child from the start", if has { "a" } else { "no" })));
    if parts.is_empty() { String::new() } else { format!(", of those that {}", listed(&parts, "and")) }
}

/// Words in a row, the last one after this conjunction.
fn listed(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [others @ .., end] => format!("{} {last} {end}", others.join(", ")),
    }
}

/// Which races of the corpus were found.
fn among_the_finds(Rediscovered { races, missing }: &Rediscovered) -> String {
    let found = match races - missing.len() as u64 {
        1 => "one is".to_owned(),
        n => format!("{n} are"),
    };
    let missing = if missing.is_empty() { String::new() } else { format!("; not {}", missing.join(", ")) };
    let races = counted(*races, "race");
    format!("of {races} of the corpus that break a promise there, {found} among the finds{missing}\n")
}

/// What costs more than under the base.
#[must_use]
pub fn costlier(costlier: &Costlier) -> String {
    let Costlier { era, base, kinds, scenarios, scenario, costs, under_base } = costlier;
    let how_many = match scenarios {
        1 => "one scenario".to_owned(),
        n => format!("{} scenarios, the smallest", grouped(*n)),
    };
    let mut text = format!("\ncosts by {}: {how_many}\n\n", kinds.join(", "));
    text.extend(indented(scenario));
    let cost = |costs: &Costs| {
        let (copies, faults) = (costs.copies.most, costs.faults.most);
        format!("{}, {}", copied(copies), counted(faults, "page fault"))
    };
    text.push_str(&format!("\n  {era}: {}; {base}: {}", cost(costs), cost(under_base)));
    if let Some(needed) = &costs.needed {
        text.push_str(&format!(
            "; needed: {}, {}",
            copied(needed.copies),
            counted(needed.faults, "page fault")
        ));
    }
    text + "\n"
}

fn copied(copies: u64) -> String {
    if copies == 1 { "1 copy".to_owned() } else { format!("{} copies", grouped(copies)) }
}

/// What tells two kernels from each other.
#[must_use]
pub fn witnessed(witnessed: &Witnessed) -> String {
    let Witnessed {
        with,
        without,
        decided,
        complete,
        same,
        tried,
        columns,
        blocked,
        bounded,
        witness,
        unconfirmed,
    } = witnessed;
    let of_those = of_those(tried);
    let order = match columns {
        1 => "one after the other".to_owned(),
        n => format!("in up to {n} columns"),
    };
    let mut text = match witness {
        Some(told) => {
            let class = told.class.map_or_else(|| "violated".to_owned(), |class| class.to_string());
            let (violated, holds) = (&told.violated, &told.holds);
            let mut text = format!("{violated}: {class}; {holds}: holds\n\n");
            text.extend(indented(&told.scenario));
            if let Some(detail) = &told.detail {
                text.push_str(&format!("\n  {detail}\n"));
            }
            if told.calls > 1 {
                let fewer = up_to(told.calls - 1);
                text.push_str(&format!(
                    "\nno scenario of {fewer}, {order}, tells these kernels from each other{of_those}\n"
                ));
            }
            text
        }
        None if *same => {
            format!("no scenario tells {with} from {without}: the model takes the same steps for both\n")
        }
        None if *decided == 0 => format!("{with}, {without}: no scenario was decided\n"),
        None => {
            let stopped = if *complete { "" } else { ", and then the search was stopped" };
            let up_to = up_to(*decided);
            format!("no scenario of {up_to}, {order}, tells {with} from {without}{of_those}{stopped}\n")
        }
    };
    if *blocked > 0 {
        let scenarios = counted(*blocked, "scenario");
        text.push_str(&format!("{scenarios} in which a call may wait for ever: not continued\n"));
    }
    if *bounded > 0 {
        text.push_str(&format!("a limit left {} undecided\n", counted(*bounded, "scenario")));
    }
    if *unconfirmed > 0 {
        text.push_str(&unconfirmed_by_check(*unconfirmed, "witness of the hunt", "witnesses of the hunt"));
    }
    text
}

fn up_to(calls: u64) -> String {
    if calls == 1 { "1 call".to_owned() } else { format!("up to {calls} calls") }
}

fn unconfirmed_by_check(n: u64, one: &str, many: &str) -> String {
    let what = if n == 1 { one } else { many };
    format!("{} {what} not confirmed by `cowrace check`: this is a defect of cowrace\n", grouped(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_sorted_or_named_is_told() {
        let end = Hunted {
            era: "v5.9".to_owned(),
            decided: 2,
            complete: true,
            bounded: 0,
            all: true,
            tried: Tried::default(),
            base: None,
            shard: None,
            costs: false,
            needed: 0,
            families: 3,
            named: Some(1),
            rediscovered: None,
            unnamed: 0,
            unsorted: 0,
            unconfirmed: 0,
        };
        let all = "every scenario of up to 2 calls was decided";
        assert_eq!(
            hunted(&end),
            format!("\nv5.9: 3 families were found, one of them a race of the corpus; {all}\n")
        );
        let stopped = Hunted { unnamed: 2, unsorted: 1234, ..end.clone() };
        assert_eq!(
            hunted(&stopped),
            format!(
                "\nv5.9: 3 families were found, one of them a race of the corpus and 2 not named; {all}, and then the hunt was \
                 stopped; 1,234 finds not sorted\n"
            )
        );
        for (bounded, told) in
            [(1, "one undecided, and what follows it"), (1234, "1,234 undecided, and what follows these")]
        {
            let limited = hunted(&Hunted { bounded, ..end.clone() });
            let due =
                format!("; every scenario of up to 2 calls was tried; a limit left {told} was not tried\n");
            assert!(limited.ends_with(&due), "{limited}");
        }
        let tried = Tried {
            only: vec!["fork".to_owned(), "reclaim".to_owned()],
            except: vec!["munmap".to_owned()],
            start: vec!["anon prevshared".to_owned(), "zero".to_owned()],
            child: Some(false),
        };
        let some = Hunted { tried, all: false, ..end.clone() };
        assert_eq!(
            hunted(&some),
            format!(
                "\nv5.9: 3 families were found, one of them a race of the corpus; {all}, of those that make no calls but loads, \
                 stores, fork and reclaim, do not call munmap, begin with `anon prevshared` or `zero` and have no child from \
                 the start\n"
            )
        );
        let no_level = Hunted { decided: 0, complete: false, ..some };
        assert!(hunted(&no_level).ends_with("; no level was decided, and then the hunt was stopped\n"));
        let early = Hunted { named: Some(0), unnamed: 3, unsorted: 1, complete: false, ..end };
        assert_eq!(
            hunted(&early),
            format!(
                "\nv5.9: 3 families were found, and not named; {all}, and then the hunt was stopped; 1 find not sorted\n"
            )
        );
    }
}
