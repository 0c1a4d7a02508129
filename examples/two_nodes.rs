//! Two machines that share a Redis server: what one changes, the other does not go on showing.
//!
//! ```text
//! REDIS_URL=redis://localhost cargo run --example two_nodes --features redis
//! ```
//! The program starts itself a second time, as the other machine.

use std::{
    env,
    error::Error,
    io::{BufRead, BufReader, Write},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cacher::Cache;

/// A price list: in memory here, in Redis for all.
fn prices() -> Result<Cache<String, u64>, cacher::Error> {
    let redis = env::var("REDIS_URL").unwrap_or_else(|_| "redis://localhost".into());
    Cache::builder().name("examples::prices").backend("memory://").backend(redis).ttl(Duration::from_secs(60)).build()
}

/// The other machine: answers each name with the price it knows.
fn answer() -> Result<(), Box<dyn Error>> {
    let prices = prices()?;
    for name in std::io::stdin().lines() {
        println!("{:?}", prices.get(&name?));
    }
    Ok(())
}

struct Other {
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Other {
    fn start() -> Result<Self, Box<dyn Error>> {
        let mut child =
            Command::new(env::current_exe()?).arg("--other").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (ask, answers) = (child.stdin.take().ok_or("no input")?, child.stdout.take().ok_or("no output")?);
        Ok(Self { ask, answers: BufReader::new(answers) })
    }

    fn price(&mut self, name: &str) -> Result<String, Box<dyn Error>> {
        writeln!(self.ask, "{name}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("--other") {
        return answer();
    }
    let (here, mut there) = (prices()?, Other::start()?);
    here.set("tea", 3);
    if here.stats().store_errors > 0 {
        println!("there is no server at REDIS_URL: each machine has its own memory, and nothing is shared");
        return Ok(());
    }
    println!("the other machine sees {}", there.price("tea")?);
    here.set("tea", 4);
    let changed = Instant::now();
    while there.price("tea")? != "Some(4)" {
        thread::yield_now();
    }
    println!("it saw the new price after {} ms", changed.elapsed().as_millis());
    Ok(())
}
