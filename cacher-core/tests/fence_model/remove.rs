//! The steps of those who remove: an invalidation of the key, a clearing of the cache.

use crate::{
    protocol::{Piece, Role},
    turn::Turn,
    world::Step,
};

impl Turn<'_> {
    pub(crate) fn close(&mut self) -> Option<Step> {
        self.unlocked()?;
        self.sit();
        self.move_on();
        self.world.cell.closed += 1;
        self.world.cell.landing = None;
        Some(if self.has(Piece::MemoryLast) { self.before_removal() } else { Step::Forget })
    }

    pub(crate) fn forget(&mut self) -> Option<Step> {
        self.unlocked()?;
        self.world.memory = None;
        Some(self.before_removal())
    }

    fn before_removal(&self) -> Step {
        if self.has(Piece::Drain) && self.scene.stores > 0 { Step::Drain } else { self.remove_next(0) }
    }

    /// Waits for the write that is admitted now, and for no later one.
    pub(crate) fn drain(&mut self) -> Option<Step> {
        self.unlocked()?;
        Some(self.world.cell.writer.map_or(Step::Remove(0), Step::AwaitWriter))
    }

    pub(crate) fn await_writer(&mut self, writer: u8) -> Option<Step> {
        (self.world.cell.writer != Some(writer)).then_some(Step::Remove(0))
    }

    pub(crate) fn remove(&mut self, store: u8) -> Step {
        self.world.stores[usize::from(store)] = None;
        self.remove_next(store + 1)
    }

    fn remove_next(&self, store: u8) -> Step {
        match self.role() {
            _ if store < self.scene.stores => Step::Remove(store),
            Role::Clearer if self.has(Piece::MoveBeforeOpening) => Step::MoveGenerationOn,
            Role::Clearer => Step::OpenGeneration,
            _ => Step::Finish,
        }
    }

    /// Moves on again and empties memory, in one critical section.
    pub(crate) fn finish(&mut self) -> Option<Step> {
        self.unlocked()?;
        self.move_on_again();
        if self.has(Piece::MemoryLast) {
            self.world.memory = None;
        }
        Some(Step::Open)
    }

    pub(crate) fn open(&mut self) -> Option<Step> {
        self.unlocked()?;
        self.move_on_again();
        self.world.cell.closed -= 1;
        self.leave();
        self.world.outdated = true;
        Some(Step::End)
    }

    fn move_on_again(&mut self) {
        if self.has(Piece::SecondMove) {
            self.world.cell.epoch += 1;
            self.world.cell.landing = None;
        }
    }

    pub(crate) fn close_generation(&mut self) -> Step {
        self.world.generation_closed += 1;
        Step::MoveGeneration
    }

    pub(crate) fn move_generation(&mut self) -> Step {
        self.world.generation += 1;
        self.before_removal()
    }

    pub(crate) fn move_generation_on(&mut self) -> Step {
        if self.has(Piece::SecondMove) {
            self.world.generation += 1;
        }
        if self.has(Piece::MoveBeforeOpening) { Step::OpenGeneration } else { Step::Empty }
    }

    pub(crate) fn open_generation(&mut self) -> Step {
        self.world.generation_closed -= 1;
        if self.has(Piece::MoveBeforeOpening) { Step::Empty } else { Step::MoveGenerationOn }
    }

    /// Entries of older generations are not served any more; now they are dropped.
    pub(crate) fn empty(&mut self) -> Step {
        self.world.memory = None;
        self.world.outdated = true;
        Step::End
    }
}
