//! Functions over many items, through the public surface.

mod basics;
mod cases;
mod loading;
mod mended;
mod shapes;
mod stores;
