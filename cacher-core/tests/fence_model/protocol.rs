//! What the protocol is made of, and what is set up to run under it.

use crate::world::Value;

/// A piece of the protocol that a weaker one may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Piece {
    /// The token is taken before the first read of a store, not after the last.
    TokenFirst,
    /// A write to the stores is admitted only while its token is current.
    CheckedAdmission,
    /// A back-fill is admitted like any other write.
    AdmittedFill,
    /// One write is admitted at a time.
    OneWriter,
    /// A write keeps the key's cell until the store has answered, even if its caller has gone.
    WriteKeepsCell,
    /// Publishing to memory compares the token.
    CheckedPublish,
    /// Nothing is written between the two moves of an invalidation or a clearing.
    Closed,
    /// An invalidation or a clearing waits for the write that was admitted before.
    Drain,
    /// An invalidation or a clearing moves on again when the stores are empty.
    SecondMove,
    /// Memory is emptied after the stores.
    MemoryLast,
    /// A clearing moves on before it opens.
    MoveBeforeOpening,
    /// An entry in memory carries its generation.
    MarkedEntries,
    /// A flight is followed only under the token it took off with.
    MarkedFlights,
    /// While an insertion or a refresh writes and publishes, nothing else is written.
    ClosedWhileOverwriting,
    /// An insertion or a refresh moves on when it publishes to memory, in the same critical section.
    MoveAfterOverwriting,
}

/// The pieces that a protocol has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Protocol {
    missing: u16,
}

impl Protocol {
    /// All of it.
    pub(crate) const WHOLE: Self = Self { missing: 0 };

    pub(crate) const fn without(self, piece: Piece) -> Self {
        Self { missing: self.missing | 1 << piece as u8 }
    }

    pub(crate) const fn has(self, piece: Piece) -> bool {
        self.missing & 1 << piece as u8 == 0
    }
}

/// What one actor does, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Calls the function.
    Caller,
    /// Calls the function, and may go away while a store writes.
    FickleCaller,
    /// Changes how long the entry lives: reads it and writes it back.
    Prolonger,
    /// Changes the source, then invalidates the key.
    Invalidator,
    /// Changes the source, then clears the cache.
    Clearer,
    /// Changes the source, then inserts the new value.
    Inserter,
    /// The same, and may go away while a store writes or before memory is written.
    FickleInserter,
    /// Changes the source, then runs the body and stores its value.
    Refresher,
    /// Pushes the entry out of memory, as a bound does.
    Evictor,
}

impl Role {
    /// Whether it puts a newer value in place of what is there.
    pub(crate) fn overwrites(self) -> bool {
        matches!(self, Self::Inserter | Self::FickleInserter | Self::Refresher)
    }
}

/// Where the old value is at the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) stores: [Option<Value>; 2],
    pub(crate) memory: Option<Value>,
}

const OLD: Option<Value> = Some(Value::Old);

pub(crate) const COLD: Start = Start { stores: [None, None], memory: None };
pub(crate) const LOWER_OLD: Start = Start { stores: [None, OLD], memory: None };
pub(crate) const STORES_OLD: Start = Start { stores: [OLD, OLD], memory: None };
pub(crate) const ALL_OLD: Start = Start { stores: [OLD, OLD], memory: OLD };

/// What is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) start: Start,
    pub(crate) roles: &'a [Role],
    /// How many stores there are.
    pub(crate) stores: u8,
    /// Whether callers share a load. If not, each one leads, as with `single_flight = off`.
    pub(crate) flights: bool,
    /// Whether a hit in a store is written back there, with a longer life.
    pub(crate) sliding: bool,
}

impl<'a> Scene<'a> {
    pub(crate) const fn new(start: Start, roles: &'a [Role]) -> Self {
        Self { start, roles, stores: 2, flights: false, sliding: false }
    }

    /// Leaves out the lower of the stores, or both.
    pub(crate) const fn with_stores(self, stores: u8) -> Self {
        Self { stores, ..self }
    }

    pub(crate) const fn with_flights(self, flights: bool) -> Self {
        Self { flights, ..self }
    }

    pub(crate) const fn sliding(self, sliding: bool) -> Self {
        Self { sliding, ..self }
    }
}
