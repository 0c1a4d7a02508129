//! Two strategies of one's own and a transform: a switch that keeps the cache frozen, a budget of loads, and values that
//! are kept in another form than they are returned.
//!
//! `cargo run --example custom_strategy`

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};

use cacher::{
    Error, Removal, cache,
    strategy::{Call, Draft, Permit, Strategy, Transform, Verdict},
};

/// While it is on nothing is written and nothing removed.
#[derive(Default)]
struct Frozen(AtomicBool);

impl Frozen {
    fn verdict(&self) -> Verdict {
        if self.0.load(SeqCst) { Verdict::Refuse } else { Verdict::Proceed }
    }
}

impl Strategy for Frozen {
    fn ask_write(&self, _call: &Call<'_>, _draft: &mut Draft) -> Verdict {
        self.verdict()
    }

    fn ask_remove(&self, _call: &Call<'_>) -> Verdict {
        self.verdict()
    }

    fn ask_clear(&self, _call: &Call<'_>) -> Verdict {
        self.verdict()
    }
}

/// As many loads as were paid for.
struct Budget(AtomicU64);

impl Strategy for Budget {
    fn ask_load(&self, _call: &Call<'_>) -> Permit {
        if self.0.load(SeqCst) > 0 { Permit::Now } else { Permit::Refuse }
    }

    /// Only what happens is paid for. Another thread may have spent the last one since the question.
    fn commit_load(&self, _call: &Call<'_>) -> bool {
        self.0.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
    }

    fn revoke_load(&self, _call: &Call<'_>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Keeps the beginning of a text.
struct Beginning(usize);

impl Transform<String> for Beginning {
    fn write(&self, text: String) -> String {
        text.chars().take(self.0).collect()
    }

    fn read(&self, text: String) -> String {
        text + " .."
    }
}

static FROZEN: LazyLock<Arc<Frozen>> = LazyLock::new(Arc::default);
static BUDGET: Budget = Budget(AtomicU64::new(3));

/// They are shared with `count`.
#[cache(strategies = [FROZEN.clone(), &BUDGET, Beginning(9)])]
fn summary(topic: &str) -> Result<String, Error> {
    println!("  reading about {topic}");
    Ok(format!("{topic} is a long story"))
}

#[cache(strategies = [FROZEN.clone(), &BUDGET])]
fn count(topic: &str) -> Result<usize, Error> {
    println!("  counting {topic}");
    Ok(topic.len())
}

fn main() -> Result<(), Error> {
    println!("A load returns what the body made, a hit what was kept of it:");
    println!("  {}\n  {}", summary("tea")?, summary("tea")?);

    println!("Frozen, the cache stays as it is:");
    FROZEN.0.store(true, SeqCst);
    assert_eq!(summary::entry("tea").invalidate(), Removal::Refused);
    assert_eq!(summary::cache().clear(), Removal::Refused);
    assert_eq!(count("tea")?, 3);
    assert_eq!((summary::cache().len(), count::cache().len()), (1, 0));
    FROZEN.0.store(false, SeqCst);

    println!("The budget is one for both functions, and hits cost nothing:");
    assert_eq!((count("coffee")?, count("coffee")?), (6, 6));
    match summary("coffee") {
        Ok(text) => unreachable!("there was no budget for {text}"),
        Err(error) => println!("  {error}"),
    }
    BUDGET.0.store(1, SeqCst);
    println!("  {}", summary("coffee")?);
    assert_eq!(BUDGET.0.load(SeqCst), 0);
    Ok(())
}
