//! What is left out on purpose is found: each flaw by the scene that is meant to find it.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use cacher_core::testkit::{Flaw, plant};
use shuttle::FailurePersistence;

use crate::{
    config,
    ground::{Ground, Life},
    play_with,
    scene::{Scene, Start},
    step::Step::{self, Clear, Delete, Get, Load, LoadAsync, Tag},
};

const CALLERS: &[&[Step]] = &[&[Load], &[LoadAsync], &[Load]];
const DELETER: &[&[Step]] = &[&[Load], &[LoadAsync], &[Delete, Load]];
const DELETER_OF_BEFORE: &[&[Step]] = &[&[Load], &[Get], &[Delete, Get]];
const CLEARER: &[&[Step]] = &[&[Load], &[LoadAsync], &[Clear, Load]];
const TAGGER: &[&[Step]] = &[&[Load], &[LoadAsync], &[Tag, Load]];

/// Plays until the flaw shows, and says how.
fn found(flaw: Flaw, scene: Scene) -> String {
    let played = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&played);
    let mut config = config();
    config.failure_persistence = FailurePersistence::None;
    plant(Some(flaw));
    let end = catch_unwind(AssertUnwindSafe(|| {
        play_with(&config, move || {
            count.fetch_add(1, SeqCst);
            scene.play();
        })
    }));
    plant(None);
    let said = match end {
        Err(panic) => text(&*panic),
        Ok(_) => panic!("{flaw:?} was not found"),
    };
    println!("{flaw:?}: {} schedules, then: {said:.200}", played.load(SeqCst));
    said
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

fn assert_found(flaw: Flaw, scene: Scene, sign: &str) {
    let said = found(flaw, scene);
    assert!(said.contains(sign), "{flaw:?}: {said}");
}

fn scene(ground: Ground, life: Life, start: Start, threads: &'static [&'static [Step]]) -> Scene {
    Scene { ground, life, start, threads }
}

const STALE: &str = "got a value of";

#[test]
fn a_value_is_published_unchecked() {
    assert_found(Flaw::UncheckedPublish, scene(Ground::Memory, Life::Ever, Start::Nothing, DELETER), STALE);
}

#[test]
fn a_value_is_stored_unchecked() {
    assert_found(Flaw::UncheckedAdmission, scene(Ground::Store, Life::Ever, Start::Nothing, DELETER), STALE);
}

#[test]
fn a_write_is_not_awaited() {
    assert_found(Flaw::NoDrain, scene(Ground::Store, Life::Ever, Start::Nothing, DELETER), STALE);
}

#[test]
fn what_was_read_too_early_is_published() {
    let scene = scene(Ground::MemoryAndStore, Life::Ever, Start::Restarted, DELETER_OF_BEFORE);
    assert_found(Flaw::NoSecondMove, scene, STALE);
}

#[test]
fn a_load_of_before_is_followed() {
    assert_found(Flaw::SharedFlight, scene(Ground::Memory, Life::Ever, Start::Nothing, CLEARER), STALE);
}

#[test]
fn a_value_with_an_invalidated_tag_is_followed() {
    assert_found(Flaw::UncheckedTag, scene(Ground::Memory, Life::Tagged, Start::Nothing, TAGGER), STALE);
}

#[test]
fn each_loads_on_its_own() {
    assert_found(Flaw::NoFlight, scene(Ground::Memory, Life::Ever, Start::Nothing, CALLERS), "bodies ran");
}

#[test]
fn nobody_is_told_of_a_landing() {
    assert_found(Flaw::SilentLanding, scene(Ground::Memory, Life::Ever, Start::Nothing, CALLERS), "deadlock");
}
