//! All mistakes of one attribute, reported together.

use quote::ToTokens;
use std::{cell::RefCell, fmt::Display, thread};
use syn::{Error, Result};

/// Collects errors until [`Errors::finish`]; dropping it unasked is a bug of this crate, and panics.
pub(crate) struct Errors(RefCell<Option<Vec<Error>>>);

impl Errors {
    pub(crate) fn new() -> Self {
        Self(RefCell::new(Some(Vec::new())))
    }

    /// Reports `text` at these tokens.
    pub(crate) fn at(&self, tokens: impl ToTokens, text: impl Display) {
        self.push(Error::new_spanned(tokens, text));
    }

    pub(crate) fn push(&self, error: Error) {
        if let Some(errors) = self.0.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// The value, or nothing after its error was noted.
    pub(crate) fn keep<T>(&self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// How many were reported so far.
    pub(crate) fn count(&self) -> usize {
        self.0.borrow().as_ref().map_or(0, Vec::len)
    }

    /// All errors as one, if there is any.
    pub(crate) fn finish(self) -> Result<()> {
        let errors = self.0.take().into_iter().flatten();
        errors
            .reduce(|mut all, error| {
                all.combine(error);
                all
            })
            .map_or(Ok(()), Err)
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        assert!(thread::panicking() || self.0.borrow().is_none(), "forgot to finish the errors");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn all_errors_are_reported_together() {
        let errors = Errors::new();
        errors.at(quote!(a), "first");
        assert_eq!(errors.keep(Err::<(), _>(Error::new_spanned(quote!(b), "second"))), None);
        assert_eq!(errors.count(), 2);
        let texts: Vec<_> = errors.finish().unwrap_err().into_iter().map(|error| error.to_string()).collect();
        assert_eq!(texts, ["first", "second"]);
    }

    #[test]
    #[should_panic(expected = "forgot to finish")]
    fn forgetting_them_panics() {
        drop(Errors::new());
    }
}
