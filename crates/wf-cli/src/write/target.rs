use std::{fmt::Write as _, fs, path::PathBuf, time::Duration};

use wf_sdk::Builder;

use crate::output::{Failure, UNREADABLE, USAGE};

/// Where to send and what to say about it.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// Where to: proxy://HOST, proxys://HOST or tcp://HOST (port 2878), or https://HOST for the service.
    #[arg(long, value_name = "URL")]
    url: String,
    /// Reads the API token from a file; without it, https:// takes that of WAVEFRONT_TOKEN.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// How long to wait for room while nothing is taken, and for the end.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    deadline: u64,
}

impl Target {
    pub(crate) const fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline)
    }

    /// Whether the server never says what it took.
    pub(crate) fn is_stream(&self) -> bool {
        self.has_scheme("tcp")
    }

    /// Whether events travel as JSON.
    pub(crate) fn is_direct(&self) -> bool {
        self.has_scheme("https")
    }

    pub(crate) fn builder(&self) -> Result<Builder, Failure> {
        let url = match &self.token_file {
            Some(file) => with_token(&self.url, &read_token(file)?)?,
            None => self.url.clone(),
        };
        wf_sdk::connect(&url).map_err(|error| Failure::new(USAGE, format_args!("--url: {error}")))
    }

    fn has_scheme(&self, scheme: &str) -> bool {
        self.url.trim().split_once("://").is_some_and(|(word, _)| word.eq_ignore_ascii_case(scheme))
    }
}

/// Reads the token in a file, without the white space around it.
pub(crate) fn read_token(file: &PathBuf) -> Result<String, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::new(UNREADABLE, format_args!("{}: {error}", file.display())))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(Failure::new(UNREADABLE, format_args!("{}: there is no token in it", file.display())));
    }
    Ok(token.to_owned())
}

/// Puts a token into a URL, in which any byte may be written as `%XX`.
fn with_token(url: &str, token: &str) -> Result<String, Failure> {
    let (scheme, rest) = url
        .split_once("://")
        .ok_or_else(|| Failure::new(USAGE, "--url: not a URL of the form scheme://host"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(Failure::new(USAGE, "--url has a token, and so has --token-file: give one"));
    }
    let mut url = format!("{scheme}://");
    for byte in token.bytes() {
        let _ = write!(url, "%{byte:02x}");
    }
    let _ = write!(url, "@{rest}");
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::with_token;

    #[test]
    fn a_token_of_any_characters_fits_into_a_url() {
        assert_eq!(with_token("https://h:1/p", "a/@é").unwrap(), "https://%61%2f%40%c3%a9@h:1/p");
        assert!(with_token("https://other@h", "a").is_err());
        assert!(with_token("h", "a").is_err());
    }
}
