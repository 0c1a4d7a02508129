/// What a write to a store on this machine survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// The death of the process. A power loss may take the last writes; what it damages is detected, and is a miss.
    #[default]
    Process,
    /// A power loss: what was written reaches the disk before the write returns. Some hundred times slower.
    Power,
}
