//! The state that all actors share, and where each of them stands.

use crate::protocol::{Piece, Protocol, Scene};

/// An actor, by its place in the scene.
pub(crate) type Id = u8;

/// The most actors of a scene.
pub(crate) const MOST: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Old,
    New,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Token {
    pub(crate) epoch: u8,
    pub(crate) generation: u8,
}

/// The cell of the one key. It goes with its last seat, and the next one begins anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Cell {
    pub(crate) epoch: u8,
    pub(crate) closed: u8,
    /// How many insertions and refreshes are admitted and have not published.
    pub(crate) overwriting: u8,
    pub(crate) seats: u8,
    /// Whose write to the stores is admitted.
    pub(crate) writer: Option<Id>,
    /// Who leads the load in flight, and since when.
    pub(crate) landing: Option<(Id, Token)>,
    /// Who is in the middle of a critical section. Those of one step need no entry.
    pub(crate) lock: Option<Id>,
}

/// What became of the load that an actor leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    #[default]
    InFlight,
    Landed(Value),
    Failed,
}

/// What an actor does next: each step is one access to what is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    // Of callers, and of all who write.
    Call,
    Enter,
    Follow(Id),
    LookInMemory,
    Read(u8),
    TakeToken(u8),
    RunBody,
    AskAdmission(u8),
    Admit(u8),
    Write(u8),
    Answered,
    AskToPublish,
    Publish,
    Land,
    // Of those who overwrite.
    ChangeSource,
    Renew,
    TakeOff,
    // Of those who remove.
    Close,
    Forget,
    Drain,
    AwaitWriter(Id),
    Remove(u8),
    Finish,
    Open,
    // Of those who clear.
    CloseGeneration,
    MoveGeneration,
    MoveGenerationOn,
    OpenGeneration,
    Empty,
    // Of memory's bound.
    Evict,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Actor {
    pub(crate) step: Step,
    pub(crate) value: Value,
    pub(crate) token: Token,
    pub(crate) outcome: Outcome,
    /// It began when the old value had to be gone.
    pub(crate) late: bool,
    /// It is one of those who overwrite.
    pub(crate) overwriting: bool,
    pub(crate) published: bool,
}

impl Actor {
    fn at(step: Step) -> Self {
        Self {
            step,
            value: Value::Old,
            token: Token::default(),
            outcome: Outcome::InFlight,
            late: false,
            overwriting: false,
            published: false,
        }
    }

    /// Its caller has gone; the store goes on.
    pub(crate) fn is_gone(&self) -> bool {
        self.outcome == Outcome::Failed
    }
}

/// Everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) source: Value,
    /// The upper one first.
    pub(crate) stores: [Option<Value>; 2],
    /// The entry in memory, with the generation of its load.
    pub(crate) memory: Option<(Value, u8)>,
    pub(crate) cell: Cell,
    pub(crate) generation: u8,
    pub(crate) generation_closed: u8,
    /// Something that outdates the old value has ended.
    pub(crate) outdated: bool,
    /// A caller that began after that got the old value.
    pub(crate) betrayed: bool,
    pub(crate) actors: [Actor; MOST],
}

impl World {
    pub(crate) fn new(scene: &Scene<'_>) -> Self {
        let mut actors = [Actor::at(Step::End); MOST];
        for (actor, role) in actors.iter_mut().zip(scene.roles) {
            *actor = Actor::at(role.first_step());
        }
        let mut stores = scene.start.stores;
        stores[usize::from(scene.stores)..].fill(None);
        Self {
            source: Value::Old,
            stores,
            memory: scene.start.memory.map(|value| (value, 0)),
            cell: Cell::default(),
            generation: 0,
            generation_closed: 0,
            outdated: false,
            betrayed: false,
            actors,
        }
    }

    pub(crate) fn token(&self) -> Token {
        Token { epoch: self.cell.epoch, generation: self.generation }
    }

    /// What a hit returns.
    pub(crate) fn in_memory(&self, protocol: Protocol) -> Option<Value> {
        let (value, generation) = self.memory?;
        let served = generation == self.generation || !protocol.has(Piece::MarkedEntries);
        served.then_some(value)
    }

    /// The law that this state breaks.
    pub(crate) fn breach(&self, protocol: Protocol) -> Option<&'static str> {
        if self.betrayed {
            return Some("a call that began after the end got the old value");
        }
        let stale = |value| value == Some(Value::Old);
        match self {
            _ if !self.outdated => None,
            _ if stale(self.stores[0]) => Some("the first store holds the old value after the end"),
            _ if stale(self.stores[1]) => Some("the second store holds the old value after the end"),
            _ if stale(self.in_memory(protocol)) => Some("memory holds the old value after the end"),
            _ => None,
        }
    }

    pub(crate) fn at_rest(&self) -> bool {
        self.actors.iter().all(|actor| actor.step == Step::End)
    }
}
