//! Ids of single-value extended properties.
//!
//! Graph's reference, "singleValueLegacyExtendedProperty": a type, then a set and a name, a set and a number,
//! or a tag. Other spellings are refused.

use super::error::GraphError;

const TYPES: &[&str] = &[
    "ApplicationTime",
    "Binary",
    "Boolean",
    "CLSID",
    "Currency",
    "Double",
    "Float",
    "Integer",
    "Long",
    "Short",
    "String",
    "SystemTime",
];

/// The id as Graph spells it: the set in lower case, the rest as it was given.
pub(super) fn id(text: &str) -> Result<String, GraphError> {
    let wrong = || {
        let message = "PropertyId values may only be in one of the following formats: 'MapiPropertyType \
                       namespaceGuid Name propertyName', 'MapiPropertyType namespaceGuid Id propertyId' or \
                       'MapiPropertyType propertyTag'.";
        GraphError::new(400, "ErrorInvalidProperty", message)
    };
    let mut parts = text.splitn(4, ' ');
    let kind = parts
        .next()
        .filter(|kind| TYPES.contains(kind))
        .ok_or_else(wrong)?;
    match (parts.next(), parts.next(), parts.next()) {
        (Some(tag), None, None) if is_hex(tag) => Ok(text.to_owned()),
        (Some(set), Some("Name"), Some(name)) if is_guid(set) && !name.is_empty() => {
            Ok(format!("{kind} {} Name {name}", set.to_lowercase()))
        }
        (Some(set), Some("Id"), Some(number)) if is_guid(set) && is_hex(number) => {
            Ok(format!("{kind} {} Id {number}", set.to_lowercase()))
        }
        _ => Err(wrong()),
    }
}

fn is_hex(text: &str) -> bool {
    let digits = text.strip_prefix("0x").unwrap_or_default();
    !digits.is_empty() && digits.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `{66f5a359-4659-4830-9070-00040ec6ac6e}`
fn is_guid(text: &str) -> bool {
    let inner = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let lengths = inner.map(|inner| inner.split('-').map(str::len).collect::<Vec<_>>());
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    lengths.is_some_and(|lengths| lengths == [8, 4, 4, 4, 12])
        && inner.is_some_and(|inner| inner.bytes().all(hex))
}
