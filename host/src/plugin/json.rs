//! The contract's values as JSON, for whoever calls an export by hand. Names are those of the
//! WIT. Errors name the place and what is wanted there, and never the value.
//!
//! | WIT | JSON |
//! | --- | --- |
//! | record, parameters | an object; a field that is an option may be left out |
//! | list, tuple | an array |
//! | option | the value, or `null`; where the value may be `null` itself, `{"some": value}` |
//! | variant, result | `"case"`, or `{"case": payload}` |
//! | enum | `"case"` |
//! | flags | an array of those that are set |
//! | char | a string of one character |
//! | a float that is no number | `"NaN"`, `"Infinity"`, `"-Infinity"` |

use crate::plain;
use serde_json::{Map, Number, Value as Json};
use std::collections::BTreeSet;
use wasmtime::component::{Type, Val};

/// A name that the caller has made up, in characters.
const NAME: usize = 60;

/// An argument that the export does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct ArgumentError {
    /// Where: `event.when.timed.start`, `event.reminders[2]`.
    pub path: String,
    /// What is wanted there, and what was found.
    pub problem: String,
}

impl ArgumentError {
    fn here(problem: String) -> Self {
        let path = String::new();
        Self { path, problem }
    }

    /// Seen from one level further out.
    fn within(self, step: &str) -> Self {
        let path = match self.path.as_str() {
            "" => step.to_owned(),
            inner if inner.starts_with('[') => format!("{step}{inner}"),
            inner => format!("{step}.{inner}"),
        };
        Self { path, ..self }
    }
}

/// The parameters of an export, by their names.
///
/// # Errors
/// The first one that it does not take.
pub(super) fn arguments<'a>(
    json: &Json,
    parameters: impl Iterator<Item = (&'a str, Type)>,
) -> Result<Vec<Val>, ArgumentError> {
    let parameters: Vec<_> = parameters.collect();
    let Json::Object(given) = json else {
        let wanted = expected_fields(parameters.iter().map(|(name, _)| *name));
        let problem = format!("expected {wanted}, found {}", found(json));
        return Err(ArgumentError {
            path: "the arguments".to_owned(),
            problem,
        });
    };
    let values = fields(given, parameters)?.into_iter();
    Ok(values.map(|(_, value)| value).collect())
}

/// A value of this type.
fn value(json: &Json, ty: &Type) -> Result<Val, ArgumentError> {
    let wrong = || ArgumentError::here(format!("expected {}, found {}", expected(ty), found(json)));
    let known = match ty {
        Type::Bool => json.as_bool().map(Val::Bool),
        Type::S8 => whole(json).map(Val::S8),
        Type::U8 => whole(json).map(Val::U8),
        Type::S16 => whole(json).map(Val::S16),
        Type::U16 => whole(json).map(Val::U16),
        Type::S32 => whole(json).map(Val::S32),
        Type::U32 => whole(json).map(Val::U32),
        Type::S64 => whole(json).map(Val::S64),
        Type::U64 => whole(json).map(Val::U64),
        Type::Float32 => float(json).map(|float| Val::Float32(float as f32)),
        Type::Float64 => float(json).map(Val::Float64),
        Type::Char => json.as_str().and_then(only_char).map(Val::Char),
        Type::String => json.as_str().map(|text| Val::String(text.to_owned())),
        Type::List(list) => {
            let ty = list.ty();
            let values = json.as_array().map(|all| elements(all, || ty.clone()));
            values.transpose()?.map(Val::List)
        }
        Type::Tuple(tuple) => {
            let mut types = tuple.types();
            let all = json.as_array().filter(|all| all.len() == types.len());
            // There are as many types as values.
            let values = all.map(|all| elements(all, || types.next().unwrap_or(Type::Bool)));
            values.transpose()?.map(Val::Tuple)
        }
        Type::Record(record) => {
            let wanted = record.fields().map(|field| (field.name, field.ty));
            let values = json
                .as_object()
                .map(|given| fields(given, wanted.collect()));
            values.transpose()?.map(Val::Record)
        }
        Type::Variant(variant) => {
            let cases = variant.cases().map(|case| (case.name, case.ty)).collect();
            let case = case(json, cases)?;
            case.map(|(name, payload)| Val::Variant(name, payload))
        }
        Type::Result(result) => {
            let cases = vec![("ok", result.ok()), ("error", result.err())];
            let case = case(json, cases)?;
            case.map(|(name, payload)| match name.as_str() {
                "ok" => Val::Result(Ok(payload)),
                _ => Val::Result(Err(payload)),
            })
        }
        Type::Enum(cases) => {
            let case = cases.names().find(|case| json.as_str() == Some(case));
            case.map(|case| Val::Enum(case.to_owned()))
        }
        Type::Option(option) => {
            let ty = option.ty();
            match (json, may_be_null(&ty)) {
                (Json::Null, _) => Some(Val::Option(None)),
                (Json::Object(some), true) if some.len() == 1 => {
                    let inner = some.get("some").map(|json| value(json, &ty));
                    let inner = inner.transpose()?;
                    inner.map(|inner| Val::Option(Some(Box::new(inner))))
                }
                (_, true) => None,
                (_, false) => Some(Val::Option(Some(Box::new(value(json, &ty)?)))),
            }
        }
        Type::Flags(flags) => {
            let known: Vec<&str> = flags.names().collect();
            let names = json.as_array().and_then(|all| set(all, &known));
            names.map(Val::Flags)
        }
        // No export of the contract has any of these.
        Type::Map(_)
        | Type::FixedLengthList(_)
        | Type::Own(_)
        | Type::Borrow(_)
        | Type::Future(_)
        | Type::Stream(_)
        | Type::ErrorContext => None,
    };
    known.ok_or_else(wrong)
}

fn elements(all: &[Json], mut ty: impl FnMut() -> Type) -> Result<Vec<Val>, ArgumentError> {
    let element = |(index, json): (usize, &Json)| {
        value(json, &ty()).map_err(|error| error.within(&format!("[{index}]")))
    };
    all.iter().enumerate().map(element).collect()
}

/// Every field once, in the order of the type.
fn fields(
    given: &Map<String, Json>,
    wanted: Vec<(&str, Type)>,
) -> Result<Vec<(String, Val)>, ArgumentError> {
    for name in given.keys() {
        if wanted.iter().any(|(known, _)| known == name) {
            continue;
        }
        let dashed = name.replace('_', "-");
        let problem = match wanted.iter().any(|(known, _)| *known == dashed) {
            true => format!("is written {dashed}"),
            false => {
                let wanted = expected_fields(wanted.iter().map(|(name, _)| *name));
                format!("there is no such field; expected {wanted}")
            }
        };
        return Err(ArgumentError::here(problem).within(&plain::line(name, NAME)));
    }
    let mut values = Vec::with_capacity(wanted.len());
    for (name, ty) in wanted {
        let found = match (given.get(name), &ty) {
            (Some(json), _) => value(json, &ty),
            (None, Type::Option(_)) => Ok(Val::Option(None)),
            (None, _) => Err(ArgumentError::here(format!(
                "is missing; expected {}",
                expected(&ty)
            ))),
        };
        let found = found.map_err(|error| error.within(name))?;
        values.push((name.to_owned(), found));
    }
    Ok(values)
}

/// A case and its payload; `None` where it is none of these.
type Case = Option<(String, Option<Box<Val>>)>;

fn case(json: &Json, cases: Vec<(&str, Option<Type>)>) -> Result<Case, ArgumentError> {
    let (name, payload) = match json {
        Json::String(name) => (name, None),
        Json::Object(only) if only.len() == 1 => match only.iter().next() {
            Some((name, payload)) => (name, Some(payload)),
            None => return Ok(None),
        },
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            return Ok(None);
        }
    };
    let Some((known, ty)) = cases.into_iter().find(|(known, _)| known == name) else {
        return Ok(None);
    };
    let payload = match (payload, ty) {
        (None, None) => None,
        (Some(json), Some(ty)) => {
            let payload = value(json, &ty).map_err(|error| error.within(known))?;
            Some(Box::new(payload))
        }
        (None, Some(ty)) => {
            let problem = format!("is missing; expected {{\"{known}\": {}}}", expected(&ty));
            return Err(ArgumentError::here(problem).within(known));
        }
        (Some(_), None) => {
            let problem = format!("holds nothing; expected \"{known}\"");
            return Err(ArgumentError::here(problem).within(known));
        }
    };
    Ok(Some((known.to_owned(), payload)))
}

/// A set of known names, each at most once.
fn set(all: &[Json], known: &[&str]) -> Option<Vec<String>> {
    let names: Option<Vec<&str>> = all.iter().map(Json::as_str).collect();
    let names = names?;
    let once: BTreeSet<&str> = names.iter().copied().collect();
    let is_set = once.len() == names.len() && once.iter().all(|name| known.contains(name));
    is_set.then(|| names.into_iter().map(str::to_owned).collect())
}

/// A number without a fraction that fits.
fn whole<T: TryFrom<i128>>(json: &Json) -> Option<T> {
    let number = json.as_i64().map(i128::from);
    let number = number.or_else(|| json.as_u64().map(i128::from))?;
    T::try_from(number).ok()
}

fn float(json: &Json) -> Option<f64> {
    match json.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        Some(_) => None,
        None => json.as_f64(),
    }
}

fn only_char(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

fn may_be_null(ty: &Type) -> bool {
    matches!(ty, Type::Option(_))
}

/// What is wanted, in words.
fn expected(ty: &Type) -> String {
    let numbers = |least: i128, most: i128| format!("a whole number from {least} to {most}");
    let words = match ty {
        Type::Bool => "true or false",
        Type::S8 => return numbers(i8::MIN.into(), i8::MAX.into()),
        Type::U8 => return numbers(0, u8::MAX.into()),
        Type::S16 => return numbers(i16::MIN.into(), i16::MAX.into()),
        Type::U16 => return numbers(0, u16::MAX.into()),
        Type::S32 => return numbers(i32::MIN.into(), i32::MAX.into()),
        Type::U32 => return numbers(0, u32::MAX.into()),
        Type::S64 => return numbers(i64::MIN.into(), i64::MAX.into()),
        Type::U64 => return numbers(0, u64::MAX.into()),
        Type::Float32 | Type::Float64 => "a number",
        Type::Char => "a text of one character",
        Type::String => "a text",
        Type::List(_) => "a list",
        Type::Tuple(tuple) => return format!("a list of {}", tuple.types().len()),
        Type::Record(record) => return expected_fields(record.fields().map(|field| field.name)),
        Type::Variant(variant) => {
            return one_of(variant.cases().map(|case| (case.name, case.ty.is_some())));
        }
        Type::Result(result) => {
            let cases = [
                ("ok", result.ok().is_some()),
                ("error", result.err().is_some()),
            ];
            return one_of(cases.into_iter());
        }
        Type::Enum(cases) => return one_of(cases.names().map(|case| (case, false))),
        Type::Option(option) => {
            let ty = option.ty();
            return match may_be_null(&ty) {
                true => format!("{{\"some\": {}}} or null", expected(&ty)),
                false => format!("{} or null", expected(&ty)),
            };
        }
        Type::Flags(flags) => {
            let names: Vec<&str> = flags.names().collect();
            return format!("a list of some of {}, each once", names.join(", "));
        }
        Type::Map(_)
        | Type::FixedLengthList(_)
        | Type::Own(_)
        | Type::Borrow(_)
        | Type::Future(_)
        | Type::Stream(_)
        | Type::ErrorContext => "what JSON cannot say",
    };
    words.to_owned()
}

fn expected_fields<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        [] => "an object without fields: {}".to_owned(),
        names => format!("an object of {}", names.join(", ")),
    }
}

/// The cases, as they are written.
fn one_of<'a>(cases: impl Iterator<Item = (&'a str, bool)>) -> String {
    let case = |(name, has_payload)| match has_payload {
        true => format!("{{\"{name}\": ...}}"),
        false => format!("\"{name}\""),
    };
    let cases: Vec<String> = cases.map(case).collect();
    format!("one of {}", cases.join(", "))
}

/// The kind of what was given: itself it may be a secret.
fn found(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(number) if number.is_f64() => "a number with a fraction",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// A value that a plugin has answered with; `None` for those that JSON cannot say, which no
/// export of the contract answers with.
pub(super) fn json(value: &Val) -> Option<Json> {
    Some(match value {
        Val::Bool(value) => Json::Bool(*value),
        Val::S8(value) => Json::from(*value),
        Val::U8(value) => Json::from(*value),
        Val::S16(value) => Json::from(*value),
        Val::U16(value) => Json::from(*value),
        Val::S32(value) => Json::from(*value),
        Val::U32(value) => Json::from(*value),
        Val::S64(value) => Json::from(*value),
        Val::U64(value) => Json::from(*value),
        Val::Float32(value) => number(f64::from(*value)),
        Val::Float64(value) => number(*value),
        Val::Char(value) => Json::String(value.to_string()),
        Val::String(text) | Val::Enum(text) => Json::String(text.clone()),
        Val::List(all) | Val::Tuple(all) => {
            Json::Array(all.iter().map(json).collect::<Option<_>>()?)
        }
        Val::Record(fields) => {
            let field = |(name, value): &(String, Val)| Some((name.clone(), json(value)?));
            Json::Object(fields.iter().map(field).collect::<Option<_>>()?)
        }
        Val::Variant(name, payload) => json_case(name, payload.as_deref())?,
        Val::Result(Ok(payload)) => json_case("ok", payload.as_deref())?,
        Val::Result(Err(payload)) => json_case("error", payload.as_deref())?,
        Val::Option(None) => Json::Null,
        Val::Option(Some(some)) => match &**some {
            inner @ Val::Option(_) => json_case("some", Some(inner))?,
            inner => json(inner)?,
        },
        Val::Flags(names) => names.iter().cloned().map(Json::String).collect(),
        Val::Map(_)
        | Val::FixedLengthList(_)
        | Val::Resource(_)
        | Val::Future(_)
        | Val::Stream(_)
        | Val::ErrorContext(_) => return None,
    })
}

fn json_case(name: &str, payload: Option<&Val>) -> Option<Json> {
    let Some(payload) = payload else {
        return Some(Json::String(name.to_owned()));
    };
    let only = Map::from_iter([(name.to_owned(), json(payload)?)]);
    Some(Json::Object(only))
}

fn number(float: f64) -> Json {
    match Number::from_f64(float) {
        Some(number) => Json::Number(number),
        None if float.is_nan() => Json::from("NaN"),
        None if float.is_sign_positive() => Json::from("Infinity"),
        None => Json::from("-Infinity"),
    }
}

#[cfg(test)]
mod tests;
