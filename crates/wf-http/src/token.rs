use std::fmt;

use http::HeaderValue;

use crate::BuildError;

/// An API token: it goes into the `Authorization` header and nowhere else.
///
/// There is no way to read it back, no `Display`, and `Debug` hides it.
///
/// ```
/// let token = wf_http::Token::new("secret");
/// assert_eq!(format!("{token:?}"), "Token(***)");
/// ```
#[derive(Clone)]
pub struct Token(Box<str>);

impl Token {
    /// Creates a token from its text.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the value of the `Authorization` header, marked so that its `Debug` hides it too.
    pub(crate) fn bearer(&self) -> Result<HeaderValue, BuildError> {
        if self.0.is_empty() || !self.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BuildError::Token);
        }
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.0)).map_err(|_| BuildError::Token)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::Token;
    use crate::BuildError;

    #[track_caller]
    fn check(token: &str, valid: bool) {
        let bearer = Token::new(token).bearer();
        assert_eq!(bearer.as_ref().err(), (!valid).then_some(&BuildError::Token), "{token:?}");
        if let Ok(value) = bearer {
            assert_eq!(value.to_str().unwrap(), format!("Bearer {token}"));
            assert_eq!(format!("{value:?}"), "Sensitive");
        }
    }

    #[test]
    fn a_token_cannot_carry_a_header_of_its_own() {
        check("2b3c-45", true);
        check("a.b~c/d+e==", true);
        check("", false);
        check("a b", false);
        check("a\r\nX-Other: b", false);
        check("a\nb", false);
        check("a\0b", false);
        check("tök", false);
    }
}
