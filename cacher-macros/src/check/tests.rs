use crate::{args::Args, check, check::Subject, errors::Errors, item::Item};

/// The texts of all errors, first those of the reading.
fn check(args: &str, item: &str) -> Vec<String> {
    let errors = Errors::new();
    let args = Args::parse(args.parse().unwrap(), &errors);
    match errors.keep(Item::parse(item.parse().unwrap(), &errors)) {
        Some(Item::Function(function)) => {
            check::function(Subject { args: &args, function: &function, block: None }, &errors);
        }
        Some(Item::Block(block)) => check::block(&args, &block, &errors),
        None => {}
    }
    errors.finish().err().into_iter().flatten().map(|error| error.to_string()).collect()
}

#[track_caller]
fn good(args: &str, item: &str) {
    assert_eq!(check(args, item), [""; 0], "#[cache({args})] {item}");
}

/// One error, with this in its text.
#[track_caller]
fn bad(args: &str, item: &str, expected: &str) {
    let errors = check(args, item);
    assert!(errors.len() == 1 && errors[0].contains(expected), "#[cache({args})] {item}\n{errors:#?}");
}

/// One error for a good function with these arguments.
#[track_caller]
fn bad_args(args: &str, expected: &str) {
    bad(args, "fn f(id: u64, db: &Pool) -> Option<User> {}", expected);
}

/// One error for a function without arguments of the attribute.
#[track_caller]
fn bad_item(item: &str, expected: &str) {
    bad("", item, expected);
}

#[test]
fn what_is_good() {
    for (args, item) in [
        ("", "fn parse(path: &Path) -> Result<Config, ParseError> {}"),
        ("", "fn once() {}"),
        ("", "fn f<'a>(a: &'a str, b: Option<&[u8]>) -> Result<String, Error<'a>> {}"),
        ("", "fn f<T: Get, const N: usize>(mut t: T, (a, b): (u8, u8)) -> [u8; N] {}"),
        ("", "async fn f(id: u64, #[cache(ignore)] db: &mut Pool) -> Box<dyn Fn(&str) -> &str> {}"),
        ("ignore = [self, D, Self]", "fn f<D>(&self, id: u64) -> Self {}"),
        ("key = (self.url, path.as_ref())", "fn f(&self, path: impl AsRef<str>, out: &mut Vec<u8>) {}"),
        ("key = (self, id), ignore = [D]", "fn f<D>(self: &Arc<Self>, id: u64, db: &D) {}"),
        ("site = self.cache, ttl = self.ttl", "fn f(mut self, id: u64) {}"),
        (r#"key = (format!("{a}"))"#, "fn f(a: u64) {}"),
        (r#"ttl = life(id), jitter = "1s", cache_if = |v| v.is_some()"#, "fn f(id: u64) -> Option<u8> {}"),
        (
            r#"backend = ["memory://?capacity=10", "file://./a?format=json&durability=power"], capacity = 9"#,
            "fn f() {}",
        ),
        (
            r#"backend = "sqlite://./a.db", capacity = 9, max_bytes = "1MiB", eviction = lfu, process_memory = "1GiB""#,
            "fn f() {}",
        ),
        (r#"backend = "file://./a?capacity=9&max_bytes=1MiB&eviction=random", frequency = "2/1h""#, "fn f() {}"),
        (r#"backend = "memory://?format=json&capacity=9", eviction = fifo"#, "fn f() {}"),
        ("backend = store(), capacity = 9, eviction = lifo", "fn f() {}"),
        (r#"backend = "memory://", capacity = 10"#, "fn f() {}"),
        (r#"backend = ["memory://", "sqlite:///a.db?table=posts&format=json"]"#, "fn f() {}"),
        (r#"backend = "mongodb://u:p@a:1,b/app?replicaSet=rs0&collection=posts&timeout=2s&w=majority""#, "fn f() {}"),
        (r#"backend = "file://./a?format=json%2Bzstd?level=3%26max=1MB""#, "fn f() {}"),
        (r#"backend = ["memory://", "file://./a"], format = "msgpack+zstd""#, "fn f() {}"),
        (r#"backend = ["memory://?format=json", "json://a.json", "lmdb://a", "null://"]"#, "fn f() {}"),
        ("value", "fn f<T>() -> T {}"),
        ("result", "fn f<T: Get>() -> T::Out {}"),
        ("result", "fn f() -> Answer<u8> {}"),
        ("companions = UserRepo", "impl<T> Repo for Box<T> { #[cache(ignore = [self])] fn f(&self) -> u8 {} }"),
        ("", "impl<T> A<T> { #[cache(ignore = [self], companions = g)] pub fn f(&self) -> u8 {} }"),
        ("", "impl Get for A { #[cache(ignore = [self])] fn f(&self) -> Self::Out {} }"),
    ] {
        good(args, item);
    }
}

#[test]
fn functions_that_cant_be_cached() {
    bad_item("const fn f() -> u8 {}", "remove `const`");
    bad_item("unsafe fn f() -> u8 {}", "cache a safe function that calls it");
    bad_item("extern \"C\" fn f() -> u8 {}", "let it call a Rust function");
    bad_item("fn f() -> ! {}", "never returns");
    bad_item("fn f(#[cfg(unix)] a: u8) {}", "come and go");
    bad_item("fn f(&mut self) {}", "take `&self`");
    bad("ignore = [self]", "fn f(&mut self) {}", "take `&self`");
    bad("key = (self.a)", "fn f(self: Pin<&mut Self>) {}", "take `&self`");
    bad("site = self.a", "fn f(&'a mut self) {}", "take `&self`");
}

#[test]
fn identities() {
    bad_item("fn f(&self) {}", "- `site = self.field`");
    bad_item("fn f(self: Arc<Self>) {}", "- `key = (self, ..)`");
    bad_item("fn f(out: &mut Vec<u8>) {}", "write `ignore = [out]`");
    bad_item("fn f((a, b): (&mut u8, u8)) {}", "write `#[cache(ignore)]` before it");
    bad_item("fn f(name: &impl AsRef<str>) {}", "write `ignore = [name]`");
    bad("ignore = [slf]", "fn f(&self, id: u8) {}", "there is no argument `slf`; did you mean `self`?");
    bad_args("ignore = [dbb]", "there is no argument `dbb`; did you mean `db`?");
    bad("ignore = [outt]", "fn f(out: &mut u8) {}", "did you mean `out`?");
    bad_args("ignore = [pool]", "there is no argument `pool`");
    bad_args("ignore = [self]", "there is no argument `self`");
    bad_args("ignore = [Self]", "there is no argument `Self`");
    bad_args("ignore = [db, db]", "ignored twice");
    bad("ignore = [a]", "fn f(#[cache(ignore)] a: u8) {}", "ignored twice");
    bad("ignore = [self]", "fn f(#[cache(ignore)] &self) {}", "ignored twice");
    bad("ignore = [a]", "fn f((a, b): (u8, u8)) {}", "a part of an argument");
    bad_args("key = (id), ignore = [id]", "`id` is ignored and named in `key`");
    bad_args("key = (id), ignore = [db]", "`key` already says");
    bad("key = (a)", "fn f(a: u8, #[cache(ignore)] b: u8) {}", "`key` already says");
    bad("key = (a), ignore = [self]", "fn f(&self, a: u8) {}", "`key` already says");
    bad("key = (a)", "fn f((a, b): (u8, u8)) {}", "give the whole a name");
}

#[test]
fn what_is_put_around_a_store() {
    let with = |args: &str| format!(r#"backend = ["memory://", "file://./a"], {args}"#);
    for args in [
        "write = background, revisions = 5",
        "write = Background::new().capacity(MOST), archive, ttl = \"1h\"",
        "single, write = through",
        "archive, single, strategies = [Slow]",
    ] {
        good(&with(args), "fn f(id: u64) -> u8 {}");
    }
    good("single", "fn f(id: u64) -> u8 {}");
    good("backend = open(), revisions = most()", "fn f(id: u64) -> u8 {}");
    bad_args("write = background", "which takes no time");
    bad_args("revisions = 5", "`revisions` keeps values in a store");
    bad_args(r#"backend = "memory://", archive, ttl = "1h""#, "`archive` keeps values in a store");
    bad_args(&with("archive"), "nothing expires here");
    bad_args(&with(r#"archive, revisions = 5, ttl = "1h""#), "write one of them");
    bad_args(&with("single, revisions = 5"), "leave `revisions` out");
    bad_args(&with("single, max_bytes = 9"), "leave `max_bytes` out");
    bad_args(&with("single, file_name = name"), "leave `file_name` out");
    bad_args(&with("revisions = id"), "can't depend on `id`");
    bad_args(&with("write = behind(id)"), "can't depend on `id`");
    bad_args(&with("write = behind"), "`write` is `through`, which is the default, or `background`");
    bad_args(&with("write = 5"), "`write` takes `through`, `background`, or");
    bad_args(&with("revisions = 0"), "write at least 1");
    bad_args(&with("revisions = \"5\""), "`revisions` takes a number of revisions");
}

#[test]
fn secrets() {
    let store = r#"backend = "file://./a""#;
    let with = |args: &str| format!("{store}, {args}");
    good("secret = [id]", "fn f(id: u64) {}");
    good("", "fn f(password: &str) {}");
    good(r#"backend = "memory://""#, "fn f(password: &str) {}");
    good(&with("secret = [password]"), "fn f(id: u64, password: &str) {}");
    good(&with("ignore = [password]"), "fn f(id: u64, password: &str) {}");
    good(&with("key = (password)"), "fn f(id: u64, password: &str) {}");
    good(&with(r#"key = "{password}", ignore = [id]"#), "fn f(id: u64, password: &str) {}");
    good(&with("key = (self.api_key, id), secret = [self]"), "fn f(&self, id: u64) {}");
    good(store, "fn f(#[cache(key)] password: &str, has_password: bool, #[cache(secret)] (user, jwt): (u8, u8)) {}");
    for item in ["fn f(my_api_key: &str) {}", "async fn f((user, my_api_key): (u8, u8)) {}"] {
        for text in ["ignore", "secret", "`#[cache(key)]`", "`my_api_key` looks like a credential"] {
            bad(store, item, text);
            bad(r#"backend = ["memory://", "file://./a"]"#, item, text);
            bad("backend = open()", item, text);
        }
    }
    bad("secret = [idd]", "fn f(id: u64) {}", "did you mean `id`?");
    bad("secret = [a]", "fn f((a, b): (u8, u8)) {}", "`#[cache(secret)]` before the whole of it");
    bad("secret = [T]", "fn f<T>(id: u64) {}", "there is no argument `T`");
    bad("secret = [id, id]", "fn f(id: u64) {}", "secret twice");
    bad("secret = [id]", "fn f(#[cache(secret)] id: u64) {}", "secret twice");
    bad("secret = [id], ignore = [id]", "fn f(id: u64) {}", "ignored and secret");
    bad("secret = [id]", "fn f(#[cache(ignore)] id: u64) {}", "ignored and secret");
    bad("ignore = [id]", "fn f(#[cache(secret)] id: u64) {}", "ignored and secret");
    bad("secret = [id]", "fn f(#[cache(key)] id: u64) {}", "secret and marked as a key");
    bad("key = (a), secret = [id]", "fn f(id: u64, a: u64) {}", "`key` does not name it");
    bad("key = (a)", "fn f(#[cache(secret)] id: u64, a: u64) {}", "`key` does not name it");
    bad("secret = [self]", "fn f(&self) {}", "write `key = (self.token, ..)`");
    bad("", "fn f(#[cache(secret)] &self) {}", "write `key = (self.token, ..)`");
    bad("", "fn f(#[cache(key)] &self) {}", "write `key = (self.field, ..)`");
    bad("key = (id)", "fn f(#[cache(key)] id: u64) {}", "already says");
    bad("ignore = [id]", "fn f(#[cache(key)] id: u64) {}", "ignored and marked");
}

#[test]
fn templates() {
    good(r#"key = "{id}:{user.name}""#, "fn f(id: u64, user: &User) {}");
    good(r#"key = "{id}:{LIMIT}", ignore = [user]"#, "fn f(id: u64, user: &User) {}");
    good(r#"key = "{self.a}{id}""#, "fn f(&self, id: u64, #[cache(ignore)] (a, b): (u8, u8)) {}");
    good(r#"key = "{id}", ignore = [self]"#, "fn f(&self, id: u64) {}");
    bad(r#"key = "{idd}", ignore = [id]"#, "fn f(id: u64) {}", "did you mean `id`?");
    bad(r#"key = "{self.a}{id}""#, "fn f(id: u64) {}", "no argument `self`");
    bad(r#"key = "{id}""#, "fn f(id: u64, page: u64) {}", "write `{page}` in it, or `ignore = [page]`");
    bad(r#"key = "{id}""#, "fn f(&self, id: u64) {}", "`self` is neither");
    bad(r#"key = "{id}""#, "fn f(id: u64, (a, b): (u8, u8)) {}", "can't name this argument");
    bad(r#"key = "{id}", ignore = [id]"#, "fn f(id: u64) {}", "ignored and named");
}

#[test]
fn versions() {
    good("version = code, depends = [a, B::c, <D>::e, super::f]", "fn f(id: u64) {}");
    good(r#"version = "2026-11""#, "fn f(id: u64) {}");
    bad_args(r#"version = " ""#, "needs a name");
    bad_args(r#"version = "a@b""#, "no `@`");
    bad_args(r#"version = "code-1""#, "write another");
    bad_args("depends = [a]", "write `version = code` beside it");
    bad_args(r#"depends = [a], version = "v1""#, "write `version = code` beside it");
    bad_args(r#"name = "a@b""#, "between a name and a version");
}

#[test]
fn outside_states() {
    good("depends_on = [EPOCH.load(), id, self.epoch], ignore = [self]", "fn f(&self, id: u64) {}");
    bad_args("depends_on = [epoch(db)], ignore = [db]", "may name only what identifies a call");
    bad("depends_on = [a]", "fn f((a, b): (u8, u8)) {}", "give the whole a name");
}

#[test]
fn values() {
    bad_item("fn f() -> impl Iterator<Item = u8> {}", "name the type");
    bad_item("fn f() -> Result<u8, impl Error> {}", "name the type");
    bad_item("fn f() -> impl Future<Output = u8> {}", "write an `async fn`");
    bad_item("fn f<'a>(a: &'a u8) -> Pin<Box<dyn Future<Output = u8> + Send + 'a>> {}", "above `#[async_trait]`");
    bad_item("fn f(a: &str) -> &str {}", "return an owned type");
    bad_item("fn f<'a>(a: &'a str) -> Result<Cow<'a, str>, E> {}", "return an owned type");
    bad("result", "fn f<'a>(a: &'a str) -> Answer<'a> {}", "`Result<T, E>`");
    bad_item("fn f<T>() -> T {}", "add `result`");
    bad_item("fn f<T: Get>() -> T::Out {}", "add `result`");
    bad_item("fn f<T: Get>() -> <T as Get>::Out {}", "add `result`");
    bad("ignore = [self]", "fn f(&self) -> Self::Out {}", "add `result`");
    bad_item("impl<T> A<T> { #[cache(ignore = [self])] fn f(&self) -> T {} }", "add `result`");
}

#[test]
fn conflicts() {
    bad_args("result, value", "write one of them");
    bad_args(r#"ttl = "1s", expires_at = |v| v.at"#, "write one of them");
    bad_args(r#"jitter = "1s""#, "add a `ttl`");
    bad_args(r#"thread_local, backend = "memory://""#, "beside `thread_local`");
    bad_args(r#"thread_local, patience = "1s""#, "beside `thread_local`");
    bad_args("thread_local, single_flight = off", "beside `thread_local`");
    bad("thread_local, site = self.a", "fn f(&self) {}", "beside `thread_local`");
    bad_args(r#"single_flight = off, patience = "1s""#, "leave `patience` out");
    bad_args("capacity = 0", "keeps nothing");
    bad_args(r#"max_bytes = "0MiB""#, "keeps nothing");
    bad_args(r#"capacity = 9, backend = "file://./a?capacity=9""#, "given twice");
    bad_args(r#"eviction = lru, backend = "file://./a?eviction=lru&capacity=9""#, "given twice");
    bad_args("capacity = 9, eviction = lru", "an order of its own");
    bad_args(
        r#"capacity = 9, backend = "redis://localhost""#,
        r#"write `backend = ["memory://", "redis://localhost"]`"#,
    );
    bad_args(r#"capacity = 9, backend = "null://""#, r#"write `backend = ["memory://", "null://"]`"#);
    bad_args(r#"process_memory = "1GiB""#, "an order of its own");
    bad_args(r#"frequency = "2/1h", backend = ["memory://", "file://./a"]"#, "an order of its own");
    bad_args(r#"eviction = fifo, backend = "file://./a""#, "add `capacity = 10_000`");
    bad_args("eviction = fifo, backend = store()", "add `capacity = 10_000`");
    bad_args(r#"capacity = 9, max_bytes = "1MiB", backend = store()"#, "write one of them");
    bad_args(r#"capacity = 9, backend = "memory://?capacity=9""#, "given twice");
    bad(r#"site = self.a, backend = "file://./a""#, "fn f(&self) {}", "would share this store");
    bad(r#"site = self.a, backend = "memory://?format=json""#, "fn f(&self) {}", "would share this store");
    bad_args(r#"name = """#, "write some letters");
}

#[test]
fn a_wrong_url_is_one_mistake() {
    bad_args(r#"capacity = 9, backend = "memroy://""#, "did you mean `memory`?");
    bad_args(r#"capacity = 9, backend = "memory:""#, "two slashes");
    bad(r#"site = self.a, backend = "./a""#, "fn f(&self) {}", "this is not a URL");
}

#[test]
fn timings() {
    bad_args(r#"ttl = "0s""#, "`ttl` is zero");
    bad_args(r#"none_ttl = "0s""#, "cache_if");
    bad_args(r#"patience = "0ms""#, "single_flight = off");
    bad_args("tti = |v| v.life", "the same for all values");
    bad_args("tti = |v| life(id)", "the same for all values");
    bad_args("ttl = || LIFE", "takes one argument");
    bad_args("ttl = async |v| v.life", "can't wait");
    bad_args("cache_if = |a, b| true", "takes one argument");
    bad_args("ttl = |v| life(v, id)", "may have consumed `id`");
    bad("site = self.a, ttl = |v| self.life(v)", "fn f(&self) {}", "may have consumed `self`");
    bad_args("ttl = life(db), key = (id)", "`db` does not");
    bad_args("ttl = db.life, ignore = [db]", "`db` does not");
    bad_args("capacity = id", "set once for all calls");
    bad_args("backend = open(id)", "set once for all calls");
    bad_args(r#"backend = ["memory://", open(db.path)]"#, "set once for all calls");
    bad("backend = self.store, ignore = [self]", "fn f(&self) {}", "set once for all calls");
    bad_args("site = CACHE", "is for methods");
    bad("site = CACHE", "fn f(&self) {}", "write `site = self.cache`");
}

#[test]
fn urls() {
    for (url, expected) in [
        ("mongodb://", "write it as in `mongodb://localhost`"),
        ("mongodb://localhost", "write it as in `mongodb://user@localhost/database`"),
        ("mongodb://a,b/?collection=a", "a database is missing"),
        ("mongodb://localhost/app?colection=a", "did you mean `collection`?"),
        ("mongodb://localhost/app?collection=a;b", "invalid collection name `a;b`"),
        ("mongodb://localhost/app?readPreference=nearest", "`mongodb://` has no parameter `readPreference`"),
        ("mongodb://localhost/app?maxpoolsize=1", "did you mean `maxPoolSize`?"),
        ("mongodb://localhost/app?timeout=1", "write `\"1s\"`"),
        ("mongodb://localhost/app?w=0", "write `w=1`"),
        ("redis://", "write it as in `redis://localhost`"),
        ("redis://localhost?timeout=1", "write `\"1s\"`"),
        ("redis://localhost?db=1", "it has `format`, `timeout`, `coherence`"),
        ("redis://localhost?coherence=yes", "write `coherence=off`"),
        ("postgres://", "write it as in `postgres://localhost`"),
        ("postgres://localhost", "write it as in `postgres://user@localhost/database`"),
        ("postgres://localhost/app?ssl-mode=on", "did you mean `sslmode`?"),
        ("mysql://localhost/?table=a", "a database is missing"),
        ("mysql://localhost/app?table=a;b", "invalid table name `a;b`"),
        ("mysql://localhost/app?connections=0", "from 1 to 1000"),
        ("mysql://localhost/app?timeout=1", "write `\"1s\"`"),
        ("memcached://", "write it as in `memcached://localhost`"),
        ("memcached+unix://", "write it as in `memcached+unix:///run/memcached.sock`"),
        ("memcached://localhost?coherence=off", "it has `format`, `timeout`"),
        ("memroy://", "did you mean `memory`?"),
        ("gopher://a", "there are `memory`, `file`, `json`, `sqlite`, `lmdb`, `null`, `redis`"),
        ("memory://?eviction=lru&capacity=9", "an order of its own"),
        ("memory://?format=json&eviction=lru", "write `capacity=10000` beside `eviction`"),
        ("memory://?format=json&capacity=9&eviction=lfo", "there is no order `lfo`"),
        ("memory://?format=jsn", "did you mean `json`?"),
        ("null://here", "write `null://`"),
        ("null://?a=b", "it has none"),
        ("json://", "write it as in `json://./cache.json`"),
        ("json://./a.json?format=json", "it has `durability`"),
        ("sqlite://", "write it as in `sqlite://./cache.db`"),
        ("sqlite://./a.db?tabel=a", "did you mean `table`?"),
        ("sqlite://./a.db?table=a;b", "invalid table name `a;b`"),
        ("sqlite://./a.db?table=1a", "no digit first"),
        ("sqlite://./a.db?durability=disk", "`process` or `power`"),
        ("lmdb://", "write it as in `lmdb://./.cache/posts`"),
        ("lmdb://./a?map_size=9", "it has `format`, `durability`"),
        ("./cache", "write `file://./cache` for a directory"),
        ("memory", "write `memory://`"),
        ("file:./cache", "write `file://`"),
        ("memory://here", "memory has no place"),
        ("file://", "a directory is missing"),
        ("memory://?capasity=9", "did you mean `capacity`?"),
        ("memory://?capacity=many", "write `capacity=10000`"),
        ("memory://?capacity=0", "keeps nothing"),
        ("memory://?capacity", "has no value"),
        ("memory://?ttl=0s", "keeps nothing"),
        ("file://./a?ttl=9", "write `\"9s\"`"),
        ("null://?ttl=9s", "it has none"),
        ("memory://?max_bytes=9mb", "write `MB`"),
        ("memory://?max_bytes=9MB&capacity=3", "keep one of them"),
        ("memory://?capacity=9&capacity=9", "given twice"),
        ("file://./a?tttl=9", "did you mean `ttl`?"),
        ("file://./a?format=jsn", "did you mean `json`?"),
        ("file://./a?format=yaml", "there are `json`, `msgpack`"),
        ("file://./a?format=json+msgpack", "keep one of them"),
        ("file://./a?format=json%2Bzlib?level=10", "from 0 to 9"),
    ] {
        bad_args(&format!("backend = {url:?}"), expected);
    }
}

#[test]
fn places() {
    let method = "#[cache(ignore = [self])] fn f(&self) {}";
    bad_item("impl A {}", "no method here");
    bad(r#"ttl = "1s""#, &format!("impl A {{ {method} }}"), "belongs on a method");
    bad("companions = B", &format!("impl A {{ {method} }}"), "stand beside the methods");
    bad("companions", &format!("impl A for B {{ {method} }}"), "name a type");
    bad_item("impl A for B { #[cache(ignore = [self], companions = g)] fn f(&self) {} }", "name a type");
}

#[test]
fn independent_mistakes_come_together() {
    let errors = check(r#"ttl = "0s", capacity = 0"#, "const fn f(out: &mut u8) -> &str {}");
    assert_eq!(errors.len(), 5, "{errors:#?}");
    let errors = check(r#"tll = "1s", ignor = [self]"#, "const fn f(&self) {}");
    assert_eq!(errors.len(), 3, "{errors:#?}");
}

#[test]
fn keyers() {
    let files = r#"backend = "file://./a""#;
    for keyer in ["hash", "readable", "Own", "crate::own", "|call| own(call)", "Hash::with(own)", "OWN.clone()"] {
        good(&format!("{files}, keyer = {keyer}"), "fn f(id: u64) {}");
    }
    let own = r#"|call| { let id = call.argument("id"); format!("{id:?}") }"#;
    good(&format!("{files}, file_name = {own}"), "fn f(id: u64) {}");
    good("backend = Own::open(), file_name = own::path", "fn f(id: u64) {}");
    good(r#"backend = ["memory://", OWN], keyer = readable"#, "fn f(id: u64) {}");
    bad_args("keyer = readable", "memory compares the arguments");
    bad_args("thread_local, keyer = readable", "memory compares the arguments");
    bad_args(r#"backend = "memory://", file_name = own"#, "memory compares the arguments");
    for (keyer, problem) in [
        ("keyer = hash, file_name = own", "write one of them"),
        ("keyer = sha256", "there is no keyer `sha256`"),
        ("keyer = \"hash\"", "unquoted"),
        ("keyer = [hash]", "one keyer"),
        ("keyer = || own()", "takes one argument"),
        ("keyer = async |call| own(call)", "remove `async`"),
        ("keyer = Own::of(id)", "can't depend on `id`"),
        ("keyer = |call| own(call, db)", "can't depend on `db`"),
        ("file_name = |call| format!(\"{id}\")", "can't depend on `id`"),
        ("file_name = own()", "takes a closure"),
    ] {
        bad_args(&format!("{files}, {keyer}"), problem);
    }
}

#[test]
fn formats() {
    let file = r#"backend = "file://./a""#;
    for (args, expected) in [
        (r#"format = "json""#.to_owned(), "memory keeps values as they are"),
        (r#"backend = ["memory://"], format = "json""#.to_owned(), "memory keeps values as they are"),
        (format!(r#"{file}, format = "jsn""#), "did you mean `json`?"),
        (format!("{file}, format = json"), "write `format = \"json\"`"),
        (format!("{file}, format = 7"), "takes the name of a format"),
        (format!(r#"{file}, format = ["json", "zlib"]"#), "with `+` between its pieces"),
        (r#"backend = "file://./a?format=json", format = "json""#.to_owned(), "given twice"),
        (r#"backend = "sqlite://./a", format = "json+bare""#.to_owned(), "write `bare` for `file://`"),
        (format!(r#"{file}, format = "json+bare", file_name = |call| "x""#), "does not say of which call"),
        (r#"backend = "file://./a?format=npy+bare", keyer = Own"#.to_owned(), "does not say of which call"),
        (format!(r#"{file}, format = "json+bare", single"#), "leave out `bare`, or `single`"),
        (format!(r#"{file}, format = "json+bare", revisions = 2"#), "leave out `bare`, or `revisions`"),
        (format!(r#"{file}, format = "json+bare", archive, ttl = "1m""#), "leave out `bare`, or `archive`"),
        (format!(r#"{file}, format = "json+bare", write = background"#), "leave out `bare`, or `write`"),
    ] {
        bad_args(&args, expected);
    }
    good(&format!(r#"{file}, format = "npy+bare", keyer = readable"#), "fn f() {}");
    good(r#"backend = ["file://./a?format=json", "sqlite://./a"], format = "msgpack+zstd""#, "fn f() {}");
    good(&format!("{file}, format = Format::named(NAME)"), "fn f() {}");
}

#[test]
fn freshness() {
    let item = "fn f(id: u64, token: String) -> Result<u64, E> {}";
    bad(
        r#"ttl = "1m", stale_if_error = "1h", soft_timeout = "2s", hard_timeout = "2s""#,
        item,
        "write a shorter `soft_timeout`",
    );
    good(r#"ttl = "1m", stale_if_error = "1h", soft_timeout = "1s", hard_timeout = "2s""#, item);
    good(r#"ttl = "1m", revalidate = "7d", stale_if_error = "1h""#, item);
    good(r#"tti = "1m", revalidate = "7d""#, item);
    bad(r#"ttl = "1m", revalidate = "0s""#, item, "no value would be kept past its time");
    bad(r#"ttl = "1m", revalidate = |v| v.age"#, item, "`revalidate` is the same for all values");
    bad(r#"abandon_after = "10s", single_flight = off"#, item, "leave `abandon_after` out");
    bad("admit = first_sighting", item, "`admit` is `second_sighting`, or");
    good("admit = second_sighting", item);
    good("admit = Doorkeeper::new(10)", item);
    good("admit = DOORKEEPER", item);
    bad("max_concurrent = -1", item, "takes a number of bodies");
    bad("burst = -1", item, "takes a number of calls");
    let named = "a tag is a name that can be read: leave `token` out of it";
    bad(r#"tags = ["of:{token}"], secret = [token]"#, item, named);
    bad(r#"tags = ["of:{token.len()}"]"#, "fn f(#[cache(secret)] token: String) -> u64 {}", named);
    bad(r#"tags = ["of:{self.id}"], key = (self), secret = [self]"#, "fn f(&self) -> u64 {}", "leave `self` out of it");
    good(r#"tags = ["of:{id}"], secret = [token]"#, item);
    bad(
        r#"backend = "file://./a?format=json+bare", keyer = readable, tags = ["of:{id}"], ignore = [token]"#,
        item,
        "a bare value carries no tags",
    );
}
