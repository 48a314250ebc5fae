//! Every scenario without its assertions: what ideal memory says of it is what the file expects.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use cowrace_explore::Explorer;
use cowrace_ideal::{Oracle, Promises};
use cowrace_machine::Arch;
use cowrace_mm::era::PRESETS;
use cowrace_mm::{Era, program_and_consulted};

#[test]
fn without_assertions() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut files: Vec<_> =
        fs::read_dir(&root).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
    files.sort();
    let only = std::env::var("ONLY").ok();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let scenario = cowrace_scenario::parse(&text).unwrap();
        if only.as_ref().is_some_and(|only| !scenario.name().contains(only.as_str())) {
            continue;
        }
        for variant in scenario.variants() {
            let world = variant.world();
            let started = std::time::Instant::now();
            let oracle = match Oracle::new(world, &Promises::default()) {
                Ok(oracle) => Arc::new(oracle),
                Err(error) => {
                    println!("{} {error}", scenario.name());
                    continue;
                }
            };
            println!("{} {:?}: {:?} {:?}", scenario.name(), variant.name(), oracle.size(), started.elapsed());
            let mut bare = world.clone();
            bare.predicates.clear();
            let mut told: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for preset in PRESETS {
                let era = Era::preset(preset.name).unwrap();
                let plain = cowrace_mm::program(world, &era, Arch::Generic);
                let with = Explorer::new(&plain).run(&mut ()).finding.map(|(finding, _)| finding);
                let (program, _) =
                    program_and_consulted(&bare, &era, Arch::Generic, Some(Box::new(oracle.judge())));
                let without = Explorer::new(&program).run(&mut ()).finding.map(|(finding, _)| finding);
                let class = |f: &Option<cowrace_trace::Finding>| f.as_ref().map(|f| f.class);
                if class(&with) != class(&without) {
                    let key = format!(
                        "{:?} not {:?}: {:?}",
                        class(&without),
                        class(&with),
                        without.map(|f| f.detail)
                    );
                    told.entry(key).or_default().push(preset.name);
                }
            }
            for (what, eras) in told {
                println!("    {what}  {}", eras.join(" "));
            }
        }
    }
}
