//! What somebody may have meant.

/// Names that resemble `word`, best first, at most three.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let word = word.to_lowercase();
    let mut near: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&word, &name.to_lowercase()), name))
        .filter(|(score, _)| *score > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.dedup_by_key(|n| n.1);
    near.into_iter().take(3).map(|n| n.1).collect()
}

/// A second line for an error message, or nothing if nothing is near.
pub fn hint<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let near: Vec<String> = nearest(word, names).into_iter().map(|n| format!("`{n}`")).collect();
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
        assert_eq!(nearest("v5.9x", ["v5.9", "aa-cor", "v5.10"])[0], "v5.9");
        assert_eq!(nearest("zzz", ["v5.9", "aa-cor"]), [""; 0]);
        assert_eq!(hint("aa-cow", ["aa-cor"]), "\n  did you mean `aa-cor`?");
        assert_eq!(hint("zzz", ["aa-cor"]), "");
    }
}
