//! What may be meant by an unknown call or an unknown step.

use cowrace_machine::Prim;
use cowrace_mm::Steps;
use cowrace_mm::era::SPELLINGS;
use cowrace_mm::syscall::{self, Syscall};

use crate::anchors;
use crate::diagnostic::{Diagnostic, Span};
use crate::known;
use crate::lex::Name;
use crate::nearest::{did_you_mean, nearest, quote};
use crate::phrases;

/// The largest number of calls that are named one by one.
const MOST: usize = 6;

/// Other names of primitives, and names of kernel functions that are a part of another function in the model.
const ALIASES: [(&str, &str); 22] = [
    ("pte_wrprotect", "ptep_modify_prot_commit"),
    ("wrprotect_ptes", "ptep_set_wrprotect"),
    ("flush_tlb_page", "flush_tlb"),
    ("flush_tlb_range", "flush_tlb"),
    ("flush_tlb_mm", "flush_tlb"),
    ("flush_tlb_others", "flush_tlb"),
    ("flush_tlb_func", "flush_tlb"),
    ("tlb_flush", "flush_tlb"),
    ("set_pte", "set_pte_at"),
    ("set_pte_at_notify", "set_pte_at"),
    ("pte_offset_map_lock", "spin_lock(ptl)"),
    ("pte_unmap_unlock", "spin_unlock(ptl)"),
    ("get_page", "page_ref_add"),
    ("folio_get", "page_ref_add"),
    ("try_get_page", "page_ref_add_unless"),
    ("folio_try_get", "page_ref_add_unless"),
    ("folio_ref_count", "page_count"),
    ("folio_mapcount", "page_mapcount"),
    ("shrink_list", "shrink_inactive_list"),
    ("handle_mm_fault", "handle_pte_fault"),
    ("split_huge_pmd", "__split_huge_pmd"),
    ("unmap_hugepage_range", "zap_pmd_range"),
];

/// The step that a name of the kernel means: the step itself, a name from another release, or the step that it is a
/// part of.
pub(crate) fn step(name: &str) -> Option<&'static str> {
    let own = anchors::names().find(|anchor| *anchor == name);
    let spelled = || {
        SPELLINGS.iter().find(|(_, rows)| rows.iter().any(|row| row.name == name)).map(|(model, _)| *model)
    };
    let alias = || ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, step)| *step);
    own.or_else(spelled).or_else(alias)
}

/// The error for a word that stands in the place of a call and is not one.
pub(crate) fn call(name: &Name) -> Diagnostic {
    let word = name.text.as_str();
    let shown = quote(word);
    if let Some(known) = known::find(word) {
        return Diagnostic::new(name.at.clone(), format!("{shown} is not modelled: {}", known.what))
            .help(known.instead.help(word));
    }
    if let Some(step) = step(word) {
        return of_a_call(name, step);
    }
    let diagnostic = Diagnostic::new(name.at.clone(), format!("unknown call {shown}"));
    if let Some(near) = did_you_mean(word, syscall::names()) {
        return diagnostic.help(near);
    }
    if let Some(step) = nearest(word, anchors::names()) {
        return of_a_call(name, step);
    }
    if phrases::find(word).is_some() {
        return diagnostic.help(phrases::advice(word));
    }
    let all: Vec<String> = syscall::named().map(|row| format!("`{}`", row.name())).collect();
    diagnostic.help(format!(
        "the calls are {}; `cowrace list --calls` prints them with their steps",
        all.join(", ")
    ))
}

fn of_a_call(name: &Name, step: &str) -> Diagnostic {
    let shown = quote(&name.text);
    let model_name = if step == name.text { String::new() } else { format!(" ({})", quote(step)) };
    let diagnostic =
        Diagnostic::new(name.at.clone(), format!("{shown} is a step of a call{model_name}, not a call"));
    let owners = owners(step);
    let (Some(first), all) =
        (owners.first(), owners.iter().map(|usage| format!("`{usage}`")).collect::<Vec<_>>())
    else {
        return diagnostic.help(phrases::advice(&name.text));
    };
    let (named, more) = all.split_at(all.len().min(MOST));
    let more = match more.len() {
        0 => String::new(),
        n => format!(", and {n} other calls"),
    };
    diagnostic.help(format!(
        "it is a step of {}{more}; a step is drawn below `{first} {{` and above `}}`; as a remark, which is \
         not checked, write `==> {}()`",
        named.join(", "),
        name.text
    ))
}

/// The usage of the calls that can have a step; first those with the fewest other steps.
fn owners(step: &str) -> Vec<&'static str> {
    let mut owners: Vec<(usize, bool, &'static str)> = Vec::new();
    for row in syscall::rows() {
        let Some(steps) = row.steps() else { continue };
        if is_one(steps, step) {
            owners.push((steps.functions.len(), row.marks.is_empty(), row.about.usage));
        }
    }
    // A store is more likely to be meant than a load.
    owners.sort_by_key(|owner| (owner.0, owner.1));
    owners.into_iter().map(|owner| owner.2).collect()
}

/// An error if a text is not an anchor. `row` is that of the call that it stands in, if that is known.
pub(crate) fn check_anchor(name: &str, at: Span, row: Option<&'static Syscall>) -> Result<(), Diagnostic> {
    if anchors::names().any(|n| n == name) {
        return Ok(());
    }
    let diagnostic = Diagnostic::new(at, format!("unknown step {}", quote(name)));
    let word = name.strip_suffix("()").unwrap_or(name);
    if let Some(step) = step(word) {
        return Err(diagnostic.help(format!("it is called `{step}` here")));
    }
    let own = row.and_then(Syscall::steps).into_iter();
    let own = own.flat_map(|steps| {
        steps.marks.iter().chain(steps.functions).copied().chain(steps.primitives().map(Prim::name))
    });
    let near = did_you_mean(name, own).or_else(|| did_you_mean(name, anchors::names()));
    Err(diagnostic.help(match (near, row) {
        (Some(near), _) => near,
        (None, Some(row)) => steps_of(row),
        (None, None) => {
            "a step is a mark, a primitive or a function of the model, such as `gup`, `page_count` or \
             `do_wp_page`; `cowrace list --calls` prints them"
                .to_owned()
        }
    }))
}

/// An error if an anchor is no step of a call, whatever the kernel. If the model was changed since the steps of calls were
/// listed, they are not known. `call` is how the call is written.
pub(crate) fn check_step(name: &str, at: Span, call: &str, row: &'static Syscall) -> Result<(), Diagnostic> {
    if row.marks.contains(&name) || row.steps().is_none_or(|steps| is_one(steps, name)) {
        return Ok(());
    }
    let owners = owners(name);
    let named: Vec<String> = owners.iter().take(MOST).map(|usage| format!("`{usage}`")).collect();
    let more = if owners.len() > MOST { " and others" } else { "" };
    let help = match named.is_empty() {
        true => "`cowrace list --calls` prints the steps of each call".to_owned(),
        false => format!("it is a step of {}{more}; `cowrace list --calls` prints all", named.join(", ")),
    };
    Err(Diagnostic::new(at, format!("{call} has no step {}", quote(name))).help(help))
}

/// Whether a name is that of a step.
fn is_one(steps: &Steps, name: &str) -> bool {
    let named = steps.marks.iter().chain(steps.functions).any(|step| *step == name);
    named || steps.primitives().any(|primitive| primitive.name() == name)
}

/// The steps of a call in a sentence.
pub(crate) fn steps_of(row: &Syscall) -> String {
    let list = |names: &mut dyn Iterator<Item = &'static str>| {
        names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
    };
    let Some(steps) = row.steps() else {
        let name = row.name();
        return format!("the model was changed; run `cargo xtask model` to list the steps of `{name}` again");
    };
    let marks = list(&mut row.marks.iter().copied());
    let functions = list(&mut steps.functions.iter().copied());
    let parts: Vec<String> = [marks, functions].into_iter().filter(|part| !part.is_empty()).collect();
    let more = "primitives such as `page_count` are steps as well: `cowrace list --calls` prints them all";
    match parts.is_empty() {
        true => format!("`{}` has no steps", row.name()),
        false => format!("the steps of `{}` are {}; {more}", row.name(), parts.join(", ")),
    }
}
