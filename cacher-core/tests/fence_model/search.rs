//! Walks through every interleaving of a scene.

use std::{
    collections::{HashSet, VecDeque},
    fmt::{self, Write},
};

use foldhash::fast::FixedState;

use crate::{
    protocol::{Protocol, Scene},
    turn::Turn,
    world::{Id, Step, World},
};

/// A state that must not be, and the shortest way there.
pub(crate) struct Flaw {
    what: &'static str,
    trace: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:\n{}", self.what, self.trace)
    }
}

/// How a state was reached first.
struct Mark {
    world: World,
    from: usize,
    by: Id,
}

/// Visits each state once, the nearest first, up to the first that breaks the law or in which all have to wait.
pub(crate) fn walk(protocol: Protocol, scene: &Scene<'_>) -> Option<Flaw> {
    let first = World::new(scene);
    let mut marks = vec![Mark { world: first, from: 0, by: 0 }];
    let mut seen = HashSet::with_hasher(FixedState::default());
    seen.insert(first);
    let mut waiting = VecDeque::from([0]);
    while let Some(at) = waiting.pop_front() {
        let world = marks[at].world;
        let nexts = successors(protocol, scene, world);
        let stuck = (nexts.is_empty() && !world.at_rest()).then_some("nobody can go on");
        if let Some(what) = world.breach(protocol).or(stuck) {
            let trace = trace(scene, &marks, at);
            return Some(Flaw { what, trace });
        }
        for (by, next) in nexts {
            if seen.insert(next) {
                waiting.push_back(marks.len());
                marks.push(Mark { world: next, from: at, by });
            }
        }
    }
    None
}

fn successors(protocol: Protocol, scene: &Scene<'_>, world: World) -> Vec<(Id, World)> {
    let turn = |id| Turn { protocol, scene, world, id };
    let mut nexts = Vec::new();
    for id in (0..).take(scene.roles.len()) {
        nexts.extend(turn(id).advance().map(|next| (id, next)));
        nexts.extend(turn(id).abandon().map(|next| (id, next)));
    }
    nexts
}

/// One line for each step to a state: who, what, and the world after it.
fn trace(scene: &Scene<'_>, marks: &[Mark], at: usize) -> String {
    let mut path = vec![at];
    while let Some(&at) = path.last().filter(|at| **at != 0) {
        path.push(marks[at].from);
    }
    path.reverse();
    let mut text = format!("{:30}{}\n", "at the start", shared(&marks[0].world));
    for pair in path.windows(2) {
        let (before, after) = (&marks[pair[0]].world, &marks[pair[1]]);
        let who = format!("{:?} {}", scene.roles[usize::from(after.by)], after.by);
        let what = deed(before, after);
        let _ = writeln!(text, "{who:15}{what:20}{}", shared(&after.world));
    }
    text
}

fn deed(before: &World, after: &Mark) -> String {
    let actor = usize::from(after.by);
    let (was, is) = (before.actors[actor], after.world.actors[actor]);
    match was.step {
        _ if is.is_gone() && !was.is_gone() => "its caller goes".to_owned(),
        Step::Enter if matches!(is.step, Step::Follow(_)) => "Enter, as follower".to_owned(),
        step => format!("{step:?}"),
    }
}

fn shared(world: &World) -> String {
    let World { source, stores: [first, second], memory, cell, generation, .. } = world;
    let stands = |value: Option<_>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:?}"));
    format!(
        "source {source:?}, stores {} {}, memory {}, epoch {} of generation {generation}",
        stands(*first),
        stands(*second),
        stands(memory.map(|(value, _)| value)),
        cell.epoch,
    )
}
