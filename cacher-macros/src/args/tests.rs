use super::*;
use quote::{ToTokens, quote};
use std::time::Duration;

/// The arguments, and the texts of the errors.
fn parse(tokens: TokenStream) -> (Args, Vec<String>) {
    let errors = Errors::new();
    let args = Args::parse(tokens, &errors);
    let texts = errors.finish().err().into_iter().flatten().map(|error| error.to_string()).collect();
    (args, texts)
}

fn good(tokens: TokenStream) -> Args {
    let (args, errors) = parse(tokens);
    assert_eq!(errors, [""; 0]);
    args
}

fn one_error(tokens: TokenStream) -> String {
    let (args, mut errors) = parse(tokens);
    assert!(args.broken);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

#[test]
fn nothing_is_fine() {
    assert!(good(quote!()).names.is_empty());
}

#[test]
fn all_at_once() {
    let args = good(quote! {
        backend = "memory://", ttl = "1h30m", tti = LIFE, jitter = "30s", none_ttl = "5s", patience = self.patience,
        capacity = 10_000usize, max_bytes = "64MiB", key = (self.base_url, path), cache_if = |v| v.is_some(),
        site = self.cache, single_flight = local, name = "posts", crate = ::memo, companions = posts_cache, result,
    });
    assert_eq!(args.names.len(), 16);
    assert!(matches!(args.ttl, Some(Given { value: Timing::Fixed(_, d), .. }) if d == Duration::from_secs(5400)));
    assert!(matches!(args.tti, Some(Given { value: Timing::Expr(_), .. })));
    assert_eq!(text(&args.capacity.unwrap().value), "10000");
    assert_eq!(text(&args.max_bytes.unwrap().value), (64 << 20).to_string());
    assert_eq!(args.key.unwrap().value.parts().len(), 2);
    assert_eq!(text(&args.krate.unwrap().value), ":: memo");
    assert!(matches!(args.companions.unwrap().value, Companions::Named(name) if name == "posts_cache"));
}

#[test]
fn closures_may_hold_commas() {
    let args = good(quote!(ttl = |v: &(u8, u8)| pick::<A, B>(v, 1), expires_at = |v| v.at, thread_local));
    assert!(matches!(args.ttl.unwrap().value, Timing::Closure(_)));
    assert!(args.expires_at.is_some() && args.thread_local.is_some());
}

#[test]
fn backends_are_one_or_a_list() {
    for (tokens, expected) in [
        (quote!(backend = "memory://"), 1),
        (quote!(backend = open()), 1),
        (quote!(backend = registered("posts")), 1),
        (quote!(backend = ["memory://?capacity=10", File::new("x"), concat!("file://", "a")]), 3),
    ] {
        assert_eq!(good(tokens).backend.unwrap().value.len(), expected);
    }
}

#[test]
fn keys_are_tuples() {
    let parts = |tokens| good(tokens).key.unwrap().value.parts().len();
    assert_eq!(parts(quote!(key = (id))), 1);
    assert_eq!(parts(quote!(key = (id,))), 1);
    assert_eq!(parts(quote!(key = (self.a, b.c()))), 2);
}

#[test]
fn companions_have_four_forms() {
    for (tokens, wanted) in
        [(quote!(companions), true), (quote!(companions = true), true), (quote!(companions = false), false)]
    {
        let companions = good(tokens).companions.unwrap().value;
        assert_eq!(matches!(companions, Companions::Wanted), wanted);
    }
}

#[test]
fn groups_of_macro_rules_are_seen_through() {
    let literal = proc_macro2::Group::new(proc_macro2::Delimiter::None, quote!("90s"));
    assert!(matches!(good(quote!(ttl = #literal)).ttl.unwrap().value, Timing::Fixed(..)));
}

#[test]
fn wrong_arguments() {
    for (tokens, expected) in [
        (quote!(tll = "5m"), "there is no argument `tll`; did you mean `ttl`?"),
        (quote!(ignored = [db]), "there is no argument `ignored`; did you mean `ignore`?"),
        (quote!(rate_limt = "1/s"), "there is no argument `rate_limt`; did you mean `rate_limit`?"),
        (quote!(time = 60), "there is no argument `time`; here it is called `ttl`"),
        (quote!(refresh = own), "`refresh` is `caller`, which is the default, or `background`, unquoted"),
        (quote!(tags = []), "no tag is named: leave `tags` out"),
        (quote!(tags = [""]), "a tag has a name: write `tags = [\"posts\"]`"),
        (
            quote!(tags = [3]),
            "`tags` takes a list of templates and closures of the value: write `tags = [\"user:{id}\", \"posts\"]`",
        ),
        (quote!(ttl = "5m", ttl = "6m"), "`ttl` is given twice: keep one of them"),
        (quote!(ttl), "`ttl` needs a value: write `ttl = \"5m\"`"),
        (quote!(ttl =), "`ttl` needs a value: write `ttl = \"5m\"`"),
        (quote!(ttl = , tti = "5m"), "`ttl` needs a value: write `ttl = \"5m\"`"),
        (quote!(ttl("5m")), "`ttl` needs a value: write `ttl = \"5m\"`"),
        (quote!(ttl = 60), "a duration needs a unit: write `ttl = \"60s\"`"),
        (quote!(ttl = "60x"), "`x` is not a unit: write one of `w`, `d`, `h`, `m`, `s`, `ms`, `us`, `ns`"),
        (quote!(ttl = true), "`ttl` takes a duration: write `ttl = \"5m\"`"),
        (quote!(capacity = "10k"), "`capacity` takes a number of entries: write `capacity = 10_000`"),
        (quote!(capacity = -1), "`capacity` takes a number of entries: write `capacity = 10_000`"),
        (quote!(max_bytes = 1.5), "`max_bytes` takes a size: write `max_bytes = \"64MiB\"`"),
        (quote!(ignore = db), "`ignore` takes a list of names: write `ignore = [db]`"),
        (
            quote!(ignore = [self.db, b]),
            "this is not the name of an argument; to use a part of one, write `key = (..)` in place of this",
        ),
        (
            quote!(key = id),
            "`key` takes a tuple of expressions, in parentheses, or a template: write `key = (self.base_url, path)`",
        ),
        (
            quote!(key = ()),
            "`key` takes at least one expression, or all calls would share one entry: write `key = (self.base_url, path)`",
        ),
        (
            quote!(key = "user:id"),
            "this template names no argument, so all calls would share one entry: write one in braces, as in \
             `key = \"user:{id}\"`",
        ),
        (quote!(version = 1), "`version` takes a string or `code`: write `version = \"1\"`"),
        (quote!(version = V1), "`version` takes a string or `code`: write `version = \"v1\"`"),
        (quote!(depends = parse), "`depends` takes a list of functions: write `depends = [parse, Client::get]`"),
        (
            quote!(depends_on = []),
            "`depends_on` takes a list of expressions: write `depends_on = [cacher::modified(path)]`",
        ),
        (quote!(result = true), "`result` takes no value: write `result` alone"),
        (quote!(name = posts), "`name` takes a string: write `name = \"posts\"`"),
        (quote!(crate = "memo"), "`crate` takes the path of the cacher crate, unquoted: write `crate = ::cacher`"),
        (quote!(companions = "x"), "`companions` takes a name, `true` or `false`: write `companions = user_cache`"),
        (quote!(single_flight = on), "`single_flight` is `local`, which is the default, `distributed` or `off`"),
        (quote!(single_flight = false), "`single_flight` is `local`, which is the default, `distributed` or `off`"),
        (
            quote!(cache_if = 3),
            "`cache_if` takes a closure of the value, or an expression of the arguments: write `cache_if = |value| value.is_some()`",
        ),
        (quote!(backend = []), "no backend is named: leave `backend` out for memory"),
        (quote!(backend = registered()), "`registered` takes the name of a backend: write `registered(\"posts\")`"),
        (quote!("5m"), "expected the name of an argument, as in `ttl = \"5m\"`"),
        (quote!(ttl = "5m" tti = "5m"), "expected a comma after the value of `ttl`"),
        (
            quote!(expires_at = "5m"),
            "`expires_at` takes a point in time, as an expression or a closure; a duration is a `ttl`: write `expires_at = |value| value.expires_at`",
        ),
    ] {
        let written = tokens.to_string();
        assert_eq!(one_error(tokens), expected, "{written}");
    }
}

#[test]
fn each_mistake_is_reported() {
    let (_, errors) = parse(quote!(tll = "5m", capacity = 10, ttl = 60, key = (a b), ttl = "5m"));
    assert_eq!(errors.len(), 3, "{errors:?}");
}

#[test]
fn far_names_get_the_list() {
    assert!(one_error(quote!(colour = 1)).starts_with("there is no argument `colour`; there are `backend`, `ttl`,"));
}
