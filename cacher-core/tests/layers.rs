//! Modules use those of lower layers only, and siblings do not know each other.

use std::{collections::BTreeSet, fs, path::Path};

/// From the bottom up. What stands on one line is one layer; names joined by `+` are one module in two files.
const LAYERS: &[&[&str]] = &[
    &["error", "time", "sync", "hex", "place", "portable", "modified", "units", "schema"],
    &["secret", "code", "chain", "interned", "previous", "tags"],
    &["clock+timer", "entry", "fault", "stats", "scope", "claims", "bridge", "key"],
    &["envelope", "fence", "flight", "observe", "work"],
    &["gate"],
    &["returns", "keyer", "format", "strategy", "memory", "backend"],
    &["wrap"],
    &["tier", "codec", "settings"],
    &["url", "core+registry", "registered"],
    &["cache"],
    &["site", "companion"],
    &["demand"],
    &["rt", "testkit"],
    &["direct"],
];

fn layer(module: &str) -> usize {
    let found = LAYERS.iter().position(|layer| layer.iter().any(|unit| unit.split('+').any(|name| name == module)));
    found.unwrap_or_else(|| panic!("`{module}` stands in no layer: give it one here and in CONTRIBUTING.md"))
}

fn same_unit(one: &str, other: &str) -> bool {
    LAYERS.iter().copied().flatten().any(|unit| {
        let names: Vec<_> = unit.split('+').collect();
        names.contains(&one) && names.contains(&other)
    })
}

/// The modules that a file names after `crate::`, also in a list.
fn used(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1).filter(|rest| !rest.is_empty()) {
        match rest.strip_prefix('{') {
            Some(list) => found.extend(first_names(list)),
            None => found.extend(word(rest)),
        }
    }
    found
}

fn word(text: &str) -> Option<String> {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The names at the top of a list in braces: `{a::b, c::{d, e}}` has `a` and `c`.
fn first_names(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.extend(word(list[start..at].trim()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.extend(word(list[start..at].trim()));
                start = at + 1;
            }
            _ => {}
        }
    }
    names
}

fn files(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(directory).expect("the sources are there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn imports_point_downwards() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&source, &mut all);
    let mut wrong = Vec::new();
    for path in all {
        let relative = path.strip_prefix(&source).expect("it is below");
        let module = relative.components().next().expect("a name").as_os_str().to_string_lossy();
        let module = module.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let text = fs::read_to_string(&path).expect("it is text");
        for name in
            used(&text).iter().filter(|name| source.join(name).exists() || source.join(format!("{name}.rs")).exists())
        {
            if name != module && !same_unit(name, module) && layer(name) >= layer(module) {
                wrong.push(format!("{} uses {name}", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lists_are_read() {
    let text = "use crate::{a::b, c::{d, e}, f};\nuse crate::g::h;\n// crate::comment\nx(crate::i::j)";
    assert_eq!(used(text).into_iter().collect::<Vec<_>>(), ["a", "c", "f", "g", "i"]);
}
