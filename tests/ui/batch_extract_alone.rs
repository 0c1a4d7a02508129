use cacher::cache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Request {
    ids: Vec<u64>,
}

#[cache(batch = request, extract = |request| request.ids.clone())]
fn values(request: &Request) -> Vec<u64> {
    request.ids.clone()
}

fn main() {}
