//! A small HTTP API about the packages in this workspace's own `Cargo.lock`: slow, and only for those who have the key.
//!
//! * `GET /packages/<name>`, where no other version is locked
//! * `GET /packages/<name>/<version>`

use std::{collections::HashMap, error::Error, fs, io::Cursor, thread, time::Duration};

use serde::{Deserialize, Serialize};
use tiny_http::{Request, Response, Server};

/// What a request must have in its header `x-api-key`.
pub(crate) const KEY: &str = "quickstart";

/// How long an answer takes.
const LATENCY: Duration = Duration::from_millis(60);

const LOCK_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock");

#[derive(Deserialize)]
struct LockFile {
    package: Vec<Locked>,
}

#[derive(Deserialize, Serialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// The endpoint of a package that `Cargo.lock` calls `name`, or `name version` if there are several.
pub(crate) fn endpoint(package: &str) -> String {
    format!("/packages/{}", package.replace(' ', "/"))
}

/// Serves the API on a free port of this machine until the program ends, and returns its URL.
pub(crate) fn serve() -> Result<String, Box<dyn Error + Send + Sync>> {
    let answers = answers()?;
    let server = Server::http("127.0.0.1:0")?;
    let url = format!("http://{}", server.server_addr());
    thread::spawn(move || {
        for request in server.incoming_requests() {
            thread::sleep(LATENCY);
            let response = answer(&answers, &request);
            if let Err(error) = request.respond(response) {
                eprintln!("the API could not answer: {error}");
            }
        }
    });
    Ok(url)
}

/// The answers as JSON, by their endpoints.
fn answers() -> Result<HashMap<String, String>, Box<dyn Error + Send + Sync>> {
    let lock: LockFile = toml::from_str(&fs::read_to_string(LOCK_FILE)?)?;
    let mut versions = HashMap::new();
    for package in &lock.package {
        *versions.entry(&package.name).or_insert(0) += 1;
    }
    let mut answers = HashMap::new();
    for package in &lock.package {
        let text = serde_json::to_string(package)?;
        if versions[&package.name] == 1 {
            answers.insert(endpoint(&package.name), text.clone());
        }
        answers.insert(endpoint(&format!("{} {}", package.name, package.version)), text);
    }
    Ok(answers)
}

fn answer(answers: &HashMap<String, String>, request: &Request) -> Response<Cursor<Vec<u8>>> {
    let has_key = |header: &tiny_http::Header| header.field.equiv("x-api-key") && header.value.as_str() == KEY;
    if !request.headers().iter().any(has_key) {
        return Response::from_string("this is not the API key").with_status_code(401);
    }
    match answers.get(request.url()) {
        Some(text) => Response::from_string(text),
        None => Response::from_string(format!("there is no {}", request.url())).with_status_code(404),
    }
}
