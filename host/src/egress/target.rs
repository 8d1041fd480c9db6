//! Where a request goes, taken apart and to be put together again from its parts.
//!
//! What a caller wrote is never sent: the wire sees the allow-list's own spelling of the origin.

use http::Uri;
use http::uri::PathAndQuery;

use super::error::{BadRequest, Destination, EgressError};
use super::origin::Origin;

/// Longer ones are refused by the providers' front ends, too.
const MAX_PATH: usize = 8192;

/// A request's target in its one canonical form: who seals credentials compares this, not the text
/// that the caller wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    origin: Origin,
    path: PathAndQuery,
}

impl Target {
    /// Takes a target apart.
    ///
    /// # Errors
    /// [`BadRequest`] for a relative or ambiguous one; [`EgressError::NotAllowed`] for an origin
    /// that no allow-list can hold.
    pub fn parse(uri: &Uri) -> Result<Self, EgressError> {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(EgressError::BadRequest(BadRequest::Target));
        };
        let origin = Origin::from_parts(scheme, authority.as_str())
            .map_err(|_| EgressError::NotAllowed(Destination::new(scheme, authority.as_str())))?;
        let path = plain_path(uri.path_and_query()).map_err(EgressError::BadRequest)?;
        Ok(Self { origin, path })
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The path, percent-encoding as written, without dot segments. Starts with `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.path()
    }

    /// Path and query, exactly as they are sent.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        self.path.as_str()
    }

    pub(super) fn into_path(self) -> PathAndQuery {
        self.path
    }
}

fn plain_path(path: Option<&PathAndQuery>) -> Result<PathAndQuery, BadRequest> {
    let Some(path) = path else {
        return Ok(PathAndQuery::from_static("/"));
    };
    let text = path.as_str();
    if text.len() > MAX_PATH {
        return Err(BadRequest::TargetTooLong);
    }
    let ambiguous = |b: u8| !b.is_ascii_graphic() || matches!(b, b'\\' | b'#');
    if text.bytes().any(ambiguous) || !text.starts_with(['/', '?']) {
        return Err(BadRequest::Target);
    }
    // A credential may be bound to an endpoint's path: `/api/../token` must not pass for `/api/`.
    if path.path().split('/').any(is_dot_segment) {
        return Err(BadRequest::Target);
    }
    // Of a URL without a path http keeps an empty one, which it shows as `/` and compares as
    // another; or the query alone.
    match text {
        "/" => Ok(PathAndQuery::from_static("/")),
        _ if text.starts_with('?') => {
            PathAndQuery::try_from(format!("/{text}")).map_err(|_| BadRequest::Target)
        }
        _ => Ok(path.clone()),
    }
}

fn is_dot_segment(segment: &str) -> bool {
    let mut rest = segment;
    let mut dots = 0;
    while let Some(tail) = [".", "%2e", "%2E"]
        .iter()
        .find_map(|dot| rest.strip_prefix(dot))
    {
        dots += 1;
        rest = tail;
    }
    rest.is_empty() && (dots == 1 || dots == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_of(path: &str) -> Result<String, EgressError> {
        let uri = format!("https://calendar.example{path}")
            .parse::<Uri>()
            .unwrap();
        Target::parse(&uri).map(|target| target.path.to_string())
    }

    #[test]
    fn ordinary_paths_are_kept_as_they_are() {
        for path in [
            "/",
            "/calendar/v3/calendars/a%40b.example/events?sendUpdates=none&x=%2e%2e",
            "/v1.0/me/events/AAMk=/.hidden/...",
            "//double//slash",
            "/a%2Fb",
        ] {
            assert_eq!(path_of(path).as_deref(), Ok(path));
        }
        assert_eq!(path_of("").as_deref(), Ok("/"));
        assert_eq!(path_of("?q=1").as_deref(), Ok("/?q=1"));
    }

    #[test]
    fn a_url_without_a_path_is_the_same_target_as_its_root() {
        let target = |text: &str| Target::parse(&text.parse().unwrap()).unwrap();
        let root = target("https://calendar.example/");
        for text in [
            "https://calendar.example",
            "https://calendar.example#fragment",
            "https://calendar.example/#fragment",
        ] {
            assert_eq!(target(text), root, "{text}");
        }
        assert_eq!(
            target("https://calendar.example?q#fragment"),
            target("https://calendar.example/?q")
        );
    }

    #[test]
    fn paths_that_leave_their_folder_are_refused() {
        for path in [
            "/api/../token",
            "/api/..",
            "/./api",
            "/api/%2e%2e/token",
            "/api/%2E./token",
            "/api/.%2e?x",
            "/api\\..\\token",
        ] {
            assert_eq!(
                path_of(path),
                Err(EgressError::BadRequest(BadRequest::Target)),
                "{path}"
            );
        }
        let long = format!("/{}", "a".repeat(MAX_PATH));
        assert_eq!(
            path_of(&long),
            Err(EgressError::BadRequest(BadRequest::TargetTooLong))
        );
    }

    #[test]
    fn relative_targets_are_refused() {
        for uri in ["/path", "calendar.example:443", "*"] {
            let refused = Target::parse(&uri.parse().unwrap());
            assert_eq!(
                refused,
                Err(EgressError::BadRequest(BadRequest::Target)),
                "{uri}"
            );
        }
    }
}
