use cacher::cache;
use std::rc::Rc;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Name(Rc<str>);

#[cache]
fn length(name: Name) -> usize {
    name.0.len()
}

fn main() {}
