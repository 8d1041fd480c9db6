//! Every kind of value there and back, and what is said of those that do not fit.

use super::*;
use crate::plugin::Runtime;
use serde_json::json as j;
use wasmtime::component::{Component, types::ComponentItem};

/// A parameter of every kind that JSON can say, and some that it cannot.
const KINDS: &str = r#"(component (import "test:kinds/all" (instance
    (type $point' (record (field "x" s32) (field "is-far" bool) (field "note" (option string))))
    (export "point" (type $point (eq $point')))
    (type $shape' (variant (case "none") (case "dot" $point) (case "texts" (list string))))
    (export "shape" (type $shape (eq $shape')))
    (type $colour' (enum "red" "dark-green"))
    (export "colour" (type $colour (eq $colour')))
    (type $rights' (flags "read" "write"))
    (export "rights" (type $rights (eq $rights')))
    (export "thing" (type $thing (sub resource)))
    (export "f" (func
        (param "bool" bool) (param "s8" s8) (param "u8" u8) (param "s16" s16) (param "u16" u16)
        (param "s32" s32) (param "u32" u32) (param "s64" s64) (param "u64" u64)
        (param "f32" f32) (param "f64" f64) (param "char" char) (param "text" string)
        (param "list" (list u32)) (param "tuple" (tuple string bool)) (param "point" $point)
        (param "shape" $shape) (param "colour" $colour) (param "rights" $rights)
        (param "maybe" (option u8)) (param "maybe-maybe" (option (option u8)))
        (param "done" (result string (error $colour))) (param "bare" (result))
        (param "thing" (own $thing)))))))"#;

/// The parameters of [`KINDS`].
struct Kinds {
    types: Vec<(String, Type)>,
}

impl Kinds {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let engine = runtime.engine();
        let bytes = wat::parse_str(KINDS).unwrap();
        let component = Component::new(engine, bytes).unwrap();
        let ty = component.component_type();
        let import = ty.get_import(engine, "test:kinds/all").unwrap();
        let ComponentItem::ComponentInstance(all) = import.ty else {
            panic!("{:?}", import.ty)
        };
        let function = all.get_export(engine, "f").unwrap();
        let ComponentItem::ComponentFunc(function) = function.ty else {
            panic!("{:?}", function.ty)
        };
        let types = function.params().map(|(name, ty)| (name.to_owned(), ty));
        Self {
            types: types.collect(),
        }
    }

    fn of(&self, name: &str) -> &Type {
        let found = self.types.iter().find(|(known, _)| known == name);
        &found.unwrap().1
    }

    fn read(&self, name: &str, given: &Json) -> Result<Val, ArgumentError> {
        value(given, self.of(name)).map_err(|error| error.within(name))
    }

    fn said(&self, name: &str, given: Json) -> String {
        self.read(name, &given).unwrap_err().to_string()
    }
}

#[test]
fn every_kind_of_value_is_the_same_there_and_back() {
    let kinds = Kinds::new();
    for (name, values) in [
        ("bool", vec![j!(true), j!(false)]),
        ("s8", vec![j!(-128), j!(127)]),
        ("u8", vec![j!(0), j!(255)]),
        ("s16", vec![j!(-32_768), j!(32_767)]),
        ("u16", vec![j!(0), j!(65_535)]),
        ("s32", vec![j!(i32::MIN), j!(i32::MAX)]),
        ("u32", vec![j!(0), j!(u32::MAX)]),
        ("s64", vec![j!(i64::MIN), j!(i64::MAX)]),
        ("u64", vec![j!(0), j!(u64::MAX)]),
        ("f32", vec![j!(0.5), j!(-1.25), j!("NaN"), j!("-Infinity")]),
        ("f64", vec![j!(0.1), j!(1e300), j!("Infinity")]),
        ("char", vec![j!("a"), j!("\u{1f409}"), j!("\"")]),
        ("text", vec![j!(""), j!("a\r\n\u{0}\u{202e}ü")]),
        ("list", vec![j!([]), j!([1, 2, 3])]),
        ("tuple", vec![j!(["a", true])]),
        (
            "point",
            vec![
                j!({"x": 1, "is-far": true, "note": null}),
                j!({"x": -1, "is-far": false, "note": "there"}),
            ],
        ),
        (
            "shape",
            vec![
                j!("none"),
                j!({"dot": {"x": 1, "is-far": true, "note": null}}),
                j!({"texts": ["a", "b"]}),
            ],
        ),
        ("colour", vec![j!("red"), j!("dark-green")]),
        ("rights", vec![j!([]), j!(["read", "write"])]),
        ("maybe", vec![j!(null), j!(7)]),
        (
            "maybe-maybe",
            vec![j!(null), j!({"some": null}), j!({"some": 7})],
        ),
        ("done", vec![j!({"ok": "yes"}), j!({"error": "red"})]),
        ("bare", vec![j!("ok"), j!("error")]),
    ] {
        for given in values {
            let there = kinds.read(name, &given).unwrap();
            assert_eq!(json(&there), Some(given), "{name}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_by_its_place_with_what_is_wanted_and_without_its_value() {
    let kinds = Kinds::new();
    for (name, given, said) in [
        (
            "bool",
            j!("canary"),
            "bool: expected true or false, found a text",
        ),
        (
            "u8",
            j!(256),
            "u8: expected a whole number from 0 to 255, found a number",
        ),
        (
            "u8",
            j!(-1),
            "u8: expected a whole number from 0 to 255, found a number",
        ),
        (
            "u8",
            j!(1.5),
            "u8: expected a whole number from 0 to 255, found a number with a fraction",
        ),
        ("f64", j!("canary"), "f64: expected a number, found a text"),
        (
            "char",
            j!("ab"),
            "char: expected a text of one character, found a text",
        ),
        ("text", j!(null), "text: expected a text, found null"),
        ("list", j!({}), "list: expected a list, found an object"),
        (
            "list",
            j!([1, "canary"]),
            "list[1]: expected a whole number from 0 to 4294967295, found a text",
        ),
        (
            "tuple",
            j!(["a"]),
            "tuple: expected a list of 2, found a list",
        ),
        (
            "tuple",
            j!(["a", 1]),
            "tuple[1]: expected true or false, found a number",
        ),
        (
            "point",
            j!([]),
            "point: expected an object of x, is-far, note, found a list",
        ),
        (
            "point",
            j!({"x": 1}),
            "point.is-far: is missing; expected true or false",
        ),
        (
            "point",
            j!({"x": 1, "is_far": true}),
            "point.is_far: is written is-far",
        ),
        (
            "point",
            j!({"x": 1, "is-far": true, "y": 1}),
            "point.y: there is no such field; expected an object of x, is-far, note",
        ),
        (
            "shape",
            j!("canary"),
            "shape: expected one of \"none\", {\"dot\": ...}, {\"texts\": ...}, found a text",
        ),
        (
            "shape",
            j!({"dot": {"x": "1", "is-far": true}}),
            "shape.dot.x: expected a whole number from -2147483648 to 2147483647, found a text",
        ),
        (
            "shape",
            j!({"texts": ["a", 1]}),
            "shape.texts[1]: expected a text, found a number",
        ),
        (
            "shape",
            j!("texts"),
            "shape.texts: is missing; expected {\"texts\": a list}",
        ),
        (
            "shape",
            j!({"none": 1}),
            "shape.none: holds nothing; expected \"none\"",
        ),
        (
            "shape",
            j!({"none": 1, "dot": 2}),
            "shape: expected one of \"none\", {\"dot\": ...}, {\"texts\": ...}, found an object",
        ),
        (
            "colour",
            j!("green"),
            "colour: expected one of \"red\", \"dark-green\", found a text",
        ),
        (
            "rights",
            j!(["read", "read"]),
            "rights: expected a list of some of read, write, each once, found a list",
        ),
        (
            "rights",
            j!(["own"]),
            "rights: expected a list of some of read, write, each once, found a list",
        ),
        (
            "maybe-maybe",
            j!(7),
            "maybe-maybe: expected {\"some\": a whole number from 0 to 255 or null} or null, found a number",
        ),
        (
            "done",
            j!({"ok": 1}),
            "done.ok: expected a text, found a number",
        ),
        (
            "thing",
            j!(1),
            "thing: expected what JSON cannot say, found a number",
        ),
    ] {
        assert_eq!(kinds.said(name, given), said);
    }
    let strange = j!({"x": 1, "is-far": true, "\u{1b}[2J": 1});
    assert!(!kinds.said("point", strange).contains('\u{1b}'));
}

#[test]
fn parameters_are_named_may_come_in_any_order_and_options_may_be_left_out() {
    let kinds = Kinds::new();
    let wanted = || {
        ["text", "maybe"]
            .into_iter()
            .map(|name| (name, kinds.of(name).clone()))
    };
    let given = arguments(&j!({"maybe": 1, "text": "a"}), wanted()).unwrap();
    let one = Val::Option(Some(Box::new(Val::U8(1))));
    assert_eq!(given, [Val::String("a".into()), one]);
    let short = arguments(&j!({"text": "a"}), wanted()).unwrap();
    assert_eq!(short[1], Val::Option(None));
    for (given, said) in [
        (
            j!([]),
            "the arguments: expected an object of text, maybe, found a list",
        ),
        (j!({}), "text: is missing; expected a text"),
        (
            j!({"text": "a", "event": 1}),
            "event: there is no such field; expected an object of text, maybe",
        ),
    ] {
        assert_eq!(arguments(&given, wanted()).unwrap_err().to_string(), said);
    }
    let none = arguments(&j!({"text": 1}), std::iter::empty()).unwrap_err();
    assert_eq!(
        none.to_string(),
        "text: there is no such field; expected an object without fields: {}"
    );
}
