//! Reads one JSON object, and says which of its fields is wrong in words that are fit to be
//! shown. Never repeats a value.

use crate::plain;
use serde::de::DeserializeOwned;

/// The longest name of a field that is repeated, in characters: the longest of ours has 30.
const LONGEST_NAME: usize = 128;

/// The longest problem, in characters: serde names all fields that there are.
const LONGEST_PROBLEM: usize = 400;

/// What is wrong with a text.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// The field, dotted and indexed; `body` for the whole.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) problem: String,
}

/// Reads an object to its end.
///
/// # Errors
/// The first mistake.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Mistake> {
    let whole = |problem: &str| Mistake {
        field: "body".to_owned(),
        problem: problem.to_owned(),
    };
    // serde would take a list for an object whose names were left out.
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(whole("is not a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        Mistake {
            field: match path.as_str() {
                // A field without a name, and one whose name cannot be read.
                "." | "" | "?" => "body".to_owned(),
                path => plain::line(path, LONGEST_NAME).into_owned(),
            },
            problem: describe(error.inner()),
        }
    })?;
    reader
        .end()
        .map_err(|_| whole("has something behind its JSON object"))?;
    Ok(value)
}

/// serde's words without the values that it quotes.
fn describe(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(message, _)| message);
    let has_wrong_value = ["invalid type: ", "invalid value: ", "unknown variant "]
        .iter()
        .any(|kind| message.starts_with(kind));
    let names_field = ["unknown field ", "missing field ", "duplicate field "]
        .iter()
        .any(|kind| message.starts_with(kind));
    if has_wrong_value && let Some((_, expected)) = message.rsplit_once("expected ") {
        format!("is not {expected}")
    } else if names_field {
        plain::line(message, LONGEST_PROBLEM).into_owned()
    } else {
        "cannot be read".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        #[expect(dead_code, reason = "what is read is not looked at")]
        kind: Option<Kind>,
        #[expect(dead_code, reason = "what is read is not looked at")]
        start: Option<jiff::Timestamp>,
    }

    #[derive(Debug, Deserialize)]
    enum Kind {
        One,
        Two,
    }

    fn mistake(json: &str) -> (String, String) {
        let Mistake { field, problem } = read::<Shape>(json.as_bytes()).unwrap_err();
        (field, problem)
    }

    #[test]
    fn a_list_in_place_of_an_object_and_whatever_follows_one_are_refused() {
        assert!(read::<Shape>(b" {} \n").is_ok());
        for (json, problem) in [
            ("", "is not a JSON object"),
            ("[]", "is not a JSON object"),
            ("[\"One\",null]", "is not a JSON object"),
            ("null", "is not a JSON object"),
            ("{", "cannot be read"),
            ("{}{}", "has something behind its JSON object"),
            ("{} x", "has something behind its JSON object"),
        ] {
            assert_eq!(mistake(json), ("body".into(), problem.into()), "{json}");
        }
    }

    #[test]
    fn a_field_without_a_name_is_a_mistake_of_the_body() {
        let (field, problem) = mistake("{\"\":1}");
        assert_eq!(field, "body");
        assert_eq!(problem, "unknown field ``, expected `kind` or `start`");
    }

    #[test]
    fn what_is_wrong_steers_nothing_and_has_bounds() {
        let (field, problem) = mistake("{\"a\\u0000\\u202eb\\r\\n\":1}");
        assert_eq!(field, "a  b  ");
        assert!(problem.starts_with("unknown field `a  b  `"), "{problem}");
        let (field, problem) = mistake(&format!("{{\"{}\":1}}", "x".repeat(1_000_000)));
        assert_eq!((field.chars().count(), problem.chars().count()), (128, 400));
    }

    #[test]
    fn no_value_is_repeated_whatever_words_of_serdes_it_holds() {
        for value in [
            "CANARY",
            "invalid type: expected CANARY",
            "unknown variant `x`, expected CANARY",
            "unknown field CANARY",
            "CANARY at line 1",
            "expected CANARY at line ",
        ] {
            for name in ["kind", "start"] {
                let (field, problem) = mistake(&format!("{{\"{name}\":\"{value}\"}}"));
                assert_eq!(field, name);
                assert!(!problem.contains("CANARY"), "{value}: {problem}");
            }
        }
        assert_eq!(mistake("{\"kind\":\"x\"}").1, "is not `One` or `Two`");
        assert_eq!(mistake("{\"start\":7}").1, "is not a timestamp string");
    }
}
