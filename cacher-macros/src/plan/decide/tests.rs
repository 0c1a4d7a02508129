use super::*;
use crate::{errors::Errors, item::Item};

fn read(args: &str, item: &str) -> (Args, Item) {
    let errors = Errors::new();
    let args = Args::parse(args.parse().unwrap(), &errors);
    let item = Item::parse(item.parse().unwrap(), &errors);
    errors.finish().unwrap();
    (args, item.unwrap())
}

fn plan(args: &str, item: &str) -> Plan {
    match read(args, item) {
        (args, Item::Function(item)) => function(&args, *item, None),
        _ => panic!("not a function"),
    }
}

/// The block's plan, and that of its first cached method.
fn plan_block(args: &str, item: &str) -> (BlockPlan, Plan) {
    let (args, Item::Block(item)) = read(args, item) else { panic!("not a block") };
    let mut plan = block(&args, *item);
    let at = plan.pieces.iter().position(|piece| matches!(piece, Piece::Cached(_))).unwrap();
    let Piece::Cached(method) = plan.pieces.remove(at) else { unreachable!() };
    (plan, *method)
}

fn identity(plan: &Plan) -> Vec<bool> {
    plan.arguments.iter().map(|argument| argument.identity).collect()
}

fn generic_names(plan: &Plan) -> Vec<String> {
    let names = plan.generics.iter().map(|generic| match generic {
        Generic::Itself => "Self".to_owned(),
        Generic::Type(name) | Generic::Const(name) => name.to_string(),
    });
    names.collect()
}

fn companions_of(plan: &Plan) -> Option<(Form, String)> {
    plan.companions.as_ref().map(|companions| (companions.form, companions.name.to_string()))
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

#[test]
fn a_free_function() {
    let plan = plan("", "#[cfg(unix)] #[inline] pub fn f(n: u8, mut m: u8, (a, b): (u8, u8), _: u8) -> u8 {}");
    assert_eq!(plan.colour, Colour::Sync);
    assert_eq!(text(&plan.krate), ":: cacher");
    assert_eq!(text(&plan.signature), "fn f (n : u8 , m : u8 , __a2 : (u8 , u8) , __a3 : u8) -> u8");
    let rebind: Vec<_> = plan.arguments.iter().map(|argument| argument.rebind.as_ref().map(text)).collect();
    assert_eq!(rebind, [None, Some("mut m".to_owned()), Some("(a , b)".to_owned()), None]);
    assert_eq!(identity(&plan), [true; 4]);
    assert_eq!(companions_of(&plan), Some((Form::Type, "f".to_owned())));
    assert_eq!(plan.cfgs.len(), 1);
}

#[test]
fn ignored_arguments_and_parameters_are_not_identity() {
    let item = "async fn f<T, D, const N: usize>(db: &D, #[cache(ignore)] (a, b): (u8, u8), t: T) {}";
    let plan = plan("ignore = [db, D]", item);
    assert_eq!(plan.colour, Colour::Async);
    assert_eq!(identity(&plan), [false, false, true]);
    assert_eq!(generic_names(&plan), ["T", "N"]);
}

#[test]
fn a_key_says_what_identity_is() {
    let plan = plan("key = (self.url, path)", "fn f(&self, path: &str, db: &Db) {}");
    assert_eq!(identity(&plan), [true, false]);
    let key = plan.key.unwrap();
    assert_eq!((&key[0].arguments[..], &key[1].arguments[..]), (&[][..], &[0][..]));
}

#[test]
fn what_is_associated() {
    for (item, expected) in [
        ("fn f(&self) {}", true),
        ("fn f() -> Self {}", true),
        ("fn f() { vec![Self::A] }", true),
        ("fn f() { impl A { fn g() -> Self {} } }", false),
    ] {
        let (args, Item::Function(function)) = read("ignore = [Self]", item) else { panic!("not a function") };
        let subject = Subject { args: &args, function: &function, block: None };
        assert_eq!(subject.is_associated(), expected, "{item}");
    }
}

#[test]
fn self_is_identity_where_the_block_is_not_seen() {
    assert_eq!(generic_names(&plan("ignore = [self]", "fn f<T>(&self, t: T) {}")), ["Self", "T"]);
    assert_eq!(generic_names(&plan("ignore = [self, Self]", "fn f<T>(&self, t: T) {}")), ["T"]);
    let item = "impl<'a, B, const N: usize> A<'a, B, N> { #[cache(ignore = [self])] fn f<T>(&self, t: T) {} }";
    assert_eq!(generic_names(&plan_block("", item).1), ["T", "B", "N"]);
}

#[test]
fn companions_stand_where_they_can() {
    for (args, item, expected) in [
        ("", "fn f() {}", Some((Form::Type, "f"))),
        ("companions = g", "fn f() {}", Some((Form::Type, "g"))),
        ("companions = false", "fn f() {}", None),
        ("ignore = [self]", "pub fn f(&self) {}", Some((Form::Methods, "f"))),
        ("ignore = [self]", "fn f(&self) {}", None),
        ("ignore = [self], companions", "fn f(&self) {}", Some((Form::Methods, "f"))),
        ("ignore = [self], companions = g", "fn f(&self) {}", Some((Form::Methods, "g"))),
        ("ignore = [self], companions = false", "pub fn f(&self) {}", None),
    ] {
        let expected = expected.map(|(form, name)| (form, name.to_owned()));
        assert_eq!(companions_of(&plan(args, item)), expected, "#[cache({args})] {item}");
    }
}

#[test]
fn companions_of_a_block() {
    for (args, header, expected) in [
        ("", "impl A", Some((Form::Methods, "f"))),
        ("companions = false", "impl A", None),
        ("", "impl B for A", None),
        ("companions = Repo", "impl B for A", Some((Form::Unit, "f"))),
    ] {
        let item = format!("{header} {{ #[cache(ignore = [self])] fn f(&self) {{}} }}");
        let expected = expected.map(|(form, name)| (form, name.to_owned()));
        assert_eq!(companions_of(&plan_block(args, &item).1), expected, "#[cache({args})] {header}");
    }
}

#[test]
fn what_a_block_says_holds_for_its_methods() {
    let item = "#[cfg(unix)] impl B for A { #[cache(ignore = [self])] fn f(&self) {} }";
    let (block, method) = plan_block("companions = Repo, crate = ::memo", item);
    assert_eq!((text(&method.krate).as_str(), text(&block.unit).as_str()), (":: memo", "Repo"));
    assert_eq!(block.cfgs.len(), 1);
}

#[test]
fn what_is_kept() {
    for (args, ty, expected) in [
        ("", "u8", "probed"),
        ("value", "Result<u8, E>", "plain"),
        ("", "io::Result<u8>", "owned"),
        ("result", "Answer", "owned"),
        ("", "Result<u8, E<'a>>", "borrowed"),
        ("", "Result<u8, &'static str>", "owned"),
    ] {
        let found = match plan(args, &format!("fn f<'a>() -> {ty} {{}}")).value {
            Value::Plain { probe: true } => "probed",
            Value::Plain { probe: false } => "plain",
            Value::Fallible { owned_error: true } => "owned",
            Value::Fallible { owned_error: false } => "borrowed",
        };
        assert_eq!(found, expected, "{ty}");
    }
}

#[test]
fn what_is_returned_is_static() {
    assert_eq!(text(&plan("", "fn f() {}").returns), "()");
    let borrowed = plan("", "fn f() -> Result<u8, &str> {}");
    assert_eq!(text(&borrowed.returns), "Result < u8 , & 'static str >");
}

#[test]
fn policies_know_their_sources() {
    let args =
        r#"ttl = life(kind, self.x), expires_at = |v| v.at, patience = "1s", single_flight = off, site = self.cache"#;
    let plan = plan(args, "fn f(&self, id: u8, kind: Kind) {}");
    let Some(Timing::Expr(ttl)) = plan.policies.ttl else { panic!("not an expression") };
    assert_eq!(ttl.arguments, [1]);
    assert!(matches!(plan.policies.expires_at, Some(Timing::Closure(_))));
    assert!(matches!(plan.policies.patience, Some(Timing::Fixed(..))) && plan.policies.single_flight == Flight::Off);
    assert!(matches!(plan.home, Home::Field(_)));
}

#[test]
fn tiers_say_what_they_need() {
    let plan = plan(r#"backend = ["memory://", "file://./a?format=msgpack", open(), registered("a")]"#, "fn f() {}");
    let needs = plan.tiers.iter().map(|tier| match tier {
        Tier::Url { needs, .. } => needs.iter().map(Ident::to_string).collect(),
        Tier::Expr(_) => vec![],
        Tier::Registered(_) => vec!["registered".to_owned()],
    });
    let expected = [vec!["scheme_memory"], vec!["scheme_file", "format_msgpack"], vec![], vec!["registered"]];
    assert_eq!(needs.collect::<Vec<_>>(), expected);
}
