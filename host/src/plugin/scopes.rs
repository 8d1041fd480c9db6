//! The scopes of a provider: whoever grants a plugin reads them in its description, so that it
//! asks for no others, neither in a consent page nor at a token endpoint.

use super::calendar::Scope;

/// The first word of a `scope` (RFC 6749, section 3.3) that the description does not name.
pub(crate) fn undescribed<'a>(scope: &'a str, described: &[Scope]) -> Option<&'a str> {
    let mut words = scope.split_whitespace();
    words.find(|word| described.iter().all(|scope| scope.name != *word))
}
