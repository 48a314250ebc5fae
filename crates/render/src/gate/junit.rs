//! JUnit's XML: a suite for each scenario, and a test case for each variant and kernel.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Case, Status};

/// Results as JUnit's XML. What has no answer is an error, what is not judged or does not apply is skipped, and what a
/// baseline names is skipped with its reason. `interrupted` says how many searches have finished, if not all have; that is
/// an error.
#[must_use]
pub fn junit(cases: &[Case<'_>], interrupted: Option<&str>) -> String {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    let mut order = Vec::new();
    for case in cases {
        let name = case.report.scenario.as_str();
        let suite = suites.entry(name).or_insert_with(|| {
            order.push(name);
            TestSuite::new(name)
        });
        suite.add_test_case(test_case(case));
    }
    let mut report = Report::new("cowrace");
    report.add_test_suites(order.into_iter().filter_map(|name| suites.remove(name)));
    if let Some(told) = interrupted {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(told).set_type("interrupted");
        let mut suite = TestSuite::new("cowrace");
        suite.add_test_case(TestCase::new("every search finishes", status));
        report.add_test_suite(suite);
    }
    // Writing to memory does not fail, and all that is written is text. These two characters are no part of XML.
    report.to_string().unwrap_or_default().replace(['\u{FFFE}', '\u{FFFF}'], "\u{FFFD}")
}

fn test_case(case: &Case<'_>) -> TestCase {
    let mut test = TestCase::new(case.name(), status(case));
    test.set_classname(case.report.scenario.as_str());
    test.set_time(Duration::try_from_secs_f64(case.report.seconds).unwrap_or_default());
    test.extra.insert("file".into(), case.path.into());
    test.extra.insert("line".into(), case.line.to_string().into());
    if !case.status.is_failed() {
        test.set_system_out(case.text);
    }
    test
}

fn status(case: &Case<'_>) -> TestCaseStatus {
    let kind = match case.status {
        Status::Passed => return TestCaseStatus::success(),
        Status::NotJudged | Status::NotApplicable | Status::Known => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(case.message());
            return skipped;
        }
        Status::Violation | Status::Gone | Status::Vacuous => NonSuccessKind::Failure,
        Status::NoAnswer | Status::Disagreement => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(case.message()).set_type(case.status.rule()).set_description(case.text);
    status
}
