use cacher::cache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Request {
    ids: Vec<u64>,
}

#[cache(batch = (request, ids), extract = |request| request.ids.clone(), combine = |_, ids| Request { ids })]
fn values(request: &Request, ids: &[u64]) -> Vec<u64> {
    request.ids.iter().zip(ids).map(|(one, other)| one + other).collect()
}

fn main() {}
