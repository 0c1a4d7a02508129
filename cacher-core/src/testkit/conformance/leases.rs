//! Leases of loads, where a store gives them.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{Arc, Check, Key, Point, Result, SystemTime};
use crate::{backend::native::Native, bridge::block_on};

pub(super) const POINTS: &[(&str, Check)] = &[
    ("a lease is one owner's until it ends", exclusive),
    ("an entry is put under the lease that holds", put),
    ("a lease is no entry", apart),
    ("a lease ends by itself", expiry),
    ("clear ends the leases of its namespace", clear),
    ("of many that ask for a lease at once one gets it", one_owner),
];

const LONG: Duration = Duration::from_secs(60);

/// A view of a store that gives leases.
struct Lessor(Arc<dyn Native>);

impl Lessor {
    fn take(&self, key: &Key, owner: &str, life: Duration) -> Result<Option<String>> {
        block_on(self.0.lease(key.clone(), owner.to_owned(), life))
    }

    fn put(&self, key: &Key, entry: &[u8], token: &str) -> Result<bool> {
        block_on(self.0.put_leased(key.clone(), entry.to_vec(), None, token.to_owned()))
    }

    fn end(&self, key: &Key, token: Option<&str>) -> Result<()> {
        block_on(self.0.end_lease(key.clone(), token.map(str::to_owned)))
    }
}

/// The store as one that gives leases; if it says it does not, that is checked.
fn lessor(point: &Point<'_>) -> Option<Lessor> {
    let lessor = point.backend.native().map(Lessor);
    if point.can().lease {
        return Some(lessor.unwrap_or_else(|| point.fail("it says it gives leases, and has no way to ask for one")));
    }
    if let Some(lessor) = lessor {
        let key = point.key("one");
        point.unsupported("lease", lessor.take(&key, "ann", LONG));
        point.unsupported("put_leased", lessor.put(&key, b"entry", "ann"));
        point.unsupported("end_lease", lessor.end(&key, None));
    }
    None
}

impl Point<'_> {
    fn token(&self, lessor: &Lessor, key: &Key, owner: &str) -> String {
        let taken = self.must("lease", lessor.take(key, owner, LONG));
        taken.unwrap_or_else(|| self.fail(&format!("{owner} did not get a lease that nobody has")))
    }

    #[track_caller]
    fn is_taken(&self, lessor: &Lessor, key: &Key) {
        let taken = self.must("lease", lessor.take(key, "somebody-else", LONG));
        self.check(taken.is_none(), "two owners have one lease");
    }

    #[track_caller]
    fn is_refused(&self, lessor: &Lessor, key: &Key, token: &str) {
        let put = self.must("put_leased", lessor.put(key, b"late", token));
        self.check(!put, "an entry was put under a lease that does not hold");
    }
}

fn exclusive(point: &mut Point<'_>) {
    let Some(lessor) = lessor(point) else { return };
    let (key, other) = (point.key("one"), point.key("two"));
    let first = point.token(&lessor, &key, "ann");
    point.is_taken(&lessor, &key);
    point.token(&lessor, &other, "bob");
    // An answer that was lost.
    let again = point.token(&lessor, &key, "ann");
    point.is_taken(&lessor, &key);
    point.must("end_lease", lessor.end(&key, Some("no token")));
    point.is_taken(&lessor, &key);
    point.must("end_lease", lessor.end(&key, Some(&again)));
    point.must("end_lease", lessor.end(&key, Some(&again)));
    let next = point.token(&lessor, &key, "ann2");
    point.check(next != first && next != again, "a token was given twice");
    point.must("end_lease", lessor.end(&key, None));
    point.must("end_lease", lessor.end(&key, None));
    point.token(&lessor, &key, "cat");
    point.is_taken(&lessor, &other);
}

fn put(point: &mut Point<'_>) {
    let Some(lessor) = lessor(point) else { return };
    let key = point.key("one");
    point.is_refused(&lessor, &key, "no token");
    let token = point.token(&lessor, &key, "ann");
    point.is_refused(&lessor, &key, "no token");
    point.check(point.must("put_leased", lessor.put(&key, b"first", &token)), "the lease was not that of its token");
    point.expect(&key, Some(b"first"));
    point.is_refused(&lessor, &key, &token);
    // With an entry in place, and another view.
    let token = point.token(&lessor, &key, "bob");
    point.expect(&key, Some(b"first"));
    let other = Lessor((point.open)().native().unwrap_or_else(|| point.fail("another view gives no leases")));
    point.is_taken(&other, &key);
    point.check(point.must("put_leased", other.put(&key, b"second", &token)), "the lease was not that of its token");
    point.expect(&key, Some(b"second"));
    let token = point.token(&lessor, &key, "cat");
    point.must("end_lease", lessor.end(&key, None));
    point.is_refused(&lessor, &key, &token);
    point.expect(&key, Some(b"second"));
    let token = point.token(&lessor, &key, "dan");
    let expires = Some(SystemTime::now() + LONG);
    let putting = lessor.0.put_leased(key.clone(), b"third".to_vec(), expires, token);
    point.check(point.must("put_leased", block_on(putting)), "the lease was not that of its token");
    point.expect(&key, Some(b"third"));
}

fn apart(point: &mut Point<'_>) {
    let Some(lessor) = lessor(point) else { return };
    let (own, key) = (point.namespace(), point.key("one"));
    let token = point.token(&lessor, &key, "ann");
    point.expect(&key, None);
    point.check(!point.must("remove", point.backend.remove(&key)), "remove found an entry where a lease is");
    let token = match point.must("lease", lessor.take(&key, "bob", LONG)) {
        // To remove an entry may end its lease.
        Some(token) => token,
        None => token,
    };
    if point.can().scan {
        point.check(point.must("len", point.backend.len(&own)) == 0, "a lease counts as an entry");
        let scan = point.backend.scan(&own, &mut |_| point.fail("scan showed a lease"));
        point.must("scan", scan);
    }
    if point.can().touch {
        let touched = point.must("touch", point.backend.touch(&key, Some(SystemTime::now() + LONG)));
        point.check(!touched, "touch found an entry where a lease is");
    }
    point.must("sweep", point.backend.sweep(&own, SystemTime::now()));
    point.is_taken(&lessor, &key);
    point.check(point.must("put_leased", lessor.put(&key, b"entry", &token)), "the lease did not hold");
    if point.can().put_if_absent {
        let key = point.key("two");
        point.token(&lessor, &key, "ann");
        let put = point.must("put_if_absent", point.backend.put_if_absent(&key, b"entry", None));
        point.check(put, "put_if_absent found an entry where a lease is");
        point.expect(&key, Some(b"entry"));
    }
}

/// A lease of 20 ms that takes longer ends at a whole second.
const COARSE: Duration = Duration::from_millis(200);

fn expiry(point: &mut Point<'_>) {
    let Some(lessor) = lessor(point) else { return };
    let (given_up, key) = (point.key("given up"), point.key("one"));
    let short = |key: &Key| {
        let token = point.must("lease", lessor.take(key, "ann", Duration::from_millis(20)));
        token.unwrap_or_else(|| point.fail("a lease that nobody has was not given"))
    };
    let (over, token) = (short(&given_up), short(&key));
    let start = Instant::now();
    let next = loop {
        if let Some(next) = point.must("lease", lessor.take(&key, "bob", LONG)) {
            break next;
        }
        point.check(start.elapsed() < Duration::from_secs(10), "a lease of 20 ms has not ended");
        thread::sleep(Duration::from_millis(5));
    };
    if start.elapsed() > COARSE {
        // It counts seconds, and of several servers each has seconds of its own.
        thread::sleep(Duration::from_secs(1));
    }
    point.is_refused(&lessor, &given_up, &over);
    point.is_refused(&lessor, &key, &token);
    point.must("end_lease", lessor.end(&key, Some(&token)));
    point.is_taken(&lessor, &key);
    point.check(point.must("put_leased", lessor.put(&key, b"entry", &next)), "the lease was not that of its token");
    point.expect(&key, Some(b"entry"));
}

fn clear(point: &mut Point<'_>) {
    let Some(lessor) = lessor(point).filter(|_| point.can().clear) else { return };
    let (own, inner) = (point.namespace(), point.space("::inner"));
    let (key, foreign) = (point.key("one"), super::key(&inner, "one"));
    let tokens = [&key, &foreign].map(|key| point.token(&lessor, key, "ann"));
    point.must("clear", point.backend.clear(&own));
    point.is_refused(&lessor, &key, &tokens[0]);
    point.expect(&key, None);
    point.is_taken(&lessor, &foreign);
    let put = point.must("put_leased", lessor.put(&foreign, b"entry", &tokens[1]));
    point.check(put, "clear ended a lease of another namespace");
}

fn one_owner(point: &mut Point<'_>) {
    if lessor(point).is_none() {
        return;
    }
    for round in 0..10 {
        let key = point.key(&format!("round {round}"));
        let answers = super::together::spread(point, 8, |thread, view| {
            view.native().map_or(Ok(None), |native| Lessor(native).take(&key, &format!("owner-{thread}"), LONG))
        });
        let tokens: Vec<_> = answers.into_iter().filter_map(|answer| point.must("lease", answer)).collect();
        point.check(tokens.len() == 1, &format!("not one owner, but {tokens:?}"));
    }
}
