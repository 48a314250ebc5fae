//! How the scenarios of a command are dealt out to several machines.
//!
//! Which scenarios a part has depends only on the command line and on the files that it names: on the sizes of searches that
//! stand beside the scenarios, in `counts.txt` of a directory, and not on how long anything took.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::input::Loaded;

/// What a search and a state of it take, in the time of a request: measured on the corpus.
const SEARCH: u64 = 1000;
const STATE: u64 = 12;

/// The file beside scenarios that has the sizes of their searches.
const COUNTS: &str = "counts.txt";

/// The parts, as indices of scenarios: the largest scenario goes to the part that has least so far. A scenario of unknown
/// size counts as one of mean size. A part may be empty.
pub(crate) fn split(loaded: &[Loaded], paths: &[PathBuf], of: usize) -> Vec<Vec<usize>> {
    let mut known = BTreeMap::new();
    for path in paths.iter().filter(|path| path.is_dir()) {
        if let Ok(text) = fs::read_to_string(path.join(COUNTS)) {
            known.extend(sizes(&text));
        }
    }
    let names: Vec<&str> = loaded.iter().map(|each| each.scenario.name()).collect();
    dealt(&names, &known, of)
}

fn dealt(names: &[&str], known: &BTreeMap<String, u64>, of: usize) -> Vec<Vec<usize>> {
    let known_here: Vec<u64> = names.iter().filter_map(|name| known.get(*name)).copied().collect();
    let mean = known_here.iter().sum::<u64>().checked_div(known_here.len() as u64).unwrap_or(1).max(1);
    let size = |place: &usize| known.get(names[*place]).copied().unwrap_or(mean).max(1);
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|place| (u64::MAX - size(place), names[*place]));
    let mut parts: Vec<(u64, Vec<usize>)> = vec![(0, Vec::new()); of];
    for place in order {
        if let Some((sum, part)) = parts.iter_mut().min_by_key(|(sum, _)| *sum) {
            *sum += size(&place);
            part.push(place);
        }
    }
    let sorted = parts.into_iter().map(|(_, mut part)| {
        part.sort_unstable();
        part
    });
    sorted.collect()
}

/// The sizes of scenarios, all variants together: of every search that kernels do not share.
fn sizes(counts: &str) -> BTreeMap<String, u64> {
    let mut sizes = BTreeMap::new();
    let mut name = "";
    for line in counts.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        match line.strip_prefix("  ") {
            None => name = line.split(':').next().unwrap_or(line),
            Some(search) => {
                // `holds 4 255 123: v5.9, v5.10`, or `holds 256 - - 3353: aa-cor`.
                let figures = search.split(':').next().unwrap_or_default();
                let figures: Vec<u64> =
                    figures.split(' ').map(|figure| figure.parse().unwrap_or(0)).collect();
                let [requests, states] = [2, 4].map(|place| figures.get(place).copied().unwrap_or(0));
                *sizes.entry(name.to_owned()).or_insert(0) += SEARCH + requests + STATE * states;
            }
        }
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_all_searches() {
        let counts = "# A remark.\n\none\n  leak 1 100 100: v5.4, v5.7\n  holds 256 - - 3353: v5.8\n\ntwo:warm\n  \
                      holds 3 20 7: v5.4\n\ntwo:cold\n  not-applicable: v5.4\n";
        let expected = [("one".to_owned(), 1100 + 1000 + 12 * 3353), ("two".to_owned(), 1020 + 1000)];
        assert_eq!(sizes(counts), BTreeMap::from(expected));
    }

    #[test]
    fn parts_are_even_and_have_every_scenario_once() {
        let known = [("a", 9), ("b", 5), ("c", 4), ("d", 2)].map(|(name, size)| (name.to_owned(), size));
        let parts = dealt(&["a", "b", "c", "d", "new"], &BTreeMap::from(known), 2);
        // `new` counts as five.
        assert_eq!(parts, [vec![0, 2], vec![1, 3, 4]]);
        let many = dealt(&["a", "b"], &BTreeMap::new(), 4);
        assert_eq!(many, [vec![0], vec![1], vec![], vec![]]);
    }
}
