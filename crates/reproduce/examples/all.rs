use std::path::PathBuf;
use cowrace_check::{Bounds, Specification, Task};
use cowrace_explore::Limits;
use cowrace_mm::Era;
use cowrace_reproduce::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let era = Era::preset(&args[1]).unwrap();
    let out = PathBuf::from(&args[2]);
    let sources = cowrace_scenario::load(&args[3..].iter().map(PathBuf::from).collect::<Vec<_>>()).unwrap();
    let (mut has, mut all) = (0, 0);
    for s in sources {
        let scenario = cowrace_scenario::parse(&s.text).unwrap();
        for variant in scenario.variants() {
            all += 1;
            let specification = Specification::default();
            let limits = Limits { time: Some(std::time::Duration::from_secs(5)), ..Limits::default() };
            let bounds = Bounds::new(limits, &Default::default());
            specification.heed(&bounds);
            let task = Task { scenario: &scenario, variant, era: &era, arch: Default::default(), specification: Some(&specification) };
            let name = match variant.name() { Some(v) => format!("{}__{v}", scenario.name()), None => scenario.name().to_owned() };
            let t = std::time::Instant::now();
            let e = Execution::choose(task, &bounds);
            let d = t.elapsed().as_millis();
            match e.and_then(|e| Plan::of(task, e)) {
                Ok(plan) => { has += 1; std::fs::write(out.join(format!("{name}.c")), program(task, &plan)).unwrap();
                  println!("OK   {name} {} {} {d}ms {:?}", plan.execution.is_violated, plan.execution.damage.as_ref().map_or("-".into(), |d| d.era.clone()), plan.execution.control); }
                Err(r) => println!("NO   {name}: {r} {d}ms"),
            }
        }
    }
    println!("{has} of {all}");
}
