//! A function and its reference, step by step.

use std::{
    collections::VecDeque,
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, Once, PoisonError},
    time::Duration,
};

use cacher::{Removal, Stats, testing::ManualClock};

use crate::{
    model::{Counts, Model, Outcome, Rules},
    random::Random,
    source::{Answer, BROKEN, Mode, Source},
};

/// A function.
pub(crate) struct Subject {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) call: fn(u64) -> Answer,
    pub(crate) refresh: fn(u64) -> Answer,
    pub(crate) insert: fn(u64, Option<u64>) -> bool,
    pub(crate) peek: fn(u64) -> Option<Option<u64>>,
    pub(crate) invalidate: fn(u64) -> Removal,
    pub(crate) invalidate_tag: fn(&str) -> Removal,
    pub(crate) clear: fn() -> Removal,
    pub(crate) stats: fn() -> Stats,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Call(u64),
    Refresh(u64),
    Insert(u64, Option<u64>),
    Peek(u64),
    Invalidate(u64),
    InvalidateTag(u64),
    Clear,
    Source(Mode, u64),
    Wait(u64),
}

const KEYS: u64 = 3;
const STEPS: u64 = 10_000;

/// What is loaded while any tag is invalidated may be stored nowhere: no walk does so to another.
static ALONE: Mutex<()> = Mutex::new(());

/// Walks with a function and with its reference, and compares.
pub(crate) fn walk(source: &'static Source, rules: Rules, subject: impl FnOnce(Arc<ManualClock>) -> Subject) {
    let _alone = rules.tag.map(|_| ALONE.lock().unwrap_or_else(PoisonError::into_inner));
    hush();
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    source.at(&clock);
    let number = |name: &str| env::var(name).ok().and_then(|number| number.parse().ok());
    let (seed, steps) = (number("CACHER_TEST_SEED").unwrap_or(1), number("CACHER_TEST_STEPS").unwrap_or(STEPS));
    let (subject, mut model, mut random) = (subject(clock), Model::new(rules), Random::new(seed));
    let mut last = VecDeque::new();
    for nth in 0..steps {
        let step = any(&mut random, rules, nth);
        last.push_back(format!("{} {step:?}", model.now - 1000));
        if last.len() > 40 {
            last.pop_front();
        }
        let (is, should) = (actual(&subject, source, rules, step), expected(&mut model, step));
        let done = format!("CACHER_TEST_SEED={seed}, step {nth}:\n{}\n{model:#?}", Vec::from(last.clone()).join("\n"));
        assert_eq!(is, should, "{done}");
        assert_eq!(source.reads(), model.counts.loads, "{done}");
        assert_eq!(counts((subject.stats)()), model.counts, "{done}");
    }
    let Counts { hits, stale_hits, error_hits, loads, load_failures } = model.counts;
    assert!(hits * 10 > steps && loads * 20 > steps && load_failures > 0, "{:?}", model.counts);
    assert!(stale_hits > 0 || rules.revalidate + rules.if_error == 0, "{:?}", model.counts);
    assert!(error_hits > 0 || rules.error_ttl.is_none(), "{:?}", model.counts);
}

fn counts(stats: Stats) -> Counts {
    let Stats { hits, stale_hits, error_hits, loads, load_failures, .. } = stats;
    Counts { hits, stale_hits, error_hits, loads, load_failures }
}

/// What a step came to, as one type.
#[derive(Debug, PartialEq)]
enum Said {
    Called(Outcome),
    Found(Option<Option<u64>>),
    Kept(bool),
    Nothing,
}

fn any(random: &mut Random, rules: Rules, nth: u64) -> Step {
    let key = random.below(KEYS);
    match random.below(40) {
        0..=17 => Step::Call(key),
        18 => Step::Refresh(key),
        19 => Step::Insert(key, (!random.once_in(4)).then(|| 1_000_000 + nth)),
        20 => Step::Peek(key),
        21 => Step::Invalidate(key),
        22 if rules.tag.is_some() => Step::InvalidateTag(key),
        22 if random.once_in(4) => Step::Clear,
        22..=26 => {
            let modes =
                [Mode::Up, Mode::Up, Mode::Up, Mode::Empty, Mode::Down, Mode::Down, Mode::Lasting, Mode::Broken];
            let takes = if random.once_in(3) { 1 + random.below(3_000) } else { 0 };
            Step::Source(modes[usize::try_from(random.below(8)).unwrap()], takes)
        }
        _ => {
            // Whole seconds often, so that ends are met exactly.
            let longest = [0, 0, 10, 1_000, 5_000, 20_000][usize::try_from(random.below(6)).unwrap()];
            let some = if longest == 0 { 1_000 * (1 + random.below(5)) } else { 1 + random.below(longest) };
            Step::Wait(some)
        }
    }
}

fn actual(subject: &Subject, source: &Source, rules: Rules, step: Step) -> Said {
    let called = |call: fn(u64) -> Answer, key| {
        let ended = catch_unwind(AssertUnwindSafe(|| call(key)));
        Said::Called(ended.map_or(Outcome::Panicked, Outcome::Returned))
    };
    match step {
        Step::Call(key) => called(subject.call, key),
        Step::Refresh(key) => called(subject.refresh, key),
        Step::Insert(key, value) => Said::Kept((subject.insert)(key, value)),
        Step::Peek(key) => Said::Found((subject.peek)(key)),
        Step::Invalidate(key) => {
            assert_ne!((subject.invalidate)(key), Removal::Pending);
            Said::Nothing
        }
        Step::InvalidateTag(key) => {
            (subject.invalidate_tag)(&format!("{}:{key}", rules.tag.unwrap()));
            Said::Nothing
        }
        Step::Clear => {
            assert_ne!((subject.clear)(), Removal::Pending);
            Said::Nothing
        }
        Step::Source(mode, takes) => {
            source.is(mode, takes);
            Said::Nothing
        }
        Step::Wait(some) => {
            subject.clock.advance(Duration::from_millis(some));
            Said::Nothing
        }
    }
}

fn expected(model: &mut Model, step: Step) -> Said {
    match step {
        Step::Call(key) => Said::Called(model.call(key)),
        Step::Refresh(key) => Said::Called(model.refresh(key)),
        Step::Insert(key, value) => Said::Kept(model.insert(key, value)),
        Step::Peek(key) => Said::Found(model.peek(key)),
        Step::Invalidate(key) | Step::InvalidateTag(key) => {
            model.remove(key);
            Said::Nothing
        }
        Step::Clear => {
            model.clear();
            Said::Nothing
        }
        Step::Source(mode, takes) => {
            model.source = (mode, takes);
            Said::Nothing
        }
        Step::Wait(some) => {
            model.now += some;
            Said::Nothing
        }
    }
}

/// Lets the panics of sources go unsaid.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let text = panic.payload().downcast_ref::<&str>().copied();
            let text = text.or_else(|| panic.payload().downcast_ref::<String>().map(String::as_str));
            if text != Some(BROKEN) {
                usual(panic);
            }
        }));
    });
}
