//! Workflow commands of GitHub: annotations of lines, and diagrams in groups of the log.

use super::{Case, Status};

/// What fails as annotations, each followed by its diagram, and what a baseline names as notices.
#[must_use]
pub fn annotations(cases: &[Case<'_>]) -> String {
    cases.iter().filter_map(annotation).collect()
}

fn annotation(case: &Case<'_>) -> Option<String> {
    let level = match case.status {
        Status::Passed | Status::NotJudged | Status::NotApplicable => return None,
        Status::Known => "notice",
        Status::Vacuous | Status::NoAnswer => "warning",
        Status::Violation | Status::Gone | Status::Disagreement => "error",
    };
    let command = format!(
        "::{level} file={},line={},title={}::{}\n",
        property(case.path),
        case.line,
        property(&case.title()),
        data(&case.message())
    );
    if !case.status.is_failed() {
        return Some(command);
    }
    // A line of the diagram is not to be taken for a command.
    let text: String = case.text.lines().map(|line| format!(" {line}\n")).collect();
    Some(format!("{command}::group::{}\n{text}::endgroup::\n", data(&case.title())))
}

/// A value after `=`.
fn property(value: &str) -> String {
    data(value).replace(':', "%3A").replace(',', "%2C")
}

/// A value after `::`.
fn data(value: &str) -> String {
    value.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_they_should() {
        assert_eq!(property("a, 50%:b\n"), "a%2C 50%25%3Ab%0A");
        assert_eq!(data("a, 50%:b\n"), "a, 50%25:b%0A");
    }
}
