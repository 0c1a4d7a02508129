//! Functions over many items, through the public surface.

mod basics;
mod loading;
mod shapes;
