mod common;
use common::memo::Counter;
use common::peers::*;
use cowrace_explore::*;

#[test]
fn zz() {
    for rule in [Rule::Mapcount, Rule::Count] {
        for commute in [false, true] {
            for n in 3..=5 {
                let p = problem(Variant::new(n, rule, commute));
                let t = std::time::Instant::now();
                let o = Explorer::new(&p).exhaustive(true).run(&mut ());
                let e = t.elapsed();
                let f = Explorer::new(&p).run(&mut ());
                let t = std::time::Instant::now();
                let c = if n < 5 {Counter::count(&p)} else {(0,0)};
                println!("{rule:?} commute={commute} {n}: {} + {} blocked, {} events, depth {}, {e:?} = {:.0}/s {:.1} Mev/s; memo {c:?} {:?}; first finding {:?} after {}+{}", o.executions, o.blocked, o.events, o.depth,
                   o.executions as f64 / e.as_secs_f64(), o.events as f64 / e.as_secs_f64()/1e6, t.elapsed(), f.finding.map(|f| f.0.class), f.executions, f.blocked);
            }
        }
    }
}
