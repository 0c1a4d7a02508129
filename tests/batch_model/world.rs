//! What a schedule does to a batch and to a plain model of it, and what the model says of each answer.
//!
//! Each item has a version, which every change of it (an invalidation, an insertion, clearing) raises before it begins.
//! A body returns the versions that it found when it began. So an answer is right if its versions are of the items that
//! were asked for, in their order, and none is older than what the last change that had ended before the call left.

use std::{
    cell::Cell,
    collections::{BTreeSet, HashSet},
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::random::Random;

/// How many different items there are.
pub(super) const ITEMS: u64 = 6;

/// What is kept of an item.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Value {
    run: u64,
    item: u64,
    version: u64,
    inserted: bool,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// A body has failed: which one.
    Planned(usize),
    Cache(String),
}

impl From<cacher::Error> for Fault {
    fn from(error: cacher::Error) -> Self {
        Self::Cache(error.to_string())
    }
}

/// What a body returns.
pub(super) type Answer = Result<Vec<Option<Value>>, Fault>;

/// A panic that was planned, and is shown to nobody.
pub(super) struct Planned;

/// What holds of the function that is tried.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub(super) struct Rules {
    /// Absence is kept as a value is.
    pub(super) remembers: bool,
    /// Bodies call the function, so that loads may wait for each other in a circle: then one loads alone.
    pub(super) nested: bool,
    /// A load may be given up after its body has ended: stores answer later.
    pub(super) slow_stores: bool,
    /// What fails leaves the rest of the answer.
    pub(super) partial: bool,
    /// Items are loaded by another call than the one that wants them, though that has gone.
    pub(super) windows: bool,
}

/// One schedule.
pub(super) struct World {
    pub(super) run: u64,
    pub(super) rules: Rules,
    state: Mutex<State>,
}

struct State {
    random: Random,
    now: u64,
    items: Vec<Item>,
    bodies: Vec<Body>,
    /// Calls that go on: since when, for what.
    calls: Vec<(usize, u64, Vec<u64>)>,
    count: usize,
    wrong: Vec<String>,
    calm: bool,
}

#[derive(Default)]
struct Item {
    version: u64,
    /// What a call that starts now may not see less than.
    floor: u64,
    /// Versions that were inserted.
    inserted: HashSet<u64>,
    /// Those of insertions that go on: each may come after what began later and has ended.
    inserting: BTreeSet<u64>,
    /// Changes: when they began and ended.
    changes: Vec<(u64, Option<u64>)>,
}

struct Body {
    ids: Vec<u64>,
    versions: Vec<u64>,
    /// Since when somebody calls for each.
    since: Vec<u64>,
    ended: Option<(u64, End)>,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Returned,
    Failed,
}

/// A call that goes on.
pub(super) struct Call<'w> {
    world: &'w World,
    number: usize,
    start: u64,
    ids: Vec<u64>,
    floors: Vec<u64>,
    /// What others called for when it began.
    others: HashSet<u64>,
    over: Cell<bool>,
}

/// A change that goes on.
pub(super) struct Change<'w> {
    world: &'w World,
    /// Item, place in its list of changes, version.
    items: Vec<(u64, usize, u64)>,
}

/// A body that runs. Dropped half-way, it has failed.
pub(super) struct Running<'w> {
    world: &'w World,
    number: usize,
    ids: Vec<u64>,
}

/// What a body is to do.
pub(super) struct Plan {
    pub(super) pauses: u64,
    /// An item to call the function for, of the body's own.
    pub(super) nested: Option<u64>,
    fate: Fate,
}

enum Fate {
    Return,
    Fail,
    Panic,
}

/// Whether there is no value of an item: a question of its version, so that the model knows.
fn is_absent(item: u64, version: u64) -> bool {
    Random::new(item * 1000 + version).once_in(6)
}

impl World {
    pub(super) fn new(run: u64, seed: u64, rules: Rules) -> Arc<Self> {
        let state = State {
            random: Random::new(seed),
            now: 0,
            items: (0..ITEMS).map(|_| Item::default()).collect(),
            bodies: Vec::new(),
            calls: Vec::new(),
            count: 0,
            wrong: Vec::new(),
            calm: false,
        };
        Arc::new(Self { run, rules, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.now += 1;
        state
    }

    /// From now on bodies return.
    pub(super) fn calm(&self) {
        self.state().calm = true;
    }

    /// What was seen to be wrong.
    pub(super) fn wrong(&self) -> Vec<String> {
        self.state().wrong.clone()
    }

    pub(super) fn complain(&self, text: String) {
        self.state().wrong.push(text);
    }

    /// How many bodies have run, and for how many items.
    pub(super) fn counts(&self) -> (u64, u64) {
        let state = self.state();
        (state.bodies.len() as u64, state.bodies.iter().map(|body| body.ids.len() as u64).sum())
    }

    /// A call begins.
    pub(super) fn call(&self, ids: &[u64]) -> Call<'_> {
        let mut state = self.state();
        let (start, number) = (state.now, state.count);
        state.count += 1;
        let others = state.calls.iter().flat_map(|(.., ids)| ids).copied().collect();
        state.calls.push((number, start, ids.to_vec()));
        let floors = ids.iter().map(|id| state.items[at(*id)].floor).collect();
        Call { world: self, number, start, ids: ids.to_vec(), floors, others, over: Cell::new(false) }
    }

    /// A change begins. `inserts` says that its versions are values.
    pub(super) fn change(&self, ids: &[u64], inserts: bool) -> Change<'_> {
        let (mut state, mut ids) = (self.state(), ids.to_vec());
        ids.sort_unstable();
        ids.dedup();
        let now = state.now;
        let change = |id: u64| {
            let item = &mut state.items[at(id)];
            item.version += 1;
            if inserts {
                item.inserted.insert(item.version);
                item.inserting.insert(item.version);
            }
            item.changes.push((now, None));
            (id, item.changes.len() - 1, item.version)
        };
        Change { world: self, items: ids.into_iter().map(change).collect() }
    }

    /// Something happens that lets items be loaded once more, though nothing has changed.
    pub(super) fn disturb(&self, ids: &[u64]) {
        let mut state = self.state();
        let now = state.now;
        for id in ids {
            state.items[at(*id)].changes.push((now, Some(now)));
        }
    }

    /// A body begins.
    pub(super) fn body(&self, run: u64, ids: &[u64]) -> (Running<'_>, Plan) {
        let mut state = self.state();
        if run != self.run {
            state.wrong.push(format!("a body of run {} is called for run {run}", self.run));
        }
        if ids.is_empty() || ids.iter().collect::<HashSet<_>>().len() < ids.len() {
            state.wrong.push(format!("a body is called for {ids:?}"));
        }
        if !self.rules.nested {
            ids.iter().for_each(|id| state.explain(*id, self.rules.remembers));
        }
        let number = state.bodies.len();
        let since = ids.iter().map(|id| state.called_since(*id)).collect();
        let versions = ids.iter().map(|id| state.items[at(*id)].version).collect();
        state.bodies.push(Body { ids: ids.to_vec(), versions, since, ended: None });
        let plan = state.plan(self.rules, ids);
        (Running { world: self, number, ids: ids.to_vec() }, plan)
    }
}

fn at(id: u64) -> usize {
    usize::try_from(id).expect("it is small")
}

impl State {
    fn plan(&mut self, rules: Rules, ids: &[u64]) -> Plan {
        let pauses = self.random.below(4);
        let other = (rules.nested && self.random.once_in(2)).then(|| self.random.below(ITEMS));
        let fate = match self.random.below(10) {
            0 if !self.calm => Fate::Fail,
            1 if !self.calm => Fate::Panic,
            _ => Fate::Return,
        };
        Plan { pauses, nested: other.filter(|id| !self.calm && !ids.contains(id)), fate }
    }

    /// Since when somebody has called for an item.
    fn called_since(&self, id: u64) -> u64 {
        let starts = self.calls.iter().filter(|(_, _, ids)| ids.contains(&id)).map(|(_, start, _)| *start);
        starts.min().unwrap_or(self.now)
    }

    /// Whether an item may be loaded now, as another body has been asked for it: that one has failed or had no value, or
    /// something has changed since it was called for.
    fn explain(&mut self, id: u64, remembers: bool) {
        for (number, body) in self.bodies.iter().enumerate() {
            let Some(place) = body.ids.iter().position(|other| *other == id) else { continue };
            let in_vain = match body.ended {
                None => false,
                Some((_, End::Failed)) => true,
                Some((_, End::Returned)) => !remembers && is_absent(id, body.versions[place]),
            };
            let since = body.since[place];
            let changed = self.items[at(id)].changes.iter().any(|(_, end)| end.is_none_or(|end| end >= since));
            if !in_vain && !changed {
                self.wrong.push(format!("item {id} is loaded again, and body {number} had it"));
                return;
            }
        }
    }
}

impl Plan {
    /// What is left to do for a body.
    pub(super) fn end(self, running: Running<'_>) -> Answer {
        match self.fate {
            Fate::Return => Ok(running.answer()),
            Fate::Fail => Err(Fault::Planned(running.number)),
            Fate::Panic => resume_unwind(Box::new(Planned)),
        }
    }
}

impl Running<'_> {
    fn answer(self) -> Vec<Option<Value>> {
        let mut state = self.world.state();
        let (now, run) = (state.now, self.world.run);
        let body = &mut state.bodies[self.number];
        body.ended = Some((now, End::Returned));
        let value = |(item, version): (&u64, &u64)| {
            let value = Value { run, item: *item, version: *version, inserted: false };
            (!is_absent(*item, *version)).then_some(value)
        };
        self.ids.iter().zip(&body.versions).map(value).collect()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.world.state();
        let now = state.now;
        state.bodies[self.number].ended.get_or_insert((now, End::Failed));
    }
}

impl Change<'_> {
    /// What is to be inserted.
    pub(super) fn values(&self) -> (Vec<u64>, Vec<Value>) {
        let value = |(item, _, version): &(u64, usize, u64)| {
            (*item, Value { run: self.world.run, item: *item, version: *version, inserted: true })
        };
        self.items.iter().map(value).unzip()
    }

    /// It has been done.
    pub(super) fn done(&self) {
        let mut state = self.world.state();
        for (id, _, version) in &self.items {
            let item = &mut state.items[at(*id)];
            let first = item.inserting.first().map_or(*version, |first| *first.min(version));
            item.floor = item.floor.max(first);
        }
    }
}

/// One that is given up may have been done, or not.
impl Drop for Change<'_> {
    fn drop(&mut self) {
        let mut state = self.world.state();
        let now = state.now;
        for (id, place, version) in &self.items {
            let item = &mut state.items[at(*id)];
            item.changes[*place].1 = Some(now);
            item.inserting.remove(version);
        }
    }
}

impl Call<'_> {
    /// The call has returned this for its items.
    pub(super) fn returned(&self, answer: &Answer) {
        self.over.set(true);
        let mut state = self.world.state();
        let wrong = match answer {
            Ok(values) if values.len() == self.ids.len() => {
                let each = self.ids.iter().zip(&self.floors).zip(values);
                let each = each.map(|((id, floor), value)| state.judge(self.world, *id, *floor, value.as_ref()));
                each.flatten().next()
            }
            Ok(values) => Some(format!("{} values for {:?}", values.len(), self.ids)),
            Err(Fault::Planned(number)) => state.judge_fault(self, *number),
            Err(Fault::Cache(text)) => Some(text.clone()),
        };
        state.wrong.extend(wrong.map(|wrong| format!("call {} of {:?}: {wrong}", self.number, self.ids)));
        if answer.is_err() && self.world.rules.slow_stores {
            drop(state);
            self.world.disturb(&self.ids);
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let mut state = self.world.state();
        if self.over.get() || !self.world.rules.windows {
            state.calls.retain(|(number, ..)| *number != self.number);
        }
    }
}

impl State {
    fn judge(&self, world: &World, id: u64, floor: u64, value: Option<&Value>) -> Option<String> {
        let item = &self.items[at(id)];
        let mut versions = floor..=item.version;
        match value {
            // What fails leaves the rest of the answer.
            None if world.rules.partial => None,
            None if versions.any(|version| is_absent(id, version)) => None,
            None => Some(format!("item {id} is lost")),
            Some(value) if (value.run, value.item) != (world.run, id) => Some(format!("{value:?} is of another item")),
            Some(value) if value.version < floor => Some(format!("{value:?} is older than {floor}")),
            Some(Value { version, inserted, .. }) => {
                let known = if *inserted { item.inserted.contains(version) } else { !is_absent(id, *version) };
                let made = versions.contains(version) && known;
                (!made).then(|| format!("version {version} of item {id} was never made"))
            }
        }
    }

    /// An error is that of a body which was asked for one of the items, and was not over when the call began: it had not
    /// ended, or its caller had not heard of it yet.
    fn judge_fault(&self, call: &Call<'_>, number: usize) -> Option<String> {
        let body = &self.bodies[number];
        let shared = body.ids.iter().any(|id| call.ids.contains(id));
        let late = matches!(body.ended, Some((end, End::Failed)) if end >= call.start);
        let told = late || body.ids.iter().any(|id| call.others.contains(id));
        (!shared || !told).then(|| format!("the error of body {number}, for {:?}", body.ids))
    }
}
