//! What earlier versions stored is read for ever, or is a clean miss.
