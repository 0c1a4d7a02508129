use cacher::cache;

#[cache]
fn forever() -> ! {
    loop {}
}

fn main() {}
