//! Which caches a name in the settings means.

/// Whether `selector` is the name of a cache, the path of its function, or that path's end; or `*`.
pub(super) fn selects(selector: &str, name: &str, path: &str) -> bool {
    let path = plain(path);
    let is_end = || path.strip_suffix(selector).is_some_and(|rest| rest.is_empty() || rest.ends_with("::"));
    selector == "*" || selector == name || !selector.is_empty() && is_end()
}

/// A path without type parameters, and with its type in place of an `impl` block of a trait:
/// `<a::Pg<u8> as a::Repo>::user<u16>` is `a::Pg::user`.
fn plain(path: &str) -> String {
    let Some((owner, rest)) = path.strip_prefix('<').and_then(owner) else { return without_parameters(path) };
    without_parameters(owner) + &without_parameters(rest)
}

/// Splits `A as B>::f` into `A` and `::f`.
fn owner(text: &str) -> Option<(&str, &str)> {
    let end = text.char_indices().scan(1_usize, |depth, (at, letter)| {
        *depth = step(*depth, letter);
        Some((at, *depth))
    });
    let end = end.into_iter().find_map(|(at, depth)| (depth == 0).then_some(at))?;
    let (inside, rest) = (&text[..end], &text[end + 1..]);
    Some((inside.split_once(" as ").map_or(inside, |(owner, _)| owner), rest))
}

fn without_parameters(path: &str) -> String {
    let mut depth = 0;
    let outside = path.chars().filter(|letter| {
        let before = depth;
        depth = step(depth, *letter);
        before == 0 && depth == 0
    });
    outside.collect()
}

fn step(depth: usize, letter: char) -> usize {
    match letter {
        '<' => depth + 1,
        '>' => depth.saturating_sub(1),
        _ => depth,
    }
}

#[cfg(test)]
mod tests {
    use super::selects;

    #[test]
    fn caches_are_meant_by_name_path_or_the_end_of_it() {
        for (selector, name, path, meant) in [
            ("*", "posts", "a::b::fetch", true),
            ("posts", "posts", "a::b::fetch", true),
            ("fetch", "posts", "a::b::fetch", true),
            ("b::fetch", "a::b::fetch", "a::b::fetch", true),
            ("a::b::fetch", "a::b::fetch", "a::b::fetch", true),
            ("etch", "a::b::fetch", "a::b::fetch", false),
            ("b", "a::b::fetch", "a::b::fetch", false),
            ("", "posts", "a::b::fetch", false),
            ("fetch", "a::b::fetch<u8>", "a::b::fetch<u8>", true),
            ("Client::rates", "", "a::Client<a::B<u8>>::rates<3>", true),
            ("Pg::user", "", "<a::Pg<u8> as a::Repo<a::B<u8>>>::user<u16>", true),
            ("Repo::user", "", "<a::Pg as a::Repo>::user", false),
        ] {
            assert_eq!(selects(selector, name, path), meant, "{selector} {path}");
        }
    }
}
