//! Every scenario of base pages has a twin whose anonymous memory is of huge pages, if it can be written so: under the same kernel it
//! has the same verdict, unless it is listed here with the reason, and at most five times the states.

use cowrace_check::{Specification, Task};
use cowrace_explore::Limits;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_report::{Report, Verdict};
use cowrace_scenario::{Scenario, Variant, parse};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::sources::sources;

/// For each rule for write faults on huge pages, a late kernel that has it.
const ERAS: [&str; 4] = ["v5.7", "v5.15", "v6.12", "v6.18"];
/// A twin has at most so many times the states of the scenario.
const MOST: u64 = 5;
/// Scenarios, or variants, whose twin has another verdict, under which eras, and why.
const OTHERWISE: &[(&str, &str, &str)] = &[
    (
        "batched-flag-lost-update-core",
        "v5.7 v5.15",
        "reclaim splits the folio first, and that flushes the TLBs at once",
    ),
    ("dio-9p-fork-lost-read", "v5.15 v6.12 v6.18", HALF),
    ("dio-fuse-fork-lost-read", "v5.15", HALF),
    ("madv-free-batch:undrained", "v5.7 v5.15 v6.12 v6.18", "a large folio does not wait in a batch"),
    ("madvfree-both-free", "v5.7 v5.15 v6.12 v6.18", ASKS),
    ("madvfree-clean-shared-core", "v5.7 v5.15 v6.12 v6.18", ASKS),
    ("madvfree-clean-shared:clean", "v5.7 v5.15 v6.12 v6.18", ASKS),
    ("odirect-clear-refs-lost-read", "v5.15", MAPCOUNTS),
    ("odirect-fork-lost-read", "v5.15", HALF),
    ("recvmsg-ktls-subpage-lost-read", "v5.15", MAPCOUNTS),
    ("transient-pin-leak", "v5.15", MAPCOUNTS),
    ("unshare-madvfree-short:store", "v6.12 v6.18", HALF),
];
const ASKS: &str = "MADV_FREE always asks who else maps a huge page";
const HALF: &str = "the store is to the other half, so that only the other half is copied";
const MAPCOUNTS: &str = "huge pages are reused by their mapcounts up to v5.17";
/// Twins that have more states than that, under which eras, and why.
const LARGER: &[(&str, &str, &str)] = &[
    ("dio-fuse-fork-lost-read", "v6.18", "6.5 times: every mapping is counted by mm, with a lock"),
    ("madv-free-odirect-zero", "v6.12", "7.7 times: reclaim splits the PMD, and unmaps the pages one by one"),
    ("madv-free-store-survives", "v6.12", "24 times: the same, and a store to either page between"),
    ("odirect-fork-lost-read", "v6.18", "5.4 times: every mapping is counted by mm, with a lock"),
    (
        "uffd-wp-parallel-flush",
        "v5.7 v5.15",
        "6.8 times: each change flushes at once, under the lock of the directory, and three calls change",
    ),
];

pub(crate) fn trials(arguments: &Arguments) -> Vec<Trial> {
    let mut trials = Vec::new();
    for source in sources(arguments) {
        let text = source.text.replace(": anon", ": thp");
        if text == source.text || source.text.contains(": thp") {
            continue;
        }
        let (Ok(base), Ok(twin)) = (parse(&source.text), parse(&text)) else { continue };
        let (base, twin): (&Scenario, &Scenario) = (Box::leak(Box::new(base)), Box::leak(Box::new(twin)));
        for (mine, other) in base.variants().iter().zip(twin.variants()) {
            let of = mine.name().map(|name| format!(":{name}")).unwrap_or_default();
            let name = format!("{}{of}", base.name());
            let test = format!("twins::{name}");
            let compare = move || {
                let wrong =
                    ERAS.iter().filter_map(|era| compare(&name, (base, mine), (twin, other), era).err());
                let wrong: Vec<String> = wrong.collect();
                if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
            };
            trials.push(Trial::test(test, compare));
        }
    }
    trials
}

fn check(scenario: &Scenario, variant: &Variant, era: &Era) -> Report {
    let specification = Specification::default();
    let task = Task { scenario, variant, era, arch: Arch::default(), specification: Some(&specification) };
    task.check(Limits::default(), &mut ())
}

fn compare(
    name: &str,
    (base, mine): (&Scenario, &Variant),
    (twin, other): (&Scenario, &Variant),
    era: &str,
) -> Result<(), String> {
    let kernel = Era::preset(era).map_err(|error| error.to_string())?;
    let (base_report, twin_report) = (check(base, mine, &kernel), check(twin, other, &kernel));
    let outcome = |report: &Report| (report.verdict, report.class);
    let is_in = |list: &[(&str, &str, &str)]| {
        list.iter().any(|(listed, eras, _)| {
            [name, base.name()].contains(listed) && eras.split(' ').any(|one| one == era)
        })
    };
    let is_listed = is_in(OTHERWISE);
    if (outcome(&base_report) == outcome(&twin_report)) == is_listed {
        let (mine, other) = (outcome(&base_report), outcome(&twin_report));
        return Err(format!("{era}: {mine:?}, and with huge pages {other:?}; listed: {is_listed}"));
    }
    // Only whole searches of one kind can be compared.
    let sizes = match (base_report.states, twin_report.states) {
        (Some(mine), Some(other)) => Some((mine, other)),
        _ => base_report.requests.zip(twin_report.requests),
    };
    let is_larger = base_report.verdict == Verdict::Holds
        && twin_report.verdict == Verdict::Holds
        && sizes.is_some_and(|(mine, other)| other > MOST * mine);
    if is_larger != is_in(LARGER) {
        return Err(format!("{era}: {sizes:?} states or requests, without huge pages and with them"));
    }
    Ok(())
}
