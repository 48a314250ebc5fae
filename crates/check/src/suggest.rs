//! What a misspelt name may mean.

use cowrace_scenario::near;

/// Most names that are suggested.
const MOST: usize = 3;

/// A second line for an error message, or nothing if nothing is near.
pub fn hint<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let mut near = near(word, names);
    near.dedup();
    let near: Vec<String> = near.into_iter().take(MOST).map(|name| format!("`{name}`")).collect();
    match near.split_last() {
        None => String::new(),
        Some((last, [])) => format!("\n  did you mean {last}?"),
        Some((last, first)) => format!("\n  did you mean {} or {last}?", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first() {
        assert_eq!(hint("v5.9x", ["v5.10", "aa-cor", "v5.9"]), "\n  did you mean `v5.9`?");
        assert_eq!(hint("5.10.y", ["v5.10.y"]), "\n  did you mean `v5.10.y`?");
        assert_eq!(hint("57efa1fe", ["57efa1fe5957"]), "\n  did you mean `57efa1fe5957`?");
        assert_eq!(hint("aa-cow", ["aa-cor"]), "\n  did you mean `aa-cor`?");
        assert_eq!(hint("zzz", ["aa-cor"]), "");
    }
}
