//! One step of one actor.

use crate::{
    protocol::{Piece, Protocol, Role, Scene},
    world::{Actor, Cell, Id, Outcome, Step, Token, Value, World},
};

impl Role {
    pub(crate) fn first_step(self) -> Step {
        match self {
            Self::Caller | Self::FickleCaller => Step::Call,
            Self::Prolonger => Step::Enter,
            Self::Evictor => Step::Evict,
            _ => Step::ChangeSource,
        }
    }

    fn after_change(self) -> Step {
        match self {
            Self::Clearer => Step::CloseGeneration,
            role if role.overwrites() => Step::Renew,
            _ => Step::Close,
        }
    }
}

/// An actor whose turn it is. Its steps answer with the one that comes next, or `None` if it has to wait.
pub(crate) struct Turn<'a> {
    pub(crate) protocol: Protocol,
    pub(crate) scene: &'a Scene<'a>,
    pub(crate) world: World,
    pub(crate) id: Id,
}

impl Turn<'_> {
    /// The world after the step that the actor stands before.
    pub(crate) fn advance(mut self) -> Option<World> {
        let next = self.perform(self.me().step)?;
        self.me_mut().step = next;
        Some(self.world)
    }

    /// The world after the actor's caller has gone, which it may while a store writes.
    pub(crate) fn abandon(mut self) -> Option<World> {
        let fickle = matches!(self.role(), Role::FickleCaller | Role::FickleInserter);
        if !fickle || self.me().is_gone() {
            return None;
        }
        self.unlocked()?;
        match self.me().step {
            Step::Write(_) | Step::Answered => {}
            Step::AskToPublish => {
                self.end_overwriting();
                self.me_mut().step = Step::End;
            }
            _ => return None,
        }
        self.land_as(Outcome::Failed);
        self.leave();
        Some(self.world)
    }

    fn perform(&mut self, step: Step) -> Option<Step> {
        match step {
            Step::Call => Some(self.call()),
            Step::Enter => self.enter(),
            Step::Follow(leader) => self.follow(leader),
            Step::LookInMemory => Some(self.look_in_memory()),
            Step::Read(store) => Some(self.read(store)),
            Step::TakeToken(found) => Some(self.take_token(found)),
            Step::RunBody => Some(self.run_body()),
            Step::AskAdmission(lowest) => self.ask_admission(lowest),
            Step::Admit(lowest) => Some(self.admit(lowest)),
            Step::Write(store) => Some(self.write(store)),
            Step::Answered => Some(self.answered()),
            Step::AskToPublish => self.ask_to_publish(),
            Step::Publish => Some(self.publish()),
            Step::Land => self.land(),
            Step::ChangeSource => Some(self.change_source()),
            Step::Renew => self.renew(),
            Step::TakeOff => self.take_off(),
            Step::Close => self.close(),
            Step::Forget => self.forget(),
            Step::Drain => self.drain(),
            Step::AwaitWriter(writer) => self.await_writer(writer),
            Step::Remove(store) => Some(self.remove(store)),
            Step::Finish => self.finish(),
            Step::Open => self.open(),
            Step::CloseGeneration => Some(self.close_generation()),
            Step::MoveGeneration => Some(self.move_generation()),
            Step::MoveGenerationOn => Some(self.move_generation_on()),
            Step::OpenGeneration => Some(self.open_generation()),
            Step::Empty => Some(self.empty()),
            Step::Evict => Some(self.evict()),
            Step::End => None,
        }
    }

    fn change_source(&mut self) -> Step {
        self.world.source = Value::New;
        self.role().after_change()
    }

    fn evict(&mut self) -> Step {
        self.world.memory = None;
        Step::End
    }

    pub(crate) fn role(&self) -> Role {
        self.scene.roles[usize::from(self.id)]
    }

    pub(crate) fn me(&self) -> &Actor {
        &self.world.actors[usize::from(self.id)]
    }

    pub(crate) fn me_mut(&mut self) -> &mut Actor {
        &mut self.world.actors[usize::from(self.id)]
    }

    pub(crate) fn has(&self, piece: Piece) -> bool {
        self.protocol.has(piece)
    }

    /// Whether a critical section of the cell can begin.
    pub(crate) fn unlocked(&self) -> Option<()> {
        self.world.cell.lock.is_none().then_some(())
    }

    /// Takes a seat at the cell.
    pub(crate) fn sit(&mut self) {
        self.world.cell.seats += 1;
        self.me_mut().token = self.world.token();
    }

    /// Gives up the seat, and the cell with the last one.
    pub(crate) fn leave(&mut self) {
        self.world.cell.seats -= 1;
        self.drop_cell_if_unused();
    }

    pub(crate) fn drop_cell_if_unused(&mut self) {
        let cell = self.world.cell;
        let kept = cell.writer.is_some() && self.has(Piece::WriteKeepsCell);
        if cell.seats == 0 && !kept {
            self.world.cell = Cell::default();
        }
    }

    /// Moves the epoch on; the actor takes part in the new one.
    pub(crate) fn move_on(&mut self) {
        self.world.cell.epoch += 1;
        self.me_mut().token = self.world.token();
    }

    pub(crate) fn is_current(&self, token: Token) -> bool {
        token == self.world.token()
    }

    /// Brings the actor's value to all stores, from the lowest on, then to memory.
    pub(crate) fn store(&self) -> Step {
        self.scene.stores.checked_sub(1).map_or(Step::AskToPublish, Step::AskAdmission)
    }
}
