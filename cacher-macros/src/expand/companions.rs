//! What stands beside a cached function.

use super::{
    batch, batch_companions, behind,
    body::Prelude,
    code,
    names::{self, Names, companion, hidden, runtime, trait_path, turbofish, value, without_self},
    parts,
    place::Place,
    recipe,
};
use crate::{
    plan::{BlockPlan, Colour, Companions, Form, Generic, Home, Piece, Plan},
    tokens,
};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{FnArg, GenericParam, Generics, Receiver, ReceiverKind, Type, Visibility, WherePredicate};

/// Companions in a type of the function's name, or beside a method.
pub(crate) fn beside(plan: &Plan) -> TokenStream {
    let Some(companions) = &plan.companions else { return TokenStream::new() };
    let functions = functions(plan, companions, None);
    match companions.form {
        Form::Methods => functions,
        Form::Type => {
            let (name, vis, cfgs) = (hidden_like(&companions.name), &companions.vis, &plan.cfgs);
            let holder = names::holder(plan);
            let text = format!(" The cache of `{name}`.");
            // An alias, so that another type of its name is the only thing wrong if there is one.
            let alias = Place::at(name.span()).show(quote!(type #name = #holder;));
            quote! {
                #(#cfgs)*
                #[doc(hidden)]
                #vis enum #holder {}
                #(#cfgs)*
                impl #holder { #functions }
                #(#cfgs)*
                #[doc = #text]
                #vis #alias
            }
        }
        Form::Unit => TokenStream::new(),
    }
}

/// The unit type beside the `impl` block of a trait.
pub(crate) fn unit(plan: &BlockPlan) -> TokenStream {
    let Some(name) = &plan.unit else { return TokenStream::new() };
    let functions = plan.pieces.iter().filter_map(|piece| match piece {
        Piece::Cached(method) => method.companions.as_ref().map(|companions| functions(method, companions, Some(plan))),
        Piece::Other(_) => None,
    });
    let cfgs = &plan.cfgs;
    let text = format!(" The caches of the methods of `{}`.", trait_path(plan).to_token_stream());
    // A trait's methods are as visible as the trait; what can be named here can be named as widely as the crate.
    let inner = functions.map(|function| quote!(#function));
    quote! {
        #(#cfgs)*
        #[doc = #text]
        pub(crate) struct #name;
        #(#cfgs)*
        impl #name { #(#inner)* }
    }
}

/// The same name, out of sight of lints about names.
fn hidden_like(name: &Ident) -> Ident {
    hidden(&name.to_string(), name)
}

/// Whether a type or const parameter tells one cache of the function from another.
pub(crate) fn is_identity(plan: &Plan, name: &Ident) -> bool {
    plan.generics.iter().any(|generic| match generic {
        Generic::Type(ident) | Generic::Const(ident) => ident == name,
        Generic::Itself => false,
    })
}

fn functions(plan: &Plan, companions: &Companions, unit: Option<&BlockPlan>) -> TokenStream {
    let shared = shared(plan, companions, unit);
    let entry = entry(plan, companions, unit);
    let of_items = plan.batch.as_ref().map(|of_items| batch_companions::all(plan, of_items, companions, unit));
    let behind = behind::all(plan, companions, unit);
    let calls = [
        call(plan, companions, unit, "refresh", "Refresh", " Runs the body now, and stores what it returns."),
        call(plan, companions, unit, "uncached", "Bypass", " Runs the body, and leaves the cache alone."),
    ];
    let cache = cache(plan, companions, unit);
    let all = quote!(#shared #entry #of_items #behind #(#calls)* #cache);
    match unit {
        Some(unit) => without_self(all, &unit.header.self_ty),
        None => all,
    }
}

/// What the function and its companions share: hidden functions.
fn shared(plan: &Plan, companions: &Companions, unit: Option<&BlockPlan>) -> TokenStream {
    let (rt, names) = (runtime(plan), Names::of(plan, unit));
    let (site, config) = (recipe::site(plan, &names), recipe::config(plan, &names));
    let code = code::function(plan, &names, &visibility(companions, unit));
    let name = &names.marker;
    let generics = Kept::of(plan, unit, |name| is_identity(plan, name), |_| false);
    let (parameters, predicates) = (&generics.parameters, &generics.predicates);
    let cfgs = member_cfgs(plan, companions);
    let site = if site.is_empty() { site } else { quote!(#cfgs #site) };
    quote! {
        #site
        #cfgs #config
        #cfgs #code
        #cfgs
        #[doc(hidden)]
        fn #name #parameters() -> ::core::marker::PhantomData<impl ::core::marker::Sized + 'static> #predicates {
            #rt::marker(&|| ())
        }
    }
}

/// `entry(id)`: with the identity arguments only.
fn entry(plan: &Plan, companions: &Companions, unit: Option<&BlockPlan>) -> TokenStream {
    if plan.batch.as_ref().is_some_and(|of_items| of_items.apart.is_some()) {
        return TokenStream::new();
    }
    let (rt, krate, value, cfgs) = (runtime(plan), &plan.krate, value(plan), member_cfgs(plan, companions));
    let name = companion(companions, "entry");
    let vis = visibility(companions, unit);
    let inputs = parts::identity(plan).map(|argument| {
        let ident = &argument.ident;
        let ty = batch::item_type(plan, ident).unwrap_or_else(|| argument.ty.to_token_stream());
        quote!(#ident: #ty)
    });
    let receiver = receiver(plan, unit).map(|receiver| quote!(#receiver,));
    let this = unit.and(plan.receiver.as_ref()).map(|_| hidden("__this", &plan.signature.ident));
    let inputs = quote!(#receiver #(#inputs),*);
    let ignored = |name: &Ident| !is_declared_identity(plan, unit, name);
    let used = quote!(#inputs #value);
    let kept = Kept::of(plan, unit, |name| !ignored(name), |lifetime| mentions_lifetime(&used, lifetime));
    let (parameters, predicates) = (&kept.parameters, &kept.predicates);
    let Prelude { bindings, home, recipe, parts, .. } = Prelude::of(plan, unit);
    let terms = parts::terms(plan);
    let (ty, make) = match (&plan.home, plan.colour) {
        (_, Colour::Sync) if plan.policies.revisions.is_some() => (quote!(RevisedEntry), quote!(entry_revised)),
        (_, Colour::Async) if plan.policies.revisions.is_some() => {
            (quote!(AsyncRevisedEntry), quote!(entry_revised_async))
        }
        (Home::Thread, _) => (quote!(LocalEntry), quote!(entry_local)),
        (_, Colour::Sync) => (quote!(Entry), quote!(entry)),
        (_, Colour::Async) => (quote!(AsyncEntry), quote!(entry_async)),
    };
    let items = plan.batch.as_ref().map(batch::single);
    let body = quote! {
        #items
        #bindings
        #rt::#make(#home, &#recipe, &#parts, &#terms)
    };
    let returns = Place::of(names::kept(plan)).generated(quote!(#krate::#ty<#value>));
    let body = match &this {
        Some(this) => tokens::replace(body, "self", &this.to_token_stream()),
        None => body,
    };
    quote! {
        #cfgs
        #[doc = " The entry of a call with these arguments."]
        #[must_use]
        #vis fn #name #parameters(#inputs) -> #returns #predicates {
            #body
        }
    }
}

/// `refresh` and `uncached`: the function in another mode.
fn call(
    plan: &Plan,
    companions: &Companions,
    unit: Option<&BlockPlan>,
    what: &str,
    mode: &str,
    text: &str,
) -> TokenStream {
    let (rt, cfgs) = (runtime(plan), member_cfgs(plan, companions));
    let (name, function) = (companion(companions, what), &plan.signature.ident);
    // There is no other way to call a function that is deprecated itself.
    let deprecated = plan.function.attrs.iter().any(|attr| attr.path().is_ident("deprecated"));
    let allowed = deprecated.then(|| quote!(#[allow(deprecated)]));
    let vis = visibility(companions, unit);
    let mode = Ident::new(mode, proc_macro2::Span::mixed_site());
    let mut signature = plan.signature.clone();
    // Lints of what is unused look at where the function begins.
    let asyncness = signature.asyncness.as_mut().map(|token| &mut token.span);
    for span in [Some(&mut signature.fn_token.span), asyncness].into_iter().flatten() {
        *span = name.span();
    }
    signature.ident = name;
    let arguments = unlike_the_function(plan, &mut signature);
    let this = plan
        .receiver
        .as_ref()
        .map(|_| if unit.is_some() { hidden("__this", function).to_token_stream() } else { quote!(self) });
    let this = this.map(|this| quote!(#this,));
    let callee = callee(plan, companions, unit);
    let run = match plan.colour {
        Colour::Sync => quote!(#rt::once(#rt::ScopeMode::#mode, move || #callee(#this #(#arguments),*))),
        Colour::Async => {
            quote!(#rt::once_async(#rt::ScopeMode::#mode, ::core::pin::pin!(#callee(#this #(#arguments),*))).await)
        }
    };
    let head = match unit {
        Some(unit) => unit_signature(plan, unit, signature),
        None => signature.to_token_stream(),
    };
    quote! {
        #cfgs
        #allowed
        #[doc = #text]
        #vis #head { #run }
    }
}

/// The function, as its companions call it.
pub(super) fn callee(plan: &Plan, companions: &Companions, unit: Option<&BlockPlan>) -> TokenStream {
    let (function, own) = (&plan.signature.ident, turbofish([&plan.signature.generics], |_| true));
    match (companions.form, unit) {
        (Form::Type, _) => quote!(#function #own),
        (Form::Methods, _) | (_, None) => quote!(Self::#function #own),
        (Form::Unit, Some(unit)) => {
            let (ty, path) = (&unit.header.self_ty, trait_path(unit));
            quote!(<#ty as #path>::#function #own)
        }
    }
}

/// The arguments in order. One that is called like the function would stand in front of it, so it is renamed.
pub(super) fn unlike_the_function(plan: &Plan, signature: &mut syn::Signature) -> Vec<Ident> {
    let typed = signature.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    let renamed = typed.zip(&plan.arguments).map(|(input, argument)| {
        let mut ident = argument.ident.clone();
        if ident == plan.signature.ident {
            ident = hidden(&format!("__a{}", argument.index), &argument.ident);
            *input.pat = syn::parse_quote!(#ident);
        }
        ident
    });
    renamed.collect()
}

/// A method's signature as a function of the unit type: the receiver is an argument, the block's parameters its own.
pub(super) fn unit_signature(plan: &Plan, unit: &BlockPlan, mut signature: syn::Signature) -> TokenStream {
    let this = hidden("__this", &plan.signature.ident);
    if let Some(FnArg::Receiver(receiver)) = signature.inputs.first().cloned() {
        let ty = receiver_type(&receiver, &unit.header.self_ty);
        signature.inputs[0] = syn::parse_quote!(#this: #ty);
    }
    let own = std::mem::take(&mut signature.generics);
    signature.generics = unit.header.generics.clone();
    signature.generics.params.extend(own.params);
    sort_lifetimes_first(&mut signature.generics);
    if let Some(own) = own.where_clause {
        signature.generics.make_where_clause().predicates.extend(own.predicates);
    }
    signature.to_token_stream()
}

fn sort_lifetimes_first(generics: &mut Generics) {
    let (lifetimes, others): (Vec<_>, Vec<_>) =
        generics.params.iter().cloned().partition(|parameter| matches!(parameter, GenericParam::Lifetime(_)));
    generics.params = lifetimes.into_iter().chain(others).collect();
}

/// `&Repo` for `&self`.
pub(super) fn receiver_type(receiver: &Receiver, this: &Type) -> TokenStream {
    match &receiver.kind {
        ReceiverKind::Typed(_, ty) => without_self(ty, this),
        ReceiverKind::Reference(_, lifetime, _) => quote!(& #lifetime #this),
        _ => this.to_token_stream(),
    }
}

/// `cache()`: the whole of it.
fn cache(plan: &Plan, companions: &Companions, unit: Option<&BlockPlan>) -> TokenStream {
    let (rt, krate, cfgs) = (runtime(plan), &plan.krate, member_cfgs(plan, companions));
    let names = Names::of(plan, unit);
    let name = companion(companions, "cache");
    let vis = visibility(companions, unit);
    let Names { marker, config, owner, .. } = &names;
    let home = recipe::home(plan, &names);
    let site = if let Home::Thread = plan.home { quote!(#home.shared) } else { home };
    let own = plan.signature.generics.params.iter().any(|parameter| match parameter {
        GenericParam::Type(parameter) => is_identity(plan, &parameter.ident),
        GenericParam::Const(parameter) => is_identity(plan, &parameter.ident),
        GenericParam::Lifetime(_) => false,
    });
    let of_block = unit.is_some_and(|unit| unit.header.generics.params.iter().any(is_type_or_const));
    let handle = if own || of_block {
        let given = plan.name.iter();
        let given = quote!(::core::option::Option::<&str>::None #(.or(::core::option::Option::Some(#given)))*);
        let function = if companions.form == Form::Type { String::new() } else { companions.name.to_string() };
        quote!(#rt::handle_of_all(#site, &|| (), #given, #function))
    } else {
        quote!(#rt::handle(#site, #owner #marker(), #owner #config))
    };
    let (ty, handle) = match plan.colour {
        Colour::Sync => (quote!(Handle), handle),
        Colour::Async => (quote!(AsyncHandle), quote!(#handle.nonblocking())),
    };
    let receiver = matches!(plan.home, Home::Field(_)).then(|| quote!(&self));
    quote! {
        #cfgs
        #[doc = " The whole cache."]
        #[must_use]
        #vis fn #name(#receiver) -> #krate::#ty { #handle }
    }
}

fn is_type_or_const(parameter: &GenericParam) -> bool {
    !matches!(parameter, GenericParam::Lifetime(_))
}

/// A method's companions stand alone, so each has the method's `#[cfg]`s; those in a type have them around all.
pub(super) fn member_cfgs(plan: &Plan, companions: &Companions) -> TokenStream {
    let cfgs = &plan.cfgs;
    if companions.form == Form::Type { TokenStream::new() } else { quote!(#(#cfgs)*) }
}

pub(super) fn visibility(companions: &Companions, unit: Option<&BlockPlan>) -> Visibility {
    if unit.is_some() { syn::parse_quote!(pub(crate)) } else { companions.vis.clone() }
}

/// The receiver of `entry`.
pub(super) fn receiver(plan: &Plan, unit: Option<&BlockPlan>) -> Option<TokenStream> {
    let receiver = plan.receiver.as_ref()?;
    Some(match unit {
        None => receiver.to_token_stream(),
        Some(unit) => {
            let (this, ty) = (hidden("__this", &plan.signature.ident), receiver_type(receiver, &unit.header.self_ty));
            quote!(#this: #ty)
        }
    })
}

/// Whether `entry` has this parameter: all but those that are ignored.
pub(super) fn is_declared_identity(plan: &Plan, unit: Option<&BlockPlan>, name: &Ident) -> bool {
    let of_block = unit.is_some_and(|unit| {
        unit.header.generics.params.iter().any(|parameter| match parameter {
            GenericParam::Type(parameter) => parameter.ident == *name,
            GenericParam::Const(parameter) => parameter.ident == *name,
            GenericParam::Lifetime(_) => false,
        })
    });
    of_block || is_identity(plan, name)
}

pub(super) fn mentions_lifetime(tokens: &TokenStream, lifetime: &Ident) -> bool {
    tokens::contain(tokens, &lifetime.to_string())
}

/// The generics of a companion: those that pass, and the predicates that speak of no other.
pub(super) struct Kept {
    pub(super) parameters: TokenStream,
    pub(super) predicates: TokenStream,
}

impl Kept {
    pub(super) fn of(
        plan: &Plan,
        unit: Option<&BlockPlan>,
        keep: impl Fn(&Ident) -> bool,
        keep_lifetime: impl Fn(&Ident) -> bool,
    ) -> Self {
        let around = unit.map(|unit| &unit.header.generics);
        let all: Vec<_> = around.into_iter().chain([&plan.signature.generics]).collect();
        let parameters = all.iter().flat_map(|generics| &generics.params);
        let passes = |parameter: &GenericParam| match parameter {
            GenericParam::Type(parameter) => keep(&parameter.ident),
            GenericParam::Const(parameter) => keep(&parameter.ident),
            GenericParam::Lifetime(parameter) => keep_lifetime(&parameter.lifetime.ident),
        };
        let (kept, dropped): (Vec<_>, Vec<_>) = parameters.cloned().partition(passes);
        let dropped: Vec<_> = dropped.iter().map(parameter_name).collect();
        let predicates = all.iter().filter_map(|generics| generics.where_clause.as_ref());
        let speaks_of_kept =
            |predicate: &&WherePredicate| !dropped.iter().any(|name| tokens::contain(predicate, &name.to_string()));
        let predicates: Vec<_> = predicates.flat_map(|clause| &clause.predicates).filter(speaks_of_kept).collect();
        let mut generics = Generics { params: kept.into_iter().collect(), ..Generics::default() };
        sort_lifetimes_first(&mut generics);
        Self {
            parameters: generics.to_token_stream(),
            predicates: if predicates.is_empty() { TokenStream::new() } else { quote!(where #(#predicates),*) },
        }
    }
}

fn parameter_name(parameter: &GenericParam) -> Ident {
    match parameter {
        GenericParam::Type(parameter) => parameter.ident.clone(),
        GenericParam::Const(parameter) => parameter.ident.clone(),
        GenericParam::Lifetime(parameter) => parameter.lifetime.ident.clone(),
    }
}
