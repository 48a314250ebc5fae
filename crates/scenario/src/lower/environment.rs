//! The actions of the environment, as actors of their own.

use cowrace_mm::world::{
    ActorSpec, Area, Backing, Call, CallSpec, MAX_ACTORS, MAX_CALLS, Origin, Step, Target, Thp,
};

use super::names::Names;
use crate::diagnostic::{Diagnostic, Report};
use crate::heading::key;
use crate::syntax::EnvDecl;

/// Appends the actors, and the texts of their calls.
pub(super) fn add(
    env: &EnvDecl,
    names: &Names,
    areas: &[Area],
    actors: &mut Vec<ActorSpec>,
    texts: &mut Vec<String>,
    report: &mut Report,
) {
    let drawn = actors.len();
    let mut at = env.actors.clone();
    // In the order of the documentation, whatever their order in the file.
    at.sort_by_key(|a| ["lru_drain", "spec_ref", "kswapd"].iter().position(|n| *n == a.0));
    for (name, span) in at {
        if names.columns.iter().any(|c| c.key == key(name)) {
            report.push(
                Diagnostic::new(
                    span,
                    format!("`{name}` is the name of a column and of an actor of the environment"),
                )
                .help("give the column another name"),
            );
            continue;
        }
        if actors.len() == MAX_ACTORS {
            report.push(
                Diagnostic::new(span, format!("{drawn} columns leave no room for the actor `{name}`")).help(
                    format!("the columns and the environment have at most {MAX_ACTORS} actors together"),
                ),
            );
            continue;
        }
        let anon = || {
            let boot = |a: &Area| a.backing == Backing::Anon && names.mms[a.mm].origin == Origin::Boot;
            let has_page = |a: &Area| a.thp != Some(Thp::Range);
            let here = areas.iter().enumerate().filter(move |(_, a)| boot(a) && has_page(a));
            here.map(|(va, a)| Target { mm: a.mm, va })
        };
        let calls: Vec<(Call, String)> = match name {
            "lru_drain" => vec![(Call::LruAddDrainAll, "lru_add_drain_all()".to_owned())],
            "spec_ref" => anon()
                .map(|t| (Call::SpeculativeRef { target: t }, text("speculative_ref", t, names, areas)))
                .collect(),
            _ => (0..env.environment.reclaim)
                .flat_map(|_| anon())
                .map(|t| (Call::Reclaim { target: t }, text("reclaim", t, names, areas)))
                .collect(),
        };
        if calls.is_empty() && report.is_empty() {
            report.push(
                Diagnostic::new(
                    span.clone(),
                    format!("`{name}` has nothing to do: there is no anonymous area"),
                )
                .help("declare one, for example `mm A { buf: anon }`"),
            );
        }
        let mut steps = Vec::new();
        if texts.len() + calls.len() > MAX_CALLS {
            report
                .push(Diagnostic::new(span, format!("the calls leave no room for those of `{name}`")).help(
                    format!("the columns and the environment make at most {MAX_CALLS} calls together"),
                ));
            continue;
        }
        for (call, text) in calls {
            let id = texts.len() as u16;
            steps.push(Step::Call(CallSpec { id, dest: None, call }));
            texts.push(text);
        }
        actors.push(ActorSpec { name: name.to_owned(), mm: None, steps });
    }
}

fn text(call: &str, target: Target, names: &Names, areas: &[Area]) -> String {
    let Area { name, thp, .. } = &areas[target.va];
    let page = if let Some(Thp::Page(nth)) = thp { format!("[{nth}]") } else { String::new() };
    format!("{call}({}.{name}{page})", names.mms[target.mm].name)
}
