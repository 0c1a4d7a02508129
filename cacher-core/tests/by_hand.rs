//! What the attribute expands to, written by hand: the call path without the macro.

use std::{
    marker::PhantomData,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
};

use cacher_core::rt;

static RUNS: AtomicU64 = AtomicU64::new(0);

fn site() -> &'static rt::Site {
    static SITE: rt::Site = rt::Site::new();
    &SITE
}

fn marker() -> PhantomData<impl Sized + 'static> {
    struct CacherMarker;
    PhantomData::<CacherMarker>
}

fn configure() -> rt::Config {
    rt::Config { arguments: &["name", "times"], ..rt::Config::default() }
}

macro_rules! recipe {
    () => {
        rt::shape(marker(), rt::held!(String), rt::InMemory, configure, |_| rt::Terms::new(), |_| 0)
    };
}

fn repeat(name: &str, times: u64) -> String {
    let k0 = &name;
    let k1 = &times;
    let returns = rt::returns!(rt::Plain, String);
    match rt::lookup(
        rt::in_scope(),
        site(),
        &recipe!(),
        &returns,
        &rt::Borrowed((rt::key_part(rt::part!(k0)), rt::key_part(rt::part!(k1)))),
        || rt::Terms::new().ttl(std::time::Duration::from_secs(60)),
    ) {
        rt::Step::Done(returned) => returned,
        rt::Step::Run(mut leader) => {
            let returned = leader.run(move || -> String {
                RUNS.fetch_add(1, SeqCst);
                name.repeat(usize::try_from(times).unwrap())
            });
            match rt::outcome(leader, &returns, returned) {
                rt::Step::Done(returned) => returned,
                rt::Step::Run(storing) => storing.finish(&returns),
            }
        }
    }
}

#[test]
fn a_second_call_is_a_hit() {
    assert_eq!(repeat("ab", 2), "abab");
    assert_eq!(repeat("ab", 2), "abab");
    assert_eq!(repeat("ab", 3), "ababab");
    assert_eq!(RUNS.load(SeqCst), 2);
    let entry = rt::entry(
        site(),
        &recipe!(),
        &rt::Borrowed((rt::key_part(rt::part!(&"ab")), rt::key_part(rt::part!(&2_u64)))),
        rt::Terms::new(),
    );
    assert_eq!(entry.peek().as_deref(), Some("abab"));
    entry.invalidate();
    assert_eq!(entry.peek(), None);
    repeat("ab", 2);
    assert_eq!(RUNS.load(SeqCst), 3);
}
