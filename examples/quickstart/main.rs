//! The main job: an HTTP client whose answers are kept in readable files, against a slow API.
//!
//! Run it twice; the second run reads files in place of asking the API:
//! ```console
//! $ cargo run --example quickstart
//! $ cargo run --example quickstart -- --help
//! ```
//! It asks for a package and for all that it depends on, and as dependencies are shared, for many more than once.
//! [`client`] has the annotated function. [`api`] is the server, whose data are this workspace's own `Cargo.lock`.

mod api;
mod client;

use std::{
    collections::HashSet,
    env,
    error::Error,
    process::ExitCode,
    time::{Duration, Instant},
};

use client::{ApiError, DIRECTORY, Package, fetch_package};

const USAGE: &str = "\
Usage: cargo run --example quickstart -- [OPTION].. [PACKAGE]..

Asks a slow API for packages and all that they depend on; for `cacher` if none is named.

  --refresh   ask the API also for what is cached, and keep the new answers
  --clear     remove what is cached, and end
  --key KEY   send this API key, with all that --refresh does: a hit needs no key
  --help      show this";

#[derive(Default)]
struct Options {
    help: bool,
    clear: bool,
    refresh: bool,
    key: Option<String>,
    packages: Vec<String>,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--help" => options.help = true,
                "--clear" => options.clear = true,
                "--refresh" => options.refresh = true,
                "--key" => options.key = Some(args.next().ok_or("--key needs a KEY")?),
                _ if arg.starts_with('-') => return Err(format!("there is no option {arg}")),
                _ => options.packages.push(arg),
            }
        }
        options.refresh |= options.key.is_some();
        if options.packages.is_empty() {
            options.packages.push("cacher".to_owned());
        }
        Ok(options)
    }
}

fn main() -> ExitCode {
    let options = match Options::parse(env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // A fault of the cache never fails a call; it is reported here.
    cacher::on_fault(|fault| eprintln!("{fault}"));
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error + Send + Sync>> {
    if options.help {
        println!("{USAGE}");
        return Ok(());
    }
    let cached = fetch_package::cache().len();
    if options.clear {
        fetch_package::cache().clear();
        println!("Removed {cached} answers from {DIRECTORY}.");
        return Ok(());
    }
    println!("{cached} answers are in {DIRECTORY}.\n");

    let base_url = api::serve()?;
    let began = Instant::now();
    let mut walk = Walk::new(&base_url, options);
    for package in &options.packages {
        walk.visit(package, 0).map_err(|error| format!("{error}\n{}", errors_are_not_cached()))?;
    }
    walk.report(began.elapsed());
    show_a_file(&options.packages[0]);
    Ok(())
}

/// A walk through the dependencies of packages.
struct Walk<'a> {
    base_url: &'a str,
    api_key: &'a str,
    refresh: bool,
    seen: HashSet<String>,
    saved: Duration,
}

impl<'a> Walk<'a> {
    fn new(base_url: &'a str, options: &'a Options) -> Self {
        let api_key = options.key.as_deref().unwrap_or(api::KEY);
        Self { base_url, api_key, refresh: options.refresh, seen: HashSet::new(), saved: Duration::ZERO }
    }

    /// Asks for a package each time that one depends on it, but for what it depends on only the first time.
    fn visit(&mut self, name: &str, depth: usize) -> Result<(), ApiError> {
        let endpoint = api::endpoint(name);
        let first = self.seen.insert(endpoint.clone());
        let hits = fetch_package::cache().stats().hits;
        let began = Instant::now();
        let package = self.fetch(&endpoint, first)?;
        let elapsed = began.elapsed();
        let hit = fetch_package::cache().stats().hits > hits;
        if hit {
            // How long the load took is kept with each answer.
            let info = fetch_package::entry(&endpoint).info();
            self.saved += info.map_or(Duration::ZERO, |info| info.load_time);
        }
        if depth <= 1 {
            let title = format!("{:indent$}{} {}", "", package.name, package.version, indent = 2 * depth);
            let how = if hit { "hit" } else { "fetched" };
            println!("{title:30} {how:8} {:6.1} ms", millis(elapsed));
        }
        if first {
            package.dependencies.iter().try_for_each(|name| self.visit(name, depth + 1))?;
        }
        Ok(())
    }

    fn fetch(&self, endpoint: &str, first: bool) -> Result<Package, ApiError> {
        if self.refresh && first {
            fetch_package::refresh(self.base_url, endpoint, self.api_key)
        } else {
            fetch_package(self.base_url, endpoint, self.api_key)
        }
    }

    fn report(&self, elapsed: Duration) {
        let stats = fetch_package::cache().stats();
        println!("  .. and what these depend on\n");
        println!(
            "{} requests for {} packages took {:.2} s:",
            stats.hits + stats.loads,
            self.seen.len(),
            elapsed.as_secs_f64()
        );
        println!("{:5} loads from the API, which took {:.2} s", stats.loads, stats.load_time.as_secs_f64());
        println!("{:5} of them waited for their turn: 15 a second", stats.limited);
        println!("{:5} hits from files, which never wait, and saved {:.2} s\n", stats.hits, self.saved.as_secs_f64());
    }
}

/// Shows where the answer about a package is.
fn show_a_file(package: &str) {
    let explanation = fetch_package::entry(&api::endpoint(package)).explain();
    let key = explanation.stored_key.unwrap_or_default();
    println!("Each answer is a file that you can read:\n  cat {DIRECTORY}/*/{key}.json");
}

/// What an error leaves behind: nothing.
fn errors_are_not_cached() -> String {
    let cache = fetch_package::cache();
    let stats = cache.stats();
    format!(
        "{} of {} loads failed. Errors are never cached: {DIRECTORY} has {} answers.",
        stats.load_failures,
        stats.loads,
        cache.len(),
    )
}

fn millis(duration: Duration) -> f64 {
    1000.0 * duration.as_secs_f64()
}
