//! Settings from environment variables. What is malformed is noted and left out.

use std::{env, ffi::OsString};

use super::{Change, Origin, Rule, Said, Settings};
use crate::{
    error::{Error, Kind},
    units,
};

pub(super) fn added_to(settings: Settings) -> Settings {
    settings.and(read(|name| env::var_os(name)))
}

/// What the variables say that `get` knows.
fn read(get: impl Fn(&str) -> Option<OsString>) -> Settings {
    let mut reader = Reader { settings: Settings::new(), get };
    reader.prefix();
    reader.list("CACHER_OFF", |reader, item, origin| reader.rule(item, Change::Off, origin));
    reader.list("CACHER_TTL", |reader, item, origin| match item.rsplit_once('=') {
        Some((name, value)) => {
            reader.parsed(units::duration(value), item, origin, |reader, ttl| {
                reader.rule(name, Change::Ttl(ttl), origin);
            });
        }
        None => reader.parsed(units::duration(item), item, origin, |reader, what| {
            reader.settings.defaults.ttl = Some(Said { what, origin });
        }),
    });
    reader.list("CACHER_CAPACITY", |reader, item, origin| match item.rsplit_once('=') {
        Some((name, value)) => reader.parsed(entries(value), item, origin, |reader, most| {
            reader.rule(name, Change::Capacity(most), origin);
        }),
        None => reader.parsed(entries(item), item, origin, |reader, what| {
            reader.settings.defaults.capacity = Some(Said { what, origin });
        }),
    });
    reader.list("CACHER_MAX_BYTES", |reader, item, origin| {
        let (name, value) = item.rsplit_once('=').unwrap_or_default();
        reader.parsed(units::size(value).filter(|most| *most > 0), item, origin, |reader, most| {
            reader.rule(name, Change::MaxBytes(most), origin);
        });
    });
    reader.list("CACHER_PATIENCE", |reader, item, origin| {
        reader.parsed(units::duration(item), item, origin, |reader, what| {
            reader.settings.defaults.patience = Some(Said { what, origin });
        });
    });
    reader.settings
}

/// How the items of a variable are written.
fn form(variable: &str) -> &'static str {
    match variable {
        "CACHER_OFF" => "posts,users",
        "CACHER_TTL" => "10m,users=5m",
        "CACHER_CAPACITY" => "10000,users=500",
        "CACHER_MAX_BYTES" => "pages=64MiB",
        _ => "5s",
    }
}

fn entries(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|most| *most > 0)
}

struct Reader<G> {
    settings: Settings,
    get: G,
}

impl<G: Fn(&str) -> Option<OsString>> Reader<G> {
    /// Any text is a prefix: if one were malformed, its process would write among the entries of those without.
    fn prefix(&mut self) {
        let Some(text) = (self.get)("CACHER_PREFIX").filter(|text| !text.is_empty()) else { return };
        let what = text.into_string().unwrap_or_else(|text| super::prefix::escaped(text.as_encoded_bytes()));
        self.settings.prefix = Some(Said { what, origin: Origin::Variable("CACHER_PREFIX") });
    }

    /// Hands over each item of a list.
    fn list(&mut self, variable: &'static str, mut each: impl FnMut(&mut Self, &str, Origin)) {
        let Some(text) = (self.get)(variable) else { return };
        let Some(text) = text.to_str() else { return self.malformed("not Unicode", variable) };
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            each(self, item, Origin::Variable(variable));
        }
    }

    fn parsed<T>(&mut self, value: Option<T>, item: &str, origin: Origin, keep: impl FnOnce(&mut Self, T)) {
        match (value, origin) {
            (Some(value), _) => keep(self, value),
            (None, Origin::Variable(variable)) => self.malformed(&format!("`{item}` is malformed"), variable),
            (None, Origin::Code) => {}
        }
    }

    fn rule(&mut self, selector: &str, change: Change, origin: Origin) {
        let selector = selector.trim().to_owned();
        self.settings.rules.push(Rule::new(selector, Said { what: change, origin }));
    }

    fn malformed(&mut self, what: &str, variable: &'static str) {
        let text = format!("{what}, and ignored: write it as in `{variable}={}`", form(variable));
        self.settings.invalid.push(Error::new(Kind::Invalid, text).within(variable));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn of(variables: &'static [(&str, &str)]) -> Settings {
        read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, text)| text.into()))
    }

    fn rules(settings: &Settings) -> Vec<String> {
        settings.rules.iter().map(|rule| format!("{} {}", rule.selector, rule.said)).collect()
    }

    #[test]
    fn nothing_is_said_without_variables() {
        let settings = of(&[("CACHER_OFF", " , "), ("CACHER_PREFIX", "")]);
        assert!(settings.rules.is_empty() && settings.invalid.is_empty() && settings.prefix.is_none());
    }

    #[test]
    fn lists_are_read() {
        let settings = of(&[
            ("CACHER_OFF", "posts, a::users ,*"),
            ("CACHER_TTL", "10m, users = 1h30m"),
            ("CACHER_CAPACITY", "users=5,100"),
            ("CACHER_MAX_BYTES", "pages=64MiB"),
            ("CACHER_PATIENCE", "5s"),
        ]);
        assert_eq!(
            rules(&settings),
            [
                "posts off (CACHER_OFF)",
                "a::users off (CACHER_OFF)",
                "* off (CACHER_OFF)",
                "users ttl 5400s (CACHER_TTL)",
                "users capacity 5 (CACHER_CAPACITY)",
                "pages max_bytes 67108864 (CACHER_MAX_BYTES)",
            ]
        );
        assert_eq!(settings.defaults.ttl.map(|said| said.what), Some(Duration::from_secs(600)));
        assert_eq!(settings.defaults.capacity.map(|said| said.what), Some(100));
        assert_eq!(settings.defaults.patience.map(|said| said.what), Some(Duration::from_secs(5)));
    }

    #[test]
    fn what_is_malformed_is_named_and_the_rest_holds() {
        let settings = of(&[
            ("CACHER_TTL", "users=5x,posts=1h"),
            ("CACHER_CAPACITY", "users=0"),
            ("CACHER_MAX_BYTES", "64MiB"),
            ("CACHER_PATIENCE", "soon"),
        ]);
        assert_eq!(rules(&settings), ["posts ttl 3600s (CACHER_TTL)"]);
        let errors: Vec<_> = settings.invalid.iter().map(ToString::to_string).collect();
        assert_eq!(
            errors,
            [
                "CACHER_TTL: `users=5x` is malformed, and ignored: write it as in `CACHER_TTL=10m,users=5m`",
                "CACHER_CAPACITY: `users=0` is malformed, and ignored: write it as in \
                 `CACHER_CAPACITY=10000,users=500`",
                "CACHER_MAX_BYTES: `64MiB` is malformed, and ignored: write it as in `CACHER_MAX_BYTES=pages=64MiB`",
                "CACHER_PATIENCE: `soon` is malformed, and ignored: write it as in `CACHER_PATIENCE=5s`",
            ]
        );
    }
}
