//! The build script finds the lines that make requests.

#[path = "../build/requests.rs"]
mod requests;

use requests::{Function, functions};

fn found(text: &str) -> Vec<(String, Vec<usize>)> {
    functions(text).into_iter().map(|Function { name, lines }| (name, lines)).collect()
}

fn function(name: &str, lines: &[usize]) -> (String, Vec<usize>) {
    (name.to_owned(), lines.to_vec())
}

#[test]
fn requests_are_awaited_methods_of_the_cpu() {
    let text = "\
async fn one(cpu: &Cpu) {
    let _frame = cpu.frame(\"__one\");
    cpu.lock(a).await;
    helper(cpu, a).await;
    self.flush(cpu).await;
    if cpu.test(a).await && other(cpu).await == cpu.load(b(c, (d))).await.bits {
        cpu.why(|| \"cpu.load(x).await { fn two() {\".to_owned());
    }
}
";
    assert_eq!(found(text), [function("__one", &[3, 6])]);
}

#[test]
fn a_request_comes_from_the_line_of_its_method() {
    let text = "\
async fn long(cpu: &Cpu) {
    cpu.store(
        // cpu.load(x).await
        a(')', '\\'', ')'),
        read(cpu).await,
    )
    .await;
    cpu
        .load(a)
        .decode(|answer, _| answer)
        .await;
    Pte(cpu.load(a).await, cpu.load(b).await)
}
";
    assert_eq!(found(text), [function("long", &[2, 9, 12])]);
}

#[test]
fn looking_on_is_no_request() {
    let text = "\
async fn watched(cpu: &Cpu) {
    cpu.add(a, 1, Prim::Ghost).await;
    cpu.add(
        a,
        1,
        Prim::Ghost,
    )
    .await;
    cpu.add(a, 1, Prim::PageRefAdd).await;
}
async fn watcher(cpu: &Cpu) { cpu.load(a, Prim::Ghost).await.bits }
";
    assert_eq!(found(text), [function("watched", &[9])]);
}

#[test]
fn functions_are_called_by_their_only_frame_or_by_themselves() {
    let text = "\
trait T { fn declared(); }
async fn plain<'c>(cpu: &'c Cpu) { cpu.a().await }
async fn either(cpu: &Cpu) {
    { let _frame = cpu.frame(\"x\"); }
    let _frame = cpu.frame(if pin { \"y\" } else { \"z\" });
    cpu.a().await;
}
async fn sometimes(cpu: &Cpu) {
    let _frame = cpu.frame(if pin { \"y\" } else { \"z\" });
    cpu.a().await;
}
fn silent(cpu: &Cpu) { let _frame = cpu.frame(\"x\"); }
";
    let due = [function("plain", &[2]), function("either", &[6]), function("sometimes", &[10])];
    assert_eq!(found(text), due);
}
