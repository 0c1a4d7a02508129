//! What threads did with one key, and what they were answered.

/// What was asked. The values of a history differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operation {
    Get,
    Contains,
    Set(u64),
    SetIfAbsent(u64),
    /// Puts this value there, whatever was.
    Update(u64),
    /// Puts this value there, if there was one.
    Change(u64),
    Delete,
    /// Loads this value, if there is none.
    Load(u64),
}

impl Operation {
    /// The value that it may put there.
    pub(crate) fn writes(self) -> Option<u64> {
        match self {
            Self::Set(value)
            | Self::SetIfAbsent(value)
            | Self::Update(value)
            | Self::Change(value)
            | Self::Load(value) => Some(value),
            Self::Get | Self::Contains | Self::Delete => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    Found(Option<u64>),
    Done(bool),
    /// What was there when the change was made.
    Updated {
        saw: Option<u64>,
    },
    Loaded(u64),
}

/// An operation, with the times between which it was done.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) thread: usize,
    pub(crate) operation: Operation,
    pub(crate) answer: Answer,
    pub(crate) began: u64,
    pub(crate) ended: u64,
}

impl Event {
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.began < other.ended && other.began < self.ended
    }
}

/// A line for each event.
pub(crate) fn shown(history: &[Event]) -> String {
    let line = |event: &Event| {
        let Event { thread, operation, answer, began, ended } = event;
        format!("  thread {thread}, {began} to {ended}: {operation:?} -> {answer:?}\n")
    };
    history.iter().map(line).collect()
}

/// Whether any two of them were done at the same time.
pub(crate) fn is_concurrent(history: &[Event]) -> bool {
    history.iter().any(|event| history.iter().any(|other| other.thread != event.thread && other.overlaps(event)))
}
