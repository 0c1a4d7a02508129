//! Rates that all processes share, where a store keeps them.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{Arc, Check, Key, Point, Result};
use crate::{
    backend::{Pace, native::Native},
    bridge::block_on,
};

pub(super) const POINTS: &[(&str, Check)] = &[
    ("a rate lets so many come at once, and then none", burst),
    ("a rate is no entry", apart),
    ("a rate lets the next come when its time has", next),
    ("a call may take many intervals", many),
    ("what is due later than the rate can have made it says nothing", astray),
    ("of many that come at once so many may", together),
];

const MINUTE: Duration = Duration::from_secs(60);

/// One a minute, and so many at once.
fn pace(burst: u32) -> Pace {
    Pace::new(MINUTE, MINUTE * (burst - 1))
}

fn take(native: &Arc<dyn Native>, key: &Key, pace: Pace) -> Result<Duration> {
    block_on(native.pace(key.clone(), pace))
}

/// The store as one that keeps rates; if it says it does not, that is checked.
fn keeper(point: &Point<'_>) -> Option<Arc<dyn Native>> {
    let native = point.backend.native();
    if point.can().pace {
        return Some(native.unwrap_or_else(|| point.fail("it says it keeps rates, and has no way to ask for one")));
    }
    if let Some(native) = native {
        point.unsupported("pace", take(&native, &point.key("one"), pace(1)));
    }
    None
}

impl Point<'_> {
    #[track_caller]
    fn comes(&self, native: &Arc<dyn Native>, key: &Key, pace: Pace) {
        let wait = self.must("pace", take(native, key, pace));
        self.check(wait.is_zero(), &format!("a call has to wait for {wait:?} whose time has come"));
    }

    #[track_caller]
    fn waits(&self, native: &Arc<dyn Native>, key: &Key, pace: Pace) {
        let wait = self.must("pace", take(native, key, pace));
        self.check(!wait.is_zero(), "a call came before its time");
        let longest = pace.interval + Duration::from_millis(1);
        self.check(wait <= longest, &format!("a call has to wait for {wait:?}, of a rate of one in {longest:?}"));
    }
}

fn burst(point: &mut Point<'_>) {
    let Some(native) = keeper(point) else { return };
    let view = (point.open)().native().unwrap_or_else(|| point.fail("another view keeps no rates"));
    for (name, most) in [("one", 1), ("three", 3)] {
        let key = point.key(name);
        for turn in 0..most {
            point.comes(if turn % 2 == 0 { &native } else { &view }, &key, pace(most));
        }
        point.waits(&native, &key, pace(most));
        point.waits(&view, &key, pace(most));
    }
    point.comes(&native, &point.key("another"), pace(1));
}

fn apart(point: &mut Point<'_>) {
    let Some(native) = keeper(point) else { return };
    let (own, key) = (point.namespace(), point.key("one"));
    point.comes(&native, &key, pace(1));
    point.expect(&key, None);
    if point.can().scan {
        point.check(point.must("len", point.backend.len(&own)) == 0, "a rate counts as an entry");
    }
    point.put(&key, b"entry");
    point.waits(&native, &key, pace(1));
    point.expect(&key, Some(b"entry"));
    point.check(point.must("remove", point.backend.remove(&key)), "the entry was not there");
    point.must("sweep", point.backend.sweep(&own, super::SystemTime::now()));
    if point.can().clear {
        point.must("clear", point.backend.clear(&own));
    }
    point.waits(&native, &key, pace(1));
}

fn next(point: &mut Point<'_>) {
    let Some(native) = keeper(point) else { return };
    let (key, pace) = (point.key("one"), Pace::new(Duration::from_millis(300), Duration::ZERO));
    let start = Instant::now();
    let mut come = 0;
    while come < 4 {
        match point.must("pace", take(&native, &key, pace)) {
            Duration::ZERO => come += 1,
            wait => thread::sleep(wait),
        }
        point.check(start.elapsed() < Duration::from_secs(20), "four calls, 300 ms apart, did not come in 20 s");
    }
    // A server and this process may see time go by a little differently.
    let least = Duration::from_millis(3 * 300 - 50);
    point.check(start.elapsed() >= least, &format!("four calls, 300 ms apart, came in {:?}", start.elapsed()));
}

fn many(point: &mut Point<'_>) {
    let Some(native) = keeper(point) else { return };
    let key = point.key("one");
    point.comes(&native, &key, Pace::new(MINUTE * 100, MINUTE));
    let wait = point.must("pace", take(&native, &key, Pace::new(MINUTE, MINUTE)));
    let expected = MINUTE * 99;
    point.check(
        wait <= expected && expected < wait + MINUTE,
        &format!("the next comes after {wait:?}, not {expected:?}"),
    );
}

fn astray(point: &mut Point<'_>) {
    let Some(native) = keeper(point) else { return };
    let key = point.key("one");
    point.comes(&native, &key, Pace::new(MINUTE * 60 * 24 * 7, Duration::ZERO));
    point.comes(&native, &key, pace(1));
    point.waits(&native, &key, pace(1));
}

fn together(point: &mut Point<'_>) {
    if keeper(point).is_none() {
        return;
    }
    let key = point.key("one");
    let answers = super::together::spread(point, 8, |_, view| {
        let ask = |native: Arc<dyn Native>| (0..3).map(|_| take(&native, &key, pace(10))).collect::<Vec<_>>();
        view.native().map(ask).unwrap_or_default()
    });
    let waits: Vec<_> = answers.into_iter().flatten().map(|answer| point.must("pace", answer)).collect();
    let came = waits.iter().filter(|wait| wait.is_zero()).count();
    point.check(came == 10, &format!("of 24 calls that came at once {came} could, not 10"));
}
