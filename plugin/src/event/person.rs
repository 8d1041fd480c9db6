//! People: a name and an e-mail address that can stand in a `mailto:` URL and in a
//! calendar line. Never sends anything to anybody.

use super::Person;
use super::text::{Breaks, single_line, text};
use crate::bindings::calport::calendar::types::{InvalidField, Person as Given};
use crate::fault::field;

const LONGEST_NAME: usize = 1_024;

/// RFC 5321, section 4.5.3.1: a path of 256 octets holds an address of 254.
const LONGEST_ADDRESS: usize = 254;
const LONGEST_LOCAL_PART: usize = 64;
const LONGEST_LABEL: usize = 63;

pub(super) fn check(name: &str, person: Given) -> Result<Person, InvalidField> {
    let label = person
        .name
        .map(|value| {
            text(
                &format!("{name}.name"),
                value,
                LONGEST_NAME,
                Breaks::BecomeSpaces,
            )
        })
        .transpose()?
        .filter(|value| !value.trim().is_empty());
    let address = format!("{name}.email");
    single_line(&address, &person.email)?;
    if !is_address(&person.email) {
        return Err(field(
            address,
            "is not an e-mail address of ASCII characters",
            "send one such as name@example.com, without a name or brackets around it",
        ));
    }
    Ok(Person {
        name: label,
        email: person.email,
    })
}

/// RFC 5322 `dot-atom@domain`. Quoted local parts and address literals exist on
/// paper only, and are the way to smuggle commas and quotes into a file.
fn is_address(text: &str) -> bool {
    if text.len() > LONGEST_ADDRESS {
        return false;
    }
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let local_is_fine = local.len() <= LONGEST_LOCAL_PART
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom));
    let domain_is_fine = domain.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= LONGEST_LABEL
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    });
    local_is_fine && domain_is_fine
}

fn is_atom(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b)
}
