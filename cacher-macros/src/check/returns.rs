//! Which values can be kept.

use super::Subject;
use crate::{errors::Errors, tokens, types};
use quote::ToTokens;
use syn::{ReturnType, Type};

impl<'s> Subject<'s> {
    /// The type that is written behind `->`.
    pub(crate) fn returned(self) -> Option<&'s Type> {
        match &self.function.signature.output {
            ReturnType::Type(_, ty) => Some(ty),
            ReturnType::Default => None,
        }
    }

    /// Whether the type is a `Result` by its name.
    pub(crate) fn returns_result(self) -> bool {
        let last = self.returned().and_then(types::last_segment);
        last.is_some_and(|last| last.ident == "Result") && self.args.value.is_none()
    }

    /// What is kept, as far as tokens show it: of a `Result` its first type.
    pub(crate) fn kept(self) -> Option<&'s Type> {
        let returned = self.returned()?;
        let inside = self.returns_result().then(|| types::parameters(returned).first().copied()).flatten();
        Some(inside.unwrap_or(returned))
    }
}

pub(super) fn returns_at_all(subject: Subject, errors: &Errors) {
    if let Some(never @ Type::Never(_)) = subject.returned().map(types::bare) {
        errors.at(never, "a function that never returns has nothing to keep: remove `#[cache]`");
    }
}

// Each caller would have to know the type that is kept.
pub(super) fn no_opaque_value(subject: Subject, errors: &Errors) {
    let Some(ty) = subject.returned().filter(|ty| types::is_opaque(ty)) else { return };
    let text = ty.to_token_stream().to_string();
    if text.contains("Future") {
        errors.at(ty, "a future can't be kept, what it gives can: write an `async fn`");
    } else {
        errors.at(ty, "`impl Trait` can't be kept: name the type, as in `Vec<T>` for an iterator or `Arc<dyn Trait>`");
    }
}

// The value outlives the call, and all that the call borrowed.
pub(super) fn no_borrowed_value(subject: Subject, errors: &Errors) {
    let Some(kept) = subject.kept().filter(|ty| !types::is_opaque(ty)) else { return };
    if is_boxed_future(kept) {
        let text = "a boxed future can't be kept, what it gives can: write an `async fn`, and where \
                    `#[async_trait]` makes this of it, write `#[cache]` on the `impl` block above `#[async_trait]`";
        return errors.at(kept, text);
    }
    let in_full = if subject.args.result.is_some() && !subject.returns_result() {
        "; if only the error borrows, write the type as `Result<T, E>`"
    } else {
        ""
    };
    if let Some(borrow) = types::make_static(&mut kept.clone()).into_iter().next() {
        errors.at(
            borrow,
            format!("a value that borrows can't be kept: return an owned type, as `String` for `&str`{in_full}"),
        );
    }
}

fn is_boxed_future(ty: &Type) -> bool {
    let pinned = types::last_segment(ty).is_some_and(|last| last.ident == "Pin");
    pinned && tokens::contain(ty, "dyn") && tokens::contain(ty, "Future")
}

// In generic code no probe can tell whether `T` is a `Result`, and its errors would be kept.
pub(super) fn says_what_a_parameter_means(subject: Subject, errors: &Errors) {
    if subject.args.result.is_some() || subject.args.value.is_some() {
        return;
    }
    let Some(ty) = subject.returned().filter(|ty| subject.may_hide_a_result(ty)) else { return };
    errors.at(
        ty,
        "this may be a `Result`, whose errors are not to be kept: \
         add `result` to the arguments of `#[cache]` if it always is one, or `value` to keep whatever it is",
    );
}

impl Subject<'_> {
    /// Whether the type is a type parameter, or a projection that may depend on one.
    fn may_hide_a_result(self, ty: &Type) -> bool {
        let Type::Path(path) = types::bare(ty) else { return false };
        if let Some(qself) = &path.qself {
            return self.parameters().any(|parameter| tokens::contain(&path.path, &parameter.to_string()))
                || self.parameters().any(|parameter| tokens::contain(&qself.ty, &parameter.to_string()))
                || (self.self_may_be_generic() && tokens::contain(&qself.ty, "Self"));
        }
        let Some(first) = path.path.segments.first() else { return false };
        let projection = path.path.segments.len() > 1;
        self.parameters().any(|parameter| first.ident == *parameter)
            || (projection && first.ident == "Self" && self.self_may_be_generic())
    }

    /// Whether `Self::Item` may differ from one instantiation to the next.
    fn self_may_be_generic(self) -> bool {
        self.block.is_none_or(|block| block.generics.type_params().next().is_some())
    }
}
