//! Which of several names was meant.

/// The nearest name, if one is near enough to be a slip of the hand.
pub(crate) fn nearest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let near = names.into_iter().map(|name| (distance(written, name), name));
    let (steps, name) = near.min_by_key(|(steps, _)| *steps)?;
    (steps <= (written.chars().count().max(name.len()) / 3).max(1)).then_some(name)
}

/// `; did you mean `name`?` for the nearest name, or nothing.
pub(crate) fn hint<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(written, names).map_or(String::new(), |name| format!("; did you mean `{name}`?"))
}

/// Each name in backticks, with commas between.
pub(crate) fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// How many letters must be put in, left out, changed, or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<_>, Vec<_>) = (from.chars().collect(), to.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let change = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
            let swap = if swapped { rows[i - 2][j - 2] + 1 } else { usize::MAX };
            row.push((rows[i - 1][j] + 1).min(row[j - 1] + 1).min(change).min(swap));
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (from, to, expected) in [
            ("", "", 0),
            ("ttl", "ttl", 0),
            ("tll", "ttl", 1),
            ("tlt", "ttl", 1),
            ("ignor", "ignore", 1),
            ("", "abc", 3),
        ] {
            assert_eq!(distance(from, to), expected, "{from} -> {to}");
        }
    }

    #[test]
    fn only_near_names_are_suggested() {
        let names = ["ttl", "backend", "capacity"];
        assert_eq!(nearest("tll", names), Some("ttl"));
        assert_eq!(nearest("backedn", names), Some("backend"));
        assert_eq!(nearest("capasity", names), Some("capacity"));
        assert_eq!(nearest("x", names), None);
        assert_eq!(nearest("colour", names), None);
    }
}
