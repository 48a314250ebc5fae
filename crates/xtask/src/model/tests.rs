//! Tests of reading sources: the lines that make requests, and the rules under which they are reached.

use super::formula::Formula;
use super::reader::{self, Callee, Function};
use super::scope;

/// The result of reading a single file.
fn read(text: &str) -> Result<Vec<Function>, Vec<(usize, String)>> {
    let file = syn::parse_file(text).expect("it is Rust");
    let mut named = scope::Named::new();
    scope::named(&file, &mut named);
    reader::functions(&file, &named)
}

fn found(text: &str) -> Vec<(String, Vec<usize>)> {
    let functions = read(text).expect("it can be read").into_iter();
    let listed =
        functions.map(|Function { name, lines, .. }| (name, lines.iter().map(|line| line.0).collect()));
    listed.filter(|(_, lines): &(String, Vec<usize>)| !lines.is_empty()).collect()
}

/// A formula as `A::B & !C::D`.
fn shown(formula: &Formula) -> String {
    let all = |parts: &[Formula], with| parts.iter().map(shown).collect::<Vec<_>>().join(with);
    match formula {
        Formula::Always => "always".to_owned(),
        Formula::Never => "never".to_owned(),
        Formula::Is(value) => value.clone(),
        Formula::IsNot(value) => format!("!{value}"),
        Formula::All(parts) => all(parts, " & "),
        Formula::Any(parts) => format!("({})", all(parts, " | ")),
    }
}

/// The condition on the rules for each request and each call of a function with this body.
fn needs(body: &str) -> (Vec<String>, Vec<String>) {
    let text = format!("async fn f(cpu: &Cpu, x: bool) -> bool {{\n{body}\n}}\n{NAMED}");
    let functions = read(&text).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let Function { lines, calls, .. } = &functions[0];
    let call = |callee: &Callee, when| match callee {
        Callee::Path(name) => format!("{name}: {}", shown(when)),
        Callee::Method(name) => format!(".{name}: {}", shown(when)),
    };
    let lines = lines.iter().map(|(line, when)| format!("{}: {}", line - 1, shown(when))).collect();
    (lines, calls.iter().map(|(callee, when)| call(callee, when)).collect())
}

/// A named condition.
const NAMED: &str = "fn both(cpu: &Cpu) -> bool { cpu.rules().is(A::X) && cpu.rules().is(B::Y) }";

fn lines(body: &str) -> Vec<String> {
    needs(body).0
}

fn function(name: &str, lines: &[usize]) -> (String, Vec<usize>) {
    (name.to_owned(), lines.to_vec())
}

#[test]
fn requests_are_awaited_methods_of_the_cpu() {
    let text = "\
async fn one(cpu: &Cpu) {
    cpu.call(\"__one\", (a,), async |cpu, (a,)| {
        cpu.lock(a).await;
        helper(cpu, a).await;
        self.flush(cpu).await;
        if cpu.test(a).await && other(cpu).await == cpu.load(b(c, (d))).await.bits {
            cpu.why(Fact::Text(\"cpu.load(x).await { fn two() {\".into()));
        }
    })
    .await
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
fn functions_are_called_by_their_only_frame_or_by_themselves() {
    let text = "\
trait T { fn declared(); }
async fn plain<'c>(cpu: &'c Cpu) { cpu.a().await }
async fn either(cpu: &Cpu) {
    cpu.call(\"x\", (), async |cpu, ()| cpu.a().await).await;
    cpu.call(\"y\", (), async |cpu, ()| cpu.a().await).await;
}
async fn sometimes(cpu: &Cpu) {
    cpu.rounds(a, async |cpu, a| {
        cpu.a().await;
        Round::Again(a)
    })
    .await
}
async fn only(cpu: &Cpu) {
    cpu.call(\"__only\", (a,), async |cpu, (a,)| {
        if cpu.a().await { return; }
        cpu.b().await;
    })
    .await
}
";
    let due = [
        function("plain", &[2]),
        function("either", &[4, 5]),
        function("sometimes", &[9]),
        function("__only", &[16, 17]),
    ];
    assert_eq!(found(text), due);
}

#[test]
fn branches_and_arms_belong_to_values() {
    let body = "\
if cpu.rules().keeps(O::X) && cpu.rules().is(A::X) {
    cpu.a().await;
} else {
    cpu.b().await;
}
match cpu.rules().a() {
    A::X | era::A::Y => cpu.c().await,
    A::Z if x => cpu.d().await,
    _ => cpu.e().await,
}
if let Some(y) = z { cpu.f().await } else if !cpu.rules().is(B::Y) { cpu.g().await }";
    let due = [
        "2: A::X",
        "4: always",
        "7: (A::X | A::Y)",
        "8: !A::X & !A::Y & A::Z",
        "9: !A::X & !A::Y",
        "11: always",
    ];
    assert_eq!(lines(body), due);
}

#[test]
fn code_after_an_exit_belongs_to_the_other_branches() {
    let body = "\
if x || cpu.rules().is(A::X) {
    cpu.a().await;
    return false;
}
cpu.b().await;
for y in z {
    if cpu.rules().is(B::Y) {
        continue;
    }
    cpu.c().await;
}
let Some(y) = z else { return cpu.d().await };
match cpu.rules().c() {
    C::X => return true,
    C::Y => {}
    C::Z => if x { return false },
}
cpu.e().await";
    let due = ["2: always", "5: !A::X", "10: !A::X & !B::Y", "12: !A::X"];
    assert_eq!(lines(body)[..4], due);
    assert_eq!(lines(body)[4], "18: (!A::X & !C::X & C::Y | !A::X & !C::X & !C::Y & C::Z)");
}

#[test]
fn a_request_in_a_condition_depends_on_the_conditions_before_it() {
    let body = "\
if cpu.rules().is(A::X) && cpu.a().await {
    return false;
}
x && !cpu.rules().is(B::Y) && cpu.b().await;
(x || both(cpu)) && cpu.c().await;
both(cpu) && cpu.d().await || cpu.e().await";
    assert_eq!(lines(body), ["1: A::X", "4: !B::Y", "5: always", "6: always"]);
    assert_eq!(lines("both(cpu) && cpu.d().await"), ["1: A::X & B::Y"]);
    assert_eq!(lines("if both(cpu) { return x; }\ncpu.a().await"), ["2: (!A::X | !B::Y)"]);
}

#[test]
fn variables_hold_questions_and_values() {
    let body = "\
let (rules, y) = (kernel.rules.reading(), x);
let rules = rules;
let watch = rules.is(A::X);
if watch && let Some(y) = z { cpu.a().await }
let kind = rules.b();
match kind { B::X => {} B::Y => cpu.b().await }
let counts = matches!(rules.a(), A::Y | A::Z);
if counts { cpu.c().await }
let watch = x;
if watch { cpu.d().await }
let mut late = rules.is(A::X);
if late { cpu.e().await }
{
    let counts = x;
    if counts { cpu.f().await }
}
if !counts { cpu.g().await }";
    let due = [
        "4: A::X",
        "6: !B::X & B::Y",
        "8: (A::Y | A::Z)",
        "10: always",
        "12: always",
        "15: always",
        "17: !A::Y & !A::Z",
    ];
    assert_eq!(lines(body), due);
}

#[test]
fn calls_are_found_wherever_a_function_is_named() {
    let body = "\
if cpu.rules().is(A::X) { helper(cpu, x).await; }
let x = x;
x.map(super::other);
cpu.own();
thing.own(|| format!(\"{}\", last(cpu)))";
    let due = ["helper: A::X", ".map: always", "other: always", ".own: always", "last: always"];
    let calls = needs(body).1;
    let named = |call: &&String| !["cpu", "thing"].iter().any(|name| call.starts_with(name));
    assert_eq!(calls.iter().filter(named).collect::<Vec<_>>(), due.iter().collect::<Vec<_>>());
}

#[test]
fn what_cannot_be_read_is_refused() {
    for body in [
        "helper(cpu.rules()).await",
        "let rules = cpu.rules();\nhelper(rules).await",
        "cpu.rules().lacks(A::X)",
        "helper(cpu.rules().a())",
        "let kind = cpu.rules().a();\nkind == A::X",
        "match cpu.rules().a() { other => x }",
        "let mut kind = cpu.rules().a();",
        "matches!(cpu.rules().a(), A::X if x)",
        "odd!(cpu.rules() => A::X)",
        "cpu.rules().is(value)",
        "kernel.rules.reading().a() as u8",
    ] {
        let text = format!("async fn f(cpu: &Cpu, x: bool) {{\n{body}\n}}");
        let wrong = read(&text).expect_err(body);
        assert!(wrong.len() == 1 && wrong[0].1.contains("rules"), "{body}: {wrong:?}");
        assert_eq!(wrong[0].0, 1 + body.lines().count(), "{body}");
    }
}

#[test]
fn methods_are_told_from_other_functions() {
    let text = "impl T { fn new() {} fn flush(&mut self) { fn inner() {} } } mod m { fn free() {} }";
    let functions = read(text).expect("it can be read");
    let told: Vec<_> = functions.iter().map(|f| (f.ident.as_str(), f.method)).collect();
    assert_eq!(told, [("new", false), ("inner", false), ("flush", true), ("free", false)]);
}

#[test]
fn a_function_that_returns_the_reading_is_not_a_reader() {
    let text = "impl Cpu { fn rules(&self) -> Reading<'_> { self.kernel.rules.reading() } }";
    assert!(read(text).is_ok());
}
