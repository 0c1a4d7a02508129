//! A piece of a chain as it is written: `zlib?level=6&max=1GiB`.

use std::{ops::RangeInclusive, str::FromStr};

use crate::{
    error::{Error, Kind, Result},
    units,
};

/// A name and its parameters.
pub(super) struct Piece<'t> {
    pub(super) name: &'t str,
    parameters: Vec<(&'t str, &'t str)>,
}

impl<'t> Piece<'t> {
    pub(super) fn parse(text: &'t str) -> Result<Self> {
        let (name, query) = text.split_once('?').unwrap_or((text, ""));
        let mut parameters: Vec<(&str, &str)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if parameters.iter().any(|(earlier, _)| *earlier == name) {
                return Err(invalid(format!("the parameter `{name}` is given twice")));
            }
            parameters.push((name, value));
        }
        Ok(Self { name, parameters })
    }

    /// Refuses parameters other than these.
    pub(super) fn only(&self, known: &[&str]) -> Result<()> {
        let Some((name, _)) = self.parameters.iter().find(|(name, _)| !known.contains(name)) else { return Ok(()) };
        let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        Err(invalid(format!("`{}` has no parameter `{name}`; {known}", self.name)))
    }

    fn get(&self, name: &str) -> Option<&'t str> {
        self.parameters.iter().find(|(given, _)| *given == name).map(|(_, value)| *value)
    }

    /// A whole number in a range.
    pub(super) fn number<N: FromStr + PartialOrd + ToString>(
        &self,
        name: &str,
        range: &RangeInclusive<N>,
    ) -> Result<Option<N>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        let (from, to) = (range.start().to_string(), range.end().to_string());
        let wrong = || invalid(format!("`{name}={text}` of `{}` is no number from {from} to {to}", self.name));
        number.ok_or_else(wrong).map(Some)
    }

    /// The most bytes that a value may have.
    pub(super) fn most(&self) -> Result<u64> {
        let Some(text) = self.get("max") else { return Ok(1 << 30) };
        let size = units::size(text).filter(|size| *size > 0);
        size.ok_or_else(|| invalid(format!("`max={text}` of `{}` is no size: write `max=64MiB`", self.name)))
    }

    /// `true` or `false`, which is the default.
    pub(super) fn flag(&self, name: &str) -> Result<bool> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(invalid(format!("`{name}` of `{}` is `true` or `false`, not `{other}`", self.name))),
        }
    }
}

pub(super) fn invalid(message: String) -> Error {
    Error::new(Kind::Invalid, message)
}
