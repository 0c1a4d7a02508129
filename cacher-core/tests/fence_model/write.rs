//! The steps of those who bring a value: callers, those who prolong a life, those who overwrite.

use crate::{
    protocol::{Piece, Role},
    turn::Turn,
    world::{Outcome, Step, Value},
};

impl Turn<'_> {
    pub(crate) fn call(&mut self) -> Step {
        self.me_mut().late = self.world.outdated;
        self.world.in_memory(self.protocol).map_or(Step::Enter, |value| self.answer(value))
    }

    fn answer(&mut self, value: Value) -> Step {
        self.world.betrayed |= self.me().late && value == Value::Old;
        Step::End
    }

    /// Takes a seat and the token, and leads a load or follows the one in flight, in one critical section.
    pub(crate) fn enter(&mut self) -> Option<Step> {
        self.unlocked()?;
        let token = self.world.token();
        if self.scene.flights && self.role() != Role::Prolonger {
            match self.world.cell.landing {
                Some((leader, since)) if since == token || !self.has(Piece::MarkedFlights) => {
                    return Some(Step::Follow(leader));
                }
                _ => self.world.cell.landing = Some((self.id, token)),
            }
        }
        self.sit();
        Some(Step::LookInMemory)
    }

    pub(crate) fn follow(&mut self, leader: u8) -> Option<Step> {
        match self.world.actors[usize::from(leader)].outcome {
            Outcome::InFlight => None,
            Outcome::Landed(value) => Some(self.answer(value)),
            Outcome::Failed => Some(Step::Enter),
        }
    }

    pub(crate) fn look_in_memory(&mut self) -> Step {
        match self.world.in_memory(self.protocol) {
            None => self.read_next(0),
            Some(value) => {
                self.me_mut().value = value;
                if self.role() == Role::Prolonger { self.store() } else { Step::Land }
            }
        }
    }

    pub(crate) fn read(&mut self, store: u8) -> Step {
        match self.world.stores[usize::from(store)] {
            None => self.read_next(store + 1),
            Some(value) => {
                self.me_mut().value = value;
                self.has_read(store)
            }
        }
    }

    fn read_next(&self, store: u8) -> Step {
        if store < self.scene.stores { Step::Read(store) } else { self.has_read(store) }
    }

    fn has_read(&self, found: u8) -> Step {
        if self.has(Piece::TokenFirst) { self.after_reads(found) } else { Step::TakeToken(found) }
    }

    pub(crate) fn take_token(&mut self, found: u8) -> Step {
        self.me_mut().token = self.world.token();
        self.after_reads(found)
    }

    /// Goes on with what the store `found` had, or with nothing if there is no such store.
    fn after_reads(&self, found: u8) -> Step {
        match self.role() {
            Role::Prolonger if found == self.scene.stores => Step::Land,
            Role::Prolonger => self.store(),
            _ if found == self.scene.stores => Step::RunBody,
            _ if self.scene.sliding => self.fill(found),
            _ => found.checked_sub(1).map_or(Step::AskToPublish, |above| self.fill(above)),
        }
    }

    fn fill(&self, lowest: u8) -> Step {
        if self.has(Piece::AdmittedFill) { Step::AskAdmission(lowest) } else { Step::Write(lowest) }
    }

    pub(crate) fn run_body(&mut self) -> Step {
        self.me_mut().value = self.world.source;
        self.store()
    }

    fn may_write(&self) -> bool {
        let open = self.world.cell.closed == 0 && self.world.generation_closed == 0;
        (open || !self.has(Piece::Closed))
            && (self.world.cell.overwriting == 0 || self.role().overwrites())
            && self.is_current(self.me().token)
    }

    /// The first half of a critical section: a clearing may close the generation within it.
    pub(crate) fn ask_admission(&mut self, lowest: u8) -> Option<Step> {
        self.unlocked()?;
        if self.has(Piece::CheckedAdmission) && !self.may_write() {
            return Some(Step::AskToPublish);
        }
        if self.has(Piece::OneWriter) && self.world.cell.writer.is_some() {
            return None;
        }
        self.world.cell.lock = Some(self.id);
        Some(Step::Admit(lowest))
    }

    pub(crate) fn admit(&mut self, lowest: u8) -> Step {
        self.world.cell.writer = Some(self.id);
        if self.role().overwrites() && self.has(Piece::ClosedWhileOverwriting) {
            self.world.cell.overwriting += 1;
            self.me_mut().overwriting = true;
        }
        self.world.cell.lock = None;
        Step::Write(lowest)
    }

    /// Lower stores come first.
    pub(crate) fn write(&mut self, store: u8) -> Step {
        self.world.stores[usize::from(store)] = Some(self.me().value);
        store.checked_sub(1).map_or(Step::Answered, Step::Write)
    }

    /// The stores have answered: the write counts no longer.
    pub(crate) fn answered(&mut self) -> Step {
        if self.world.cell.writer == Some(self.id) {
            self.world.cell.writer = None;
        }
        if !self.me().is_gone() {
            return Step::AskToPublish;
        }
        self.end_overwriting();
        self.drop_cell_if_unused();
        Step::End
    }

    /// Lets others write again, but nothing that was read meanwhile.
    pub(crate) fn end_overwriting(&mut self) {
        if std::mem::take(&mut self.me_mut().overwriting) {
            self.world.cell.overwriting -= 1;
        }
        if self.role().overwrites() && self.has(Piece::MoveAfterOverwriting) {
            self.move_on();
        }
    }

    /// The first half of a critical section.
    pub(crate) fn ask_to_publish(&mut self) -> Option<Step> {
        self.unlocked()?;
        if self.has(Piece::CheckedPublish) && !self.may_write() {
            self.end_overwriting();
            return Some(Step::Land);
        }
        self.world.cell.lock = Some(self.id);
        Some(Step::Publish)
    }

    pub(crate) fn publish(&mut self) -> Step {
        self.world.memory = Some((self.me().value, self.me().token.generation));
        self.end_overwriting();
        self.me_mut().published = true;
        self.world.cell.lock = None;
        Step::Land
    }

    pub(crate) fn land(&mut self) -> Option<Step> {
        self.unlocked()?;
        self.land_as(Outcome::Landed(self.me().value));
        self.leave();
        // One that was refused has been overtaken: whoever did it answers for what is left.
        self.world.outdated |= self.role().overwrites() && self.me().published;
        Some(self.answer(self.me().value))
    }

    pub(crate) fn land_as(&mut self, outcome: Outcome) {
        self.me_mut().outcome = outcome;
        let landing = &mut self.world.cell.landing;
        *landing = landing.filter(|(leader, _)| *leader != self.id);
    }

    /// Takes a seat, and moves on past everything older.
    pub(crate) fn renew(&mut self) -> Option<Step> {
        self.unlocked()?;
        self.sit();
        self.move_on();
        self.world.cell.landing = None;
        self.me_mut().value = self.world.source;
        Some(if self.role() == Role::Refresher { Step::TakeOff } else { self.store() })
    }

    /// Leads a load, whoever else does.
    pub(crate) fn take_off(&mut self) -> Option<Step> {
        self.unlocked()?;
        if self.scene.flights {
            self.world.cell.landing = Some((self.id, self.me().token));
        }
        Some(Step::RunBody)
    }
}
