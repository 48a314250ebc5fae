//! The word that was probably meant.

/// Longer words are no misspelling of anything, and comparing them is not free.
const LONGEST: usize = 64;

/// The candidates that are near enough to a word to be meant, the nearest first, and of those that are as near the one
/// that came first.
pub fn near<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    if word.is_empty() || word.len() > LONGEST {
        return Vec::new();
    }
    let lower = word.to_lowercase();
    let score = |candidate: &str| {
        let letters = strsim::normalized_damerau_levenshtein(&lower, &candidate.to_lowercase());
        // `wp_copy_page` for `wp_page_copy`: the same words in another order.
        letters.max(shared_words(&lower, candidate)).max(shortened(&lower, candidate))
    };
    let short = candidates.into_iter().filter(|candidate| candidate.len() <= LONGEST);
    let mut near: Vec<_> =
        short.map(|candidate| (score(candidate), candidate)).filter(|n| n.0 > 0.6).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The candidate nearest to a word, if one is near enough to be meant.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    near(word, candidates).first().copied()
}

/// Likeness of two names made of words joined by underscores.
fn shared_words(a: &str, b: &str) -> f64 {
    let left: Vec<&str> = a.split('_').collect();
    let right: Vec<&str> = b.split('_').collect();
    if left.len() < 2 || left.len() != right.len() {
        return 0.0;
    }
    let shared = left.iter().filter(|w| right.contains(w)).count();
    if shared == left.len() { 0.95 } else { 0.0 }
}

/// Likeness of a word and an abbreviation of it, such as `anonymous` and `anon`.
fn shortened(word: &str, candidate: &str) -> f64 {
    const SHORTEST: usize = 4;
    if candidate.len() >= SHORTEST && word.starts_with(candidate) { 0.61 } else { 0.0 }
}

/// "did you mean `x`?", if anything is near.
pub(crate) fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    nearest(word, candidates).map(|c| format!("did you mean `{c}`?"))
}

/// "did you mean `x`?", or else what there is to choose from.
pub(crate) fn choose<'c>(
    word: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'c str> + Clone,
) -> Option<String> {
    did_you_mean(word, candidates.clone()).or_else(|| {
        let list: Vec<String> = candidates.into_iter().map(|c| format!("`{c}`")).collect();
        (!list.is_empty()).then(|| format!("{what} {}", list.join(", ")))
    })
}

/// Text of the user for use in a message: one line, and not a novel.
pub(crate) fn quote(text: &str) -> String {
    const MOST: usize = 60;
    let mut short: String = text
        .chars()
        .take(MOST)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if text.chars().nth(MOST).is_some() {
        short.push_str("...");
    }
    format!("`{short}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_misspellings_and_turned_names_but_no_strangers() {
        let names = ["wp_page_copy", "page_count", "clear_refs"];
        assert_eq!(nearest("wp_copy_page", names), Some("wp_page_copy"));
        assert_eq!(nearest("clear_ref", names), Some("clear_refs"));
        assert_eq!(nearest("elephant", names), None);
        assert_eq!(nearest("anonymous", ["file", "anon"]), Some("anon"));
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn quotes_stay_short_and_printable() {
        assert_eq!(quote("a\tb"), "`a\u{fffd}b`");
        assert!(quote(&"x".repeat(100)).ends_with("...`"));
    }
}
