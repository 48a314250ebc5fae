//! Eras as short ranges, in the syntax of `expect`.

use cowrace_mm::era::PRESETS;

/// Presets, with those of the mainline as ranges of releases, such as `v5.9..v5.18, v5.10.y, aa-revert`. All of
/// them are `every era`.
#[must_use]
pub fn ranges<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let has = |name: &str| names.contains(&name);
    let mainline: Vec<&str> =
        PRESETS.iter().filter(|preset| preset.mainline).map(|preset| preset.name).collect();
    let runs = mainline.split(|name| !has(name)).filter(|run| !run.is_empty());
    let runs = runs.map(|run| match run {
        [one] => (*one).to_owned(),
        [first, .., last] => format!("{first}..{last}"),
        [] => unreachable!("empty runs are left out"),
    });
    let others = PRESETS.iter().filter(|preset| !preset.mainline && has(preset.name));
    runs.chain(others.map(|preset| preset.name.to_owned())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_in_a_row_are_a_range_and_others_stand_alone() {
        assert_eq!(ranges(["v5.7"]), "v5.7");
        assert_eq!(ranges(["v5.7", "v5.8", "v5.9-rc5"]), "v5.7..v5.9-rc5");
        // A stable tree stands between releases in the list of presets, and breaks no range.
        assert_eq!(ranges(["v5.10", "v5.10.y", "v5.11", "aa-cor"]), "v5.10..v5.11, v5.10.y, aa-cor");
        assert_eq!(ranges(["v5.7", "v5.9"]), "v5.7, v5.9");
        assert_eq!(ranges([]), "");
    }

    /// The output can be used as input.
    #[test]
    fn expect_reads_every_range() {
        let text = |eras: &str| {
            format!(
                "race x\nmm A {{ buf: anon }}\n\nt @A\n====\nbuf[0] = 1\n\nalways A.buf[0] == 1 else lost-write\nexpect {eras} holds\n"
            )
        };
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        for (from, to) in (0..names.len()).flat_map(|from| (from..names.len()).map(move |to| (from, to))) {
            let eras = ranges(names[from..=to].iter().copied());
            let scenario = cowrace_scenario::parse(&text(&eras)).unwrap_or_else(|e| panic!("{eras}: {e:?}"));
            for (at, name) in names.iter().enumerate() {
                let era = cowrace_mm::Era::preset(name).expect("a preset");
                let expected = scenario.expectation(&era, &scenario.variants()[0]).is_some();
                assert_eq!(expected, (from..=to).contains(&at), "{eras}: {name}");
            }
        }
    }
}
