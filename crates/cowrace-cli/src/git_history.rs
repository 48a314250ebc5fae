//! Which of the model's commits a tree has, by the messages of its history.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cowrace_mm::era::{COMMITS, Landed, commit};

/// The facts of a history, which is read commit by commit, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// For each of the model's commits that was seen, whether the tree has it.
    met: BTreeMap<&'static str, bool>,
    /// For each commit of the tree that adds or removes a commit of the model: which one, and which of the
    /// two.
    did: HashMap<String, (&'static str, bool)>,
    /// Versions with a release commit, such as `5.15.3` for `Linux 5.15.3`.
    versions: BTreeSet<String>,
}

impl History {
    /// The next commit of the tree: its own id, its title and the rest of its message.
    pub(crate) fn read_commit(&mut self, own: &str, title: &str, body: &str) {
        if let Some(version) = title.strip_prefix("Linux ") {
            self.versions.insert(version.to_owned());
        }
        let Some((id, there)) = self.meaning(own, title, body) else { return };
        self.met.insert(id, there);
        self.did.insert(own.to_owned(), (id, there));
    }

    /// Which of the model's commits a commit of the tree adds or removes.
    fn meaning(&self, own: &str, title: &str, body: &str) -> Option<(&'static str, bool)> {
        if let Some(reverted) = body.lines().find_map(|line| after(line, "This reverts commit ")) {
            let known = self.did.iter().find(|(id, _)| same(id, reverted)).map(|(_, did)| *did);
            let (id, there) = known.or_else(|| of_model(reverted).map(|id| (id, true)))?;
            return Some((id, !there));
        }
        let upstream = body.lines().find_map(upstream).and_then(of_model);
        let id = of_model(own).or(upstream).or_else(|| titled(title))?;
        Some((id, true))
    }

    /// Whether the tree has a commit; `None` if the history does not show it.
    pub(crate) fn has(&self, id: &str) -> Option<bool> {
        self.met.get(id).copied()
    }

    /// Whether the history has the release commit of a version.
    pub(crate) fn reaches(&self, version: &str) -> bool {
        self.versions.contains(version)
    }
}

/// The model's commit with a full or long id.
fn of_model(id: &str) -> Option<&'static str> {
    let found = commit(id).ok().filter(|found| id.len() >= found.id.len())?;
    matches!(found.landed, Landed::In(_)).then_some(found.id)
}

/// The model's commit with a title, also after a prefix of Android.
fn titled(title: &str) -> Option<&'static str> {
    let marks = ["UPSTREAM: ", "BACKPORT: ", "FROMGIT: ", "FROMLIST: "];
    let title = marks.iter().find_map(|mark| title.strip_prefix(mark)).unwrap_or(title);
    COMMITS.iter().find(|c| c.title == title && matches!(c.landed, Landed::In(_))).map(|c| c.id)
}

/// Whether two ids, either of which may be abbreviated, mean the same commit.
fn same(one: &str, other: &str) -> bool {
    let least = 12.min(one.len()).min(other.len());
    least >= 7 && (one.starts_with(other) || other.starts_with(one))
}

/// The upstream id that a line names, in the forms of stable trees and of `git cherry-pick -x`.
fn upstream(line: &str) -> Option<&str> {
    let line = line.trim();
    let stable = after(line, "commit ")
        .filter(|id| line["commit ".len() + id.len()..].trim_start().starts_with("upstream"));
    stable
        .or_else(|| after(line, "[ Upstream commit "))
        .or_else(|| after(line, "(cherry picked from commit "))
}

/// The id that follows some words at the beginning of a line.
fn after<'l>(line: &'l str, words: &str) -> Option<&'l str> {
    let rest = line.trim_start().strip_prefix(words)?;
    let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
    (12..=40).contains(&end).then(|| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORK: &str = "57efa1fe5957694fa541c9062de0a127f0b9acb0";

    fn own(digit: char) -> String {
        digit.to_string().repeat(40)
    }

    fn has(commits: &[(&str, &str, &str)]) -> Option<bool> {
        let mut history = History::default();
        commits.iter().for_each(|(own, title, body)| history.read_commit(own, title, body));
        history.has("57efa1fe5957")
    }

    #[test]
    fn a_commit_is_known_by_its_id_by_what_its_message_names_and_by_its_title() {
        let other = own('1');
        assert_eq!(has(&[]), None);
        assert_eq!(has(&[(&other, "x", "commit of nothing upstream")]), None);
        assert_eq!(has(&[(FORK, "x", "")]), Some(true));
        for body in [
            format!("From: X\n\ncommit {FORK} upstream.\n"),
            format!("[ Upstream commit {FORK} ]\n"),
            format!("(cherry picked from commit {FORK})"),
            format!("text\n\n  (cherry picked from commit {})", &FORK[..12]),
        ] {
            assert_eq!(has(&[(&other, "x", &body)]), Some(true), "{body}");
        }
        let title = "mm/gup: prevent gup_fast from racing with COW during fork";
        assert_eq!(has(&[(&other, title, "")]), Some(true));
        assert_eq!(has(&[(&other, &format!("UPSTREAM: {title}"), "")]), Some(true));
        // A title that only contains it, and an id that is only mentioned.
        assert_eq!(has(&[(&other, &format!("selftests: test \"{title}\""), "")]), None);
        assert_eq!(has(&[(&other, "x", &format!("Fixes: {FORK} (\"x\")"))]), None);
        assert_eq!(has(&[(&other, "x", &format!("since commit {FORK} it is so"))]), None);
    }

    #[test]
    fn what_is_reverted_is_out_and_may_come_back() {
        let [one, two, three] = ['1', '2', '3'].map(own);
        let backport = format!("commit {FORK} upstream.");
        let put = (one.as_str(), "x", backport.as_str());
        let out = format!("This reverts commit {one}.");
        let out = (two.as_str(), "Revert \"x\"", out.as_str());
        let back = format!("This reverts commit {two} which was commit {FORK}");
        let back = (three.as_str(), "Revert \"Revert \"x\"\"", back.as_str());
        assert_eq!(has(&[put, out]), Some(false));
        assert_eq!(has(&[put, out, back]), Some(true));
        // By the upstream id, which may be all that is known.
        let upstream = format!("This reverts commit {FORK}.");
        assert_eq!(has(&[put, (&two, "Revert", &upstream)]), Some(false));
        assert_eq!(has(&[(&two, "Revert", &upstream)]), Some(false));
        assert_eq!(has(&[(&two, "Revert", &format!("This reverts commit {}.", own('9')))]), None);
    }
}
