//! Reading providers' JSON without a type for each reply: derived readers took a
//! quarter of the component (150 KB of 625). Missing and mistyped are told apart
//! here, once: what must be there and is not makes an answer that cannot be read.

use serde_json::Value;

use crate::bindings::calport::calendar::types::Error;
use crate::fault;

/// Fields of a JSON object by name.
pub(crate) trait Fields {
    /// `null` for a field that is not there, and of what is no object.
    fn at(&self, name: &str) -> &Value;
}

impl Fields for Value {
    fn at(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}

/// An object of these fields. `json!` would make the code of each insertion anew, which
/// is 1 KB for every dozen fields.
pub(crate) fn object(fields: Vec<(&'static str, Value)>) -> Value {
    // Not `collect`: it brings a stable sort of its own, 8 KB.
    let mut object = serde_json::Map::new();
    for (name, value) in fields {
        object.insert(name.to_owned(), value);
    }
    Value::Object(object)
}

/// A whole body. Nesting beyond 128 is refused by the parser (case 32).
pub(crate) fn parse(body: &[u8]) -> Result<Value, Error> {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) | Err(_) => Err(fault::unavailable()),
    }
}

/// A text that must be there and not be empty.
pub(crate) fn required(value: &Value) -> Result<&str, Error> {
    text(value)?.ok_or_else(fault::unavailable)
}

/// A text that may be missing; an empty one counts as missing.
pub(crate) fn text(value: &Value) -> Result<Option<&str>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(fault::unavailable())
        }
    }
}

/// A list that may be missing.
pub(crate) fn list(value: &Value) -> Result<&[Value], Error> {
    match value {
        Value::Null => Ok(&[]),
        Value::Array(items) => Ok(items),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err(fault::unavailable())
        }
    }
}

/// A flag that may be missing: `false` then.
pub(crate) fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or(false)
}
