//! SARIF 2.1.0, as code scanning reads it; what passes is a result as well.

use cowrace_report::Report;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Case, Status};

/// The fields of a result that are the same for every run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: &'static str,
    kind: &'static str,
    level: &'static str,
}

/// Results as SARIF, found by this version of the tool. `is_whole` says whether every search has finished.
#[must_use]
pub fn sarif(cases: &[Case<'_>], version: &str, is_whole: bool) -> String {
    let rule = |status: &Status| {
        json!({
            "id": status.rule(),
            "shortDescription": { "text": status.meaning() },
        })
    };
    let rules: Vec<Value> = Status::FAILED.iter().map(rule).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "cowrace", "semanticVersion": version, "rules": rules } },
            "invocations": [{ "executionSuccessful": is_whole }],
            "columnKind": "unicodeCodePoints",
            "results": cases.iter().map(result).collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn result(case: &Case<'_>) -> Value {
    let (kind, level) = match case.status {
        Status::Passed => ("pass", "none"),
        Status::NotJudged => ("informational", "none"),
        Status::NotApplicable => ("notApplicable", "none"),
        Status::Known => ("fail", "note"),
        Status::NoAnswer | Status::Vacuous => ("fail", "warning"),
        Status::Violation | Status::Gone | Status::Disagreement => ("fail", "error"),
    };
    let report = case.report;
    let mut result = json!(Outcome { rule_id: case.fails_as.rule(), kind, level });
    result["message"] = json!({ "text": case.message() });
    result["locations"] = json!([{
        "physicalLocation": {
            "artifactLocation": { "uri": uri(case.path) },
            "region": { "startLine": case.line },
        },
    }]);
    // The same run of the next check is the same result, wherever its line is then.
    let variant = report.variant.as_deref().unwrap_or_default();
    let made_of = report.made_of.as_deref().unwrap_or_default();
    let Report { scenario, era, arch, engine, memory, .. } = report;
    let run = [scenario, variant, era, made_of, arch, engine, memory].join(" / ");
    result["partialFingerprints"] = json!({ "run/v2": run });
    result["properties"] = json!({
        "scenario": report.scenario,
        "variant": report.variant,
        "era": report.era,
        "made_of": report.made_of,
        "engine": report.engine,
        "memory": report.memory,
        "arch": report.arch,
        "verdict": report.verdict,
        "class": report.class,
    });
    if let Some(known) = &report.known {
        let why = format!("{} ({})", known.reason, known.owner);
        result["suppressions"] = json!([{ "kind": "external", "justification": why }]);
    }
    result
}

/// A path as the reference of a URI: from where the command ran, unless it begins at the root.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encoded: String = path
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(uri("scenarios/a b%.race"), "scenarios/a%20b%25.race");
        assert_eq!(uri("/races/ü.race"), "file:///races/%C3%BC.race");
    }
}
