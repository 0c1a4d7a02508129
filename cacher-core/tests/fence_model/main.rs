//! The protocol of fenced invalidation, in every interleaving of a few actors.
//!
//! A model of what `src/fence.rs` and its users do: two stores, memory, and the cell of one key, in steps of one
//! access each. Whatever runs beside an invalidation, a clearing, an insertion or a refresh, and in whichever order,
//! the old value is nowhere after its end, no call that begins after its end gets it, and nobody waits for ever.
//! Every weaker protocol has a test of its own that shows what goes wrong; `--nocapture` shows how.

mod protocol;
mod remove;
mod search;
mod turn;
mod world;
mod write;

use protocol::{
    ALL_OLD, COLD, LOWER_OLD, Piece, Protocol,
    Role::{self, Caller, Clearer, Evictor, FickleCaller, FickleInserter, Inserter, Invalidator, Prolonger, Refresher},
    STORES_OLD, Scene,
};
use search::walk;

fn assert_safe(protocol: Protocol, scene: &Scene<'_>) {
    if let Some(flaw) = walk(protocol, scene) {
        panic!("{scene:?}\n{flaw}");
    }
}

fn assert_unsafe(protocol: Protocol, scene: &Scene<'_>) {
    match walk(protocol, scene) {
        Some(flaw) => println!("{flaw}"),
        None => panic!("{scene:?}\nno interleaving is bad"),
    }
}

/// The scene ends well with the whole protocol, and can end badly without this piece.
fn assert_needed(piece: Piece, scene: &Scene<'_>) {
    assert_safe(Protocol::WHOLE, scene);
    assert_unsafe(Protocol::WHOLE.without(piece), scene);
}

/// No scene of these actors ends badly: from every start, with shared loads and without, with lives that slide and
/// that don't, with two stores and with none.
fn assert_no_stale_value(roles: &[Role]) {
    for start in [COLD, LOWER_OLD, STORES_OLD, ALL_OLD] {
        for (flights, sliding) in [(true, false), (true, true), (false, false), (false, true)] {
            assert_safe(Protocol::WHOLE, &Scene::new(start, roles).with_flights(flights).sliding(sliding));
        }
    }
    for start in [COLD, ALL_OLD] {
        assert_safe(Protocol::WHOLE, &Scene::new(start, roles).with_flights(true).with_stores(0));
    }
}

#[test]
fn the_protocol_leaves_no_stale_value_after_an_invalidation() {
    assert_no_stale_value(&[FickleCaller, FickleCaller, Invalidator]);
    assert_no_stale_value(&[Caller, Invalidator, Evictor]);
    assert_no_stale_value(&[Caller, Prolonger, Invalidator]);
    assert_no_stale_value(&[Caller, Invalidator, Invalidator]);
    assert_no_stale_value(&[Caller, Invalidator, Inserter]);
    assert_no_stale_value(&[Caller, Invalidator, FickleInserter]);
}

#[test]
fn the_protocol_leaves_no_stale_value_after_a_clearing() {
    assert_no_stale_value(&[FickleCaller, Caller, Clearer]);
    assert_no_stale_value(&[Caller, Prolonger, Clearer]);
    assert_no_stale_value(&[Caller, Clearer, Clearer]);
    assert_no_stale_value(&[Caller, Clearer, Invalidator]);
    assert_no_stale_value(&[Caller, Clearer, Refresher]);
}

#[test]
fn the_protocol_leaves_no_stale_value_after_an_insertion_or_a_refresh() {
    assert_no_stale_value(&[FickleCaller, Caller, Inserter]);
    assert_no_stale_value(&[FickleCaller, Caller, Refresher]);
    assert_no_stale_value(&[Caller, Inserter, FickleInserter]);
    assert_no_stale_value(&[Caller, Prolonger, Inserter]);
    assert_no_stale_value(&[Caller, Inserter, Evictor]);
}

#[test]
fn the_protocol_leaves_no_stale_value_with_two_earlier_callers_and_a_late_one() {
    let scene = Scene::new(LOWER_OLD, &[FickleCaller, Caller, Caller, Invalidator]).with_flights(true);
    assert_safe(Protocol::WHOLE, &scene);
}

#[test]
fn without_checked_admission_a_load_is_written_after_its_time() {
    assert_needed(Piece::CheckedAdmission, &Scene::new(COLD, &[Caller, Invalidator]));
    assert_needed(Piece::CheckedAdmission, &Scene::new(COLD, &[Caller, Clearer]));
}

#[test]
fn without_drain_an_admitted_write_lands_late() {
    assert_needed(Piece::Drain, &Scene::new(COLD, &[Caller, Invalidator]));
    assert_needed(Piece::Drain, &Scene::new(COLD, &[Caller, Clearer]));
}

#[test]
fn without_its_cell_the_write_of_a_caller_that_has_gone_lands_late() {
    assert_needed(Piece::WriteKeepsCell, &Scene::new(COLD, &[FickleCaller, Invalidator]));
    assert_needed(Piece::WriteKeepsCell, &Scene::new(COLD, &[FickleCaller, Clearer]));
    assert_needed(Piece::WriteKeepsCell, &Scene::new(COLD, &[FickleCaller, Inserter]));
}

#[test]
fn without_one_writer_at_a_time_a_write_is_not_awaited() {
    assert_needed(Piece::OneWriter, &Scene::new(COLD, &[Caller, Caller, Invalidator]));
    assert_needed(Piece::OneWriter, &Scene::new(COLD, &[Caller, Inserter]));
}

#[test]
fn without_the_second_move_what_was_read_between_is_published() {
    assert_needed(Piece::SecondMove, &Scene::new(STORES_OLD, &[Caller, Invalidator]));
    assert_needed(Piece::SecondMove, &Scene::new(STORES_OLD, &[Caller, Clearer]));
}

#[test]
fn publishing_unchecked_brings_the_old_value_back_to_memory() {
    assert_needed(Piece::CheckedPublish, &Scene::new(STORES_OLD, &[Caller, Invalidator]));
    assert_needed(Piece::CheckedPublish, &Scene::new(COLD, &[Caller, Inserter]));
}

#[test]
fn taking_the_token_after_the_reads_makes_an_old_value_look_new() {
    assert_needed(Piece::TokenFirst, &Scene::new(STORES_OLD, &[Caller, Invalidator]));
    assert_needed(Piece::TokenFirst, &Scene::new(LOWER_OLD, &[Caller, Clearer]));
}

#[test]
fn back_fill_without_admission_fills_the_upper_store_with_the_old_value() {
    assert_needed(Piece::AdmittedFill, &Scene::new(LOWER_OLD, &[Caller, Invalidator]));
    assert_needed(Piece::AdmittedFill, &Scene::new(LOWER_OLD, &[Caller, Clearer]));
}

/// With one store, nothing that began after the first move can write the old value there.
#[test]
fn without_the_closed_flag_a_back_fill_passes_the_removal() {
    assert_needed(Piece::Closed, &Scene::new(LOWER_OLD, &[Caller, Invalidator]));
    assert_needed(Piece::Closed, &Scene::new(LOWER_OLD, &[Caller, Clearer]));
    let open = Protocol::WHOLE.without(Piece::Closed);
    assert_safe(open, &Scene::new(STORES_OLD, &[Caller, Caller, Invalidator]).with_stores(1));
    assert_unsafe(open, &Scene::new(STORES_OLD, &[Caller, Invalidator]).with_stores(1).sliding(true));
}

/// The closed flag makes up for it, so the order is a second line of defence.
#[test]
fn removing_memory_before_the_stores_is_safe_only_while_the_key_is_closed() {
    let scene = Scene::new(STORES_OLD, &[Caller, Caller, Invalidator]).with_stores(1);
    let early = Protocol::WHOLE.without(Piece::MemoryLast);
    assert_safe(early, &scene);
    assert_safe(Protocol::WHOLE.without(Piece::Closed), &scene);
    assert_unsafe(early.without(Piece::Closed), &scene);
}

#[test]
fn opening_before_the_generation_moves_on_admits_what_was_read_between() {
    assert_needed(Piece::MoveBeforeOpening, &Scene::new(LOWER_OLD, &[Caller, Clearer]));
}

#[test]
fn without_its_generation_an_entry_comes_to_memory_after_the_clearing() {
    assert_needed(Piece::MarkedEntries, &Scene::new(COLD, &[Caller, Clearer]).with_stores(0));
}

#[test]
fn following_a_flight_of_an_older_generation_gives_the_old_value() {
    let scene = Scene::new(STORES_OLD, &[Caller, Caller, Clearer]).with_flights(true);
    assert_needed(Piece::MarkedFlights, &scene);
}

#[test]
fn without_closing_the_key_to_others_an_insertion_is_overtaken_by_an_older_back_fill() {
    assert_needed(Piece::ClosedWhileOverwriting, &Scene::new(LOWER_OLD, &[Caller, Inserter]));
    assert_needed(Piece::ClosedWhileOverwriting, &Scene::new(LOWER_OLD, &[Caller, Refresher]));
}

#[test]
fn without_moving_on_an_insertion_is_overtaken_by_what_was_read_before_it() {
    assert_needed(Piece::MoveAfterOverwriting, &Scene::new(STORES_OLD, &[Caller, Inserter]));
    assert_needed(Piece::MoveAfterOverwriting, &Scene::new(STORES_OLD, &[Caller, Refresher]));
}
