//! The client of the API: an ordinary function with one attribute.

use std::{error::Error, fmt};

use cacher::cache;
use serde::{Deserialize, Serialize};

/// Where the answers are kept, as the attribute below says it.
pub(crate) const DIRECTORY: &str = "./.cache/quickstart";

/// A package as the API describes it, and as it stands in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) source: Option<String>,
    pub(crate) checksum: Option<String>,
    pub(crate) dependencies: Vec<String>,
}

/// Asks the API for a package.
///
/// The endpoint alone says what is asked. The server has another port in each run, so its address must not count; nor
/// does the key, which appears in no file. The API may be asked 15 times a second; files may be read at any rate.
#[cache(
    backend = "file://./.cache/quickstart?format=json",
    ttl = "1d",
    rate_limit = "15/s",
    ignore = [base_url, api_key],
)]
pub(crate) fn fetch_package(base_url: &str, endpoint: &str, api_key: &str) -> Result<Package, ApiError> {
    let request = ureq::get(format!("{base_url}{endpoint}")).header("x-api-key", api_key);
    let mut response = request.config().http_status_as_error(false).proxy(None).build().call()?;
    let text = response.body_mut().read_to_string()?;
    match response.status().as_u16() {
        200 => Ok(serde_json::from_str(&text)?),
        status => Err(ApiError::Refused { status, message: text }),
    }
}

/// Why there is no answer. It needs to be neither stored nor cloned: errors are not cached.
#[derive(Debug)]
pub(crate) enum ApiError {
    Refused { status: u16, message: String },
    Unreachable(ureq::Error),
    Unreadable(serde_json::Error),
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status, message } => write!(f, "the API answered {status}: {message}"),
            Self::Unreachable(error) => write!(f, "the API can't be reached: {error}"),
            Self::Unreadable(error) => write!(f, "the answer is no package: {error}"),
        }
    }
}

impl Error for ApiError {}

impl From<ureq::Error> for ApiError {
    fn from(error: ureq::Error) -> Self {
        Self::Unreachable(error)
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error)
    }
}
