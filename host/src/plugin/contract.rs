//! What a component must export: every function of the contract, with the contract's own
//! types. The built-in component is the measure: it is built from the same `wit/`.

use super::{BUILT_IN, LoadError, Options, Runtime, load};
use std::{collections::BTreeMap, fmt};
use wasmtime::{
    Engine,
    component::{
        Component,
        types::{ComponentFunc, ComponentItem},
    },
};

/// Whose interfaces are the contract's.
const PACKAGE: &str = "calport:calendar/";

/// An export that is not as the contract says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// An interface is not there, or of another version.
    NoInterface {
        /// The interface.
        interface: String,
        /// The same one of another version, if it is there.
        instead: Option<String>,
    },
    /// A function is not there.
    NoFunction {
        /// Of this interface.
        interface: String,
        /// The function.
        function: String,
    },
    /// A function takes or gives something else.
    Shape {
        /// Of this interface.
        interface: String,
        /// The function.
        function: String,
        /// What of it.
        what: String,
    },
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInterface {
                interface,
                instead: None,
            } => write!(f, "{interface} is missing"),
            Self::NoInterface {
                interface,
                instead: Some(instead),
            } => write!(f, "{interface} is missing; there is {instead}"),
            Self::NoFunction {
                interface,
                function,
            } => write!(f, "{function} of {interface} is missing"),
            Self::Shape {
                interface,
                function,
                what,
            } => write!(f, "{function} of {interface} {what}"),
        }
    }
}

/// Functions by their names, by their interface.
pub(super) type Interfaces = BTreeMap<String, BTreeMap<String, ComponentFunc>>;

/// The functions of interfaces that a component exports.
pub(super) fn exports(engine: &Engine, component: &Component) -> Interfaces {
    let ty = component.component_type();
    let mut interfaces = Interfaces::new();
    for (interface, item) in ty.exports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            continue;
        };
        let functions = instance.exports(engine).filter_map(|(name, item)| {
            let ComponentItem::ComponentFunc(function) = item.ty else {
                return None;
            };
            Some((name.to_owned(), function))
        });
        interfaces.insert(interface.to_owned(), functions.collect());
    }
    interfaces
}

/// The functions of the contract alone.
pub(super) fn of_contract(engine: &Engine, component: &Component) -> Interfaces {
    let mut interfaces = exports(engine, component);
    interfaces.retain(|interface, _| interface.starts_with(PACKAGE));
    interfaces
}

/// See [`Examination::misfits`](super::Examination::misfits).
///
/// # Errors
/// The built-in component cannot be compiled here.
pub(super) async fn misfits(
    runtime: &Runtime,
    component: &Component,
    options: &Options,
) -> Result<Vec<Misfit>, LoadError> {
    let measure = load::compile(runtime, BUILT_IN, options).await?;
    let wanted = of_contract(runtime.engine(), &measure);
    let found = exports(runtime.engine(), component);
    Ok(compare(&wanted, &found))
}

fn compare(wanted: &Interfaces, found: &Interfaces) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    for (interface, functions) in wanted {
        let Some(there) = found.get(interface) else {
            let (name, _) = interface.split_once('@').unwrap_or((interface, ""));
            let is_same = |other: &&String| other.split('@').next() == Some(name);
            misfits.push(Misfit::NoInterface {
                interface: interface.clone(),
                instead: found.keys().find(is_same).cloned(),
            });
            continue;
        };
        for (function, wanted) in functions {
            let (interface, function) = (interface.clone(), function.clone());
            match there.get(&function) {
                None => misfits.push(Misfit::NoFunction {
                    interface,
                    function,
                }),
                Some(found) => {
                    misfits.extend(difference(wanted, found).map(|what| Misfit::Shape {
                        interface,
                        function,
                        what,
                    }))
                }
            }
        }
    }
    misfits
}

fn difference(wanted: &ComponentFunc, found: &ComponentFunc) -> Option<String> {
    let names = |function: &ComponentFunc| {
        let names: Vec<_> = function.params().map(|(name, _)| name.to_owned()).collect();
        format!("({})", names.join(", "))
    };
    if names(wanted) != names(found) {
        return Some(format!(
            "takes {} in place of {}",
            names(found),
            names(wanted)
        ));
    }
    for ((name, wanted), (_, found)) in wanted.params().zip(found.params()) {
        if wanted != found {
            return Some(format!("takes another type as {name}"));
        }
    }
    let is_same = wanted.results().eq(found.results()) && wanted.async_() == found.async_();
    (!is_same).then(|| "gives another type".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions(text: &str) -> Interfaces {
        let runtime = Runtime::new().unwrap();
        let bytes = wat::parse_str(text).unwrap();
        let component = Component::new(runtime.engine(), bytes).unwrap();
        exports(runtime.engine(), &component)
    }

    /// An interface with these functions, all of them traps.
    fn component(version: &str, functions: &[(&str, &str)]) -> String {
        let lifted = functions.iter().enumerate().map(|(at, (_, ty))| {
            format!("(func $f{at} {ty} (canon lift (core func $m \"{at}\")))")
        });
        let core = functions.iter().enumerate().map(|(at, (_, ty))| {
            let parameters = "i32 ".repeat(ty.matches("(param").count());
            let result = if ty.contains("(result") {
                "(result i32)"
            } else {
                ""
            };
            format!("(func (export \"{at}\") (param {parameters}) {result} unreachable)")
        });
        let exported = functions
            .iter()
            .enumerate()
            .map(|(at, (name, _))| format!("(export \"{name}\" (func $f{at}))"));
        format!(
            "(component (core module $c {}) (core instance $m (instantiate $c)) {} (instance $i {}) \
             (export \"calport:calendar/x@{version}\" (instance $i)))",
            core.collect::<String>(),
            lifted.collect::<String>(),
            exported.collect::<String>(),
        )
    }

    #[test]
    fn what_is_missing_and_what_is_otherwise_is_named_function_by_function() {
        let wanted = [
            ("gone", "(param \"a\" u32)"),
            ("longer", "(param \"a\" u32)"),
            ("other", "(param \"a\" u32)"),
            ("answer", "(param \"a\" u32) (result u32)"),
            ("same", "(param \"a\" u32) (result u32)"),
        ];
        let wanted = functions(&component("0.1.0", &wanted));
        assert_eq!(compare(&wanted, &wanted), []);
        let found = [
            ("longer", "(param \"a\" u32) (param \"b\" u32)"),
            ("other", "(param \"a\" char)"),
            ("answer", "(param \"a\" u32) (result char)"),
            ("same", "(param \"a\" u32) (result u32)"),
            ("more", ""),
        ];
        let told = |found: &str| {
            let found = compare(&wanted, &functions(found));
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            told(&component("0.1.0", &found)),
            [
                "answer of calport:calendar/x@0.1.0 gives another type",
                "gone of calport:calendar/x@0.1.0 is missing",
                "longer of calport:calendar/x@0.1.0 takes (a, b) in place of (a)",
                "other of calport:calendar/x@0.1.0 takes another type as a",
            ]
        );
        assert_eq!(
            told(&component("0.2.0", &[])),
            ["calport:calendar/x@0.1.0 is missing; there is calport:calendar/x@0.2.0"]
        );
        assert_eq!(told("(component)"), ["calport:calendar/x@0.1.0 is missing"]);
    }
}
