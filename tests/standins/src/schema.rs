//! Which fields a JSON body may hold, and of which type.
//!
//! A name that the table does not know is never let through.

use serde_json::{Map, Value};

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Flag,
    /// An integer of 32 bits.
    Whole,
    Number,
    /// Texts by any name.
    Texts,
    Object(&'static [Field]),
    List(&'static Kind),
    /// Known, but what it holds does not matter here.
    Anything,
    /// Known, but only the provider writes it.
    ReadOnly,
}

pub(crate) type Field = (&'static str, Kind);

use Kind::{Anything, Flag, List, Number, Object, ReadOnly, Text, Texts, Whole};

/// What is wrong with a body. `path` is dotted and indexed, empty for the body itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    Unknown { name: String, path: String },
    Type { path: String, wanted: &'static str },
    ReadOnly { path: String },
}

/// What happens to a field that only the provider writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadOnlyFields {
    Ignored,
    Refused,
}

/// A table, and how strictly it is read.
pub(crate) struct Schema {
    pub(crate) fields: &'static [Field],
    pub(crate) read_only: ReadOnlyFields,
    /// Names that may stand anywhere and are ignored begin so: `@odata.`.
    pub(crate) annotation: Option<&'static str>,
}

impl Schema {
    /// Checks names and types, and takes out what is ignored. `null` fits every field: it clears.
    pub(crate) fn check(&self, body: Map<String, Value>) -> Result<Map<String, Value>, Mistake> {
        self.object(body, self.fields, "")
    }

    fn object(
        &self,
        object: Map<String, Value>,
        fields: &[Field],
        path: &str,
    ) -> Result<Map<String, Value>, Mistake> {
        let mut checked = Map::new();
        for (name, value) in object {
            if self
                .annotation
                .is_some_and(|annotation| name.contains(annotation))
            {
                continue;
            }
            let Some((_, kind)) = fields.iter().find(|(known, _)| *known == name) else {
                return Err(Mistake::Unknown {
                    name,
                    path: path.to_owned(),
                });
            };
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            if let Some(value) = self.value(value, kind, &path)? {
                checked.insert(name, value);
            }
        }
        Ok(checked)
    }

    fn value(&self, value: Value, kind: &Kind, path: &str) -> Result<Option<Value>, Mistake> {
        let wrong = |wanted| {
            Err(Mistake::Type {
                path: path.to_owned(),
                wanted,
            })
        };
        Ok(Some(match (kind, value) {
            (ReadOnly, _) => match self.read_only {
                ReadOnlyFields::Ignored => return Ok(None),
                ReadOnlyFields::Refused => {
                    return Err(Mistake::ReadOnly {
                        path: path.to_owned(),
                    });
                }
            },
            (_, Value::Null) => Value::Null,
            (Anything, value) => value,
            (Text, Value::String(text)) if text.contains('\0') => return wrong("TYPE_STRING"),
            (Text, Value::String(text)) => text.into(),
            (Text, _) => return wrong("TYPE_STRING"),
            (Flag, Value::Bool(flag)) => flag.into(),
            (Flag, _) => return wrong("TYPE_BOOL"),
            (Whole, Value::Number(number)) => match number.as_i64() {
                Some(whole) if i32::try_from(whole).is_ok() => whole.into(),
                Some(_) | None => return wrong("TYPE_INT32"),
            },
            (Whole, _) => return wrong("TYPE_INT32"),
            (Number, Value::Number(number)) => number.into(),
            (Number, _) => return wrong("TYPE_DOUBLE"),
            (Texts, Value::Object(texts)) => {
                if texts
                    .values()
                    .any(|text| !text.is_string() && !text.is_null())
                {
                    return wrong("TYPE_STRING");
                }
                texts.into()
            }
            (Texts, _) => return wrong("Map"),
            (Object(fields), Value::Object(object)) => self.object(object, fields, path)?.into(),
            (Object(_), _) => return wrong("Message"),
            (List(kind), Value::Array(list)) => {
                let mut fitted = Vec::with_capacity(list.len());
                for (index, value) in list.into_iter().enumerate() {
                    if value.is_null() {
                        return wrong("List");
                    }
                    fitted.extend(self.value(value, kind, &format!("{path}[{index}]"))?);
                }
                fitted.into()
            }
            (List(_), _) => return wrong("List"),
        }))
    }
}
