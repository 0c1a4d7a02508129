//! Key templates: `"user:{user.id}:{page}"`.

use syn::{Error, Expr, LitStr};

/// Text with expressions in braces. The text stands between them: it has one piece more.
#[derive(Clone)]
pub(crate) struct Template {
    /// The literal, at which its errors point: a part of a literal has no place of its own.
    pub(crate) literal: LitStr,
    pub(crate) text: Vec<String>,
    pub(crate) parts: Vec<Expr>,
}

impl Template {
    pub(super) fn parse(literal: &LitStr) -> syn::Result<Self> {
        let template = Self::parse_any(literal)?;
        if template.parts.is_empty() {
            return Err(Error::new(
                literal.span(),
                "this template names no argument, so all calls would share one entry: \
                 write one in braces, as in `key = \"user:{id}\"`",
            ));
        }
        Ok(template)
    }

    /// The same, which may name no argument.
    pub(crate) fn parse_any(literal: &LitStr) -> syn::Result<Self> {
        let wrong = |problem: String| Error::new(literal.span(), problem);
        let (text, braces) = split(&literal.value()).map_err(wrong)?;
        let parts = braces.iter().map(|inside| part(literal, inside).map_err(wrong)).collect::<syn::Result<_>>()?;
        Ok(Self { literal: literal.clone(), text, parts })
    }
}

/// The text between the braces, and what is inside each pair; `{{` and `}}` are braces in the text.
fn split(template: &str) -> Result<(Vec<String>, Vec<String>), String> {
    let (mut text, mut braces) = (vec![String::new()], Vec::new());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        append(&mut text, before);
        if let Some(behind) = brace.strip_prefix("{{").or_else(|| brace.strip_prefix("}}")) {
            append(&mut text, &brace[..1]);
            rest = behind;
        } else if let Some(inside) = brace.strip_prefix('{') {
            let (inside, behind) = inside.split_once('}').filter(|(inside, _)| !inside.contains('{')).ok_or(OPEN)?;
            braces.push(inside.trim().to_owned());
            text.push(String::new());
            rest = behind;
        } else {
            return Err(CLOSED.into());
        }
    }
    append(&mut text, rest);
    Ok((text, braces))
}

const OPEN: &str = "`{` is opened and not closed: write `{name}`, or `{{` for a brace in the text";
const CLOSED: &str = "`}` closes nothing: write `{name}`, or `}}` for a brace in the text";

fn append(text: &mut [String], more: &str) {
    if let Some(last) = text.last_mut() {
        last.push_str(more);
    }
}

/// The expression in a pair of braces, at the place of the literal.
fn part(literal: &LitStr, inside: &str) -> Result<Expr, String> {
    if inside.is_empty() {
        return Err("these braces are empty: name an argument in them, as in `{id}`".into());
    }
    if let Some((name, _)) = inside.replace("::", "\0\0").split_once(':') {
        let name = inside[..name.len()].trim();
        return Err(format!("what is named stands there as it is, in no format: write `{{{name}}}`"));
    }
    let parser = |input: syn::parse::ParseStream| input.parse::<Expr>();
    let at_literal = LitStr::new(inside, literal.span());
    at_literal.parse_with(parser).map_err(|_| {
        format!("`{{{inside}}}` is no expression: name an argument, or a part of one, as in `{{user.id}}`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;
    use syn::parse_quote;

    fn parse(text: &str) -> Result<(Vec<String>, Vec<String>), String> {
        let literal: LitStr = parse_quote!(#text);
        let template = Template::parse(&literal).map_err(|error| error.to_string())?;
        let parts = template.parts.iter().map(|part| part.to_token_stream().to_string()).collect();
        Ok((template.text, parts))
    }

    #[test]
    fn text_and_parts() {
        for (template, text, parts) in [
            ("user:{user.id}:{page}", vec!["user:", ":", ""], vec!["user . id", "page"]),
            ("{a}{b}", vec!["", "", ""], vec!["a", "b"]),
            ("{{{a}}}", vec!["{", "}"], vec!["a"]),
            ("{ a }", vec!["", ""], vec!["a"]),
            ("{A::B}", vec!["", ""], vec!["A :: B"]),
            ("{path.len()}é", vec!["", "é"], vec!["path . len ()"]),
        ] {
            let (text, parts) =
                (text.into_iter().map(str::to_owned).collect(), parts.into_iter().map(str::to_owned).collect());
            assert_eq!(parse(template), Ok((text, parts)), "{template}");
        }
    }

    #[test]
    fn wrong_templates() {
        for (template, expected) in [
            ("", "names no argument"),
            ("user", "names no argument"),
            ("{{id}}", "names no argument"),
            ("a{}", "are empty"),
            ("a{ }", "are empty"),
            ("{id", "opened and not closed"),
            ("{id{a}", "opened and not closed"),
            ("id}", "closes nothing"),
            ("{id:?}", "write `{id}`"),
            ("{a::b :>3}", "write `{a::b}`"),
            ("{0x}", "no expression"),
            ("{a b}", "no expression"),
        ] {
            let error = parse(template).expect_err(template);
            assert!(error.contains(expected), "{template}: {error}");
        }
    }
}
