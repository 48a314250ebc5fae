//! The lists of mutants fit the sources. `just mutants` kills them, which takes longer.

use cowrace_testkit::repository;
use std::collections::BTreeSet;
use std::fs;

#[test]
fn every_mutant_applies() {
    let root = repository("");
    let read =
        |file: &str| fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let lists = ["crates/explore/mutants.toml", "crates/spec/mutants.toml"].map(|list| {
        let list: toml::Table = read(list).parse().expect("it is TOML");
        list["mutant"].as_array().expect("a list").clone()
    });
    let mut names = BTreeSet::new();
    let mutants = lists.concat();
    for mutant in &mutants {
        let field =
            |name: &str| mutant[name].as_str().unwrap_or_else(|| panic!("`{name}` is no text: {mutant}"));
        let name = field("name");
        assert!(names.insert(name), "two mutants are called {name}");
        assert_eq!(read(field("file")).matches(field("text")).count(), 1, "{name} does not apply");
        assert!(field("text") != field("instead") && !field("why").is_empty(), "{name}");
        let tests = mutant["killed_by"].as_array().expect("a list");
        assert!(!tests.is_empty(), "nothing kills {name}");
        for test in tests {
            let (binary, test) =
                test.as_str().and_then(|test| test.split_once(' ')).expect("a binary and a test");
            let Some((package, binary)) = binary.split_once("::") else {
                // It stands beside the code.
                let package = binary.strip_prefix("cowrace-").expect("a crate of the workspace");
                let (module, test) = test.split_once("::tests::").expect("a module and a test in it");
                let module = read(&format!("crates/{package}/src/{}.rs", module.replace("::", "/")));
                assert!(module.contains(&format!("fn {test}(")), "{name}: there is no test {test}");
                continue;
            };
            if binary == "assertions" {
                // These are scenarios.
                let is_there = |path: &&str| root.join(path).join(test).with_extension("race").is_file();
                let places = ["scenarios", "scenarios/small", "crates/spec/tests/scenarios"];
                assert!(places.iter().any(is_there), "{name}: there is no scenario {test}");
                continue;
            }
            let short = package.strip_prefix("cowrace-").expect("a crate of the workspace");
            let crates = if root.join("crates").join(short).is_dir() { short } else { package };
            let (file, test) = test.split_once("::").expect("a file and a test in it");
            let tests = read(&format!("crates/{crates}/tests/{binary}/{file}.rs"));
            assert!(tests.contains(&format!("fn {test}(")), "{name}: there is no test {test}");
        }
    }
}
