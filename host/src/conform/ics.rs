//! Reads a file as RFC 5545 has it, and takes nothing for granted: lines, folds, names,
//! parameters, nesting. What it does not understand is a fault of the file.

/// Octets of a line, without its end (section 3.1).
const LONGEST: usize = 75;

/// A component: `VCALENDAR`, `VEVENT`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) properties: Vec<Property>,
    pub(super) parts: Vec<Component>,
}

/// A content line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) name: String,
    /// As they stand between the name and the colon.
    pub(super) parameters: Vec<String>,
    pub(super) value: String,
}

impl Component {
    /// The first of a name.
    pub(super) fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|it| it.name == name)
    }

    /// How many there are of a name.
    pub(super) fn count(&self, name: &str) -> usize {
        self.properties.iter().filter(|it| it.name == name).count()
    }

    /// Those of a kind.
    pub(super) fn parts(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.parts.iter().filter(move |it| it.name == name)
    }

    /// All names in it, in order: what a text must not change.
    pub(super) fn structure(&self) -> Vec<String> {
        let mut names = vec![format!("BEGIN:{}", self.name)];
        names.extend(self.properties.iter().map(|it| it.name.clone()));
        names.extend(self.parts.iter().flat_map(Self::structure));
        names
    }
}

impl Property {
    /// Its value as a text (section 3.3.11).
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut rest = self.value.chars();
        while let Some(c) = rest.next() {
            match (c, c == '\\') {
                (_, true) => match rest.next() {
                    Some('n' | 'N') => text.push('\n'),
                    other => text.extend(other),
                },
                (c, false) => text.push(c),
            }
        }
        text
    }
}

/// The one component of a file.
pub(super) fn read(file: &str) -> Result<Component, String> {
    let mut open: Vec<Component> = Vec::new();
    let mut whole = None;
    for line in unfolded(file)? {
        let property = property(&line)?;
        let name = property.value.clone();
        match property.name.as_str() {
            "BEGIN" => open.push(Component {
                name,
                ..Component::default()
            }),
            "END" => {
                let closed = open.pop().filter(|it| it.name == name);
                let closed = closed.ok_or_else(|| format!("END:{name} ends nothing"))?;
                match open.last_mut() {
                    Some(outer) => outer.parts.push(closed),
                    None if whole.is_none() => whole = Some(closed),
                    None => return Err("there is more than one component in it".to_owned()),
                }
            }
            _ => match open.last_mut() {
                Some(component) => component.properties.push(property),
                None => return Err(format!("{} stands in no component", property.name)),
            },
        }
    }
    match (whole, open.last()) {
        (_, Some(open)) => Err(format!("{} does not end", open.name)),
        (Some(whole), None) => Ok(whole),
        (None, None) => Err("it is empty".to_owned()),
    }
}

/// Content lines, the folds taken out.
fn unfolded(file: &str) -> Result<Vec<String>, String> {
    let content = file.strip_suffix("\r\n");
    let content = content.ok_or("its last line does not end with CRLF")?;
    let mut lines: Vec<String> = Vec::new();
    for (at, line) in content.split("\r\n").enumerate() {
        let number = at + 1;
        if line.len() > LONGEST {
            return Err(format!("line {number} has {} octets", line.len()));
        }
        let is_wrong =
            |c: char| (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}');
        if let Some(wrong) = line.chars().find(|c| is_wrong(*c)) {
            return Err(format!("line {number} holds U+{:04X}", u32::from(wrong)));
        }
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            (Some(_), None) => return Err("it begins with a fold".to_owned()),
            (None, _) => lines.push(line.to_owned()),
        }
    }
    Ok(lines)
}

/// `name *(";" parameter) ":" value`.
fn property(line: &str) -> Result<Property, String> {
    let mut parts = vec![String::new()];
    let mut is_quoted = false;
    let mut value = None;
    for (at, c) in line.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            ':' if !is_quoted => {
                value = line.get(at + 1..);
                break;
            }
            ';' if !is_quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    let mut parts = parts.into_iter();
    let name = parts.next().unwrap_or_default();
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let Some(value) = value.filter(|_| is_name(&name)) else {
        return Err(format!("a line is no property: {line}"));
    };
    let parameters: Vec<String> = parts.collect();
    let is_parameter = |it: &String| it.split_once('=').is_some_and(|(name, _)| is_name(name));
    if !parameters.iter().all(is_parameter) {
        return Err(format!("{name} has a parameter without a value"));
    }
    Ok(Property {
        name: name.to_ascii_uppercase(),
        parameters,
        value: value.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Deep \\, cl\r\n \
                        ean\\nnow\r\nORGANIZER;CN=\"a:b;c\":mailto:a@b.example\r\nEND:VEVENT\r\n\
                        END:VCALENDAR\r\n";

    #[test]
    fn folds_escapes_parameters_and_nesting_are_read() {
        let file = read(GOOD).unwrap();
        assert_eq!(
            file.structure(),
            [
                "BEGIN:VCALENDAR",
                "VERSION",
                "BEGIN:VEVENT",
                "SUMMARY",
                "ORGANIZER"
            ]
        );
        let event = file.parts("VEVENT").next().unwrap();
        assert_eq!(
            event.property("SUMMARY").unwrap().text(),
            "Deep , clean\nnow"
        );
        let organizer = event.property("ORGANIZER").unwrap();
        assert_eq!(organizer.parameters, ["CN=\"a:b;c\""]);
        assert_eq!(organizer.value, "mailto:a@b.example");
        assert_eq!((file.count("VERSION"), file.count("SUMMARY")), (1, 0));
    }

    #[test]
    fn what_is_no_file_is_refused_with_its_fault() {
        for (from, to, fault) in [
            (
                "END:VCALENDAR\r\n",
                "END:VCALENDAR",
                "does not end with CRLF",
            ),
            ("VERSION:2.0\r\n", "VERSION:2.0\n", "holds U+000A"),
            ("Deep", "De\u{2028}ep", "line 4 holds U+2028"),
            ("Deep", "De\rep", "line 4 holds U+000D"),
            ("Deep", &"d".repeat(80), "line 4 has"),
            ("END:VEVENT\r\n", "", "END:VCALENDAR ends nothing"),
            ("END:VCALENDAR\r\n", "", "VCALENDAR does not end"),
            ("VERSION:2.0", "VERSION", "is no property"),
            ("VERSION:2.0", "VER SION:2.0", "is no property"),
            ("CN=\"a:b;c\"", "CN", "a parameter without a value"),
            (
                "BEGIN:VCALENDAR",
                "X:1\r\nBEGIN:VCALENDAR",
                "stands in no component",
            ),
        ] {
            let error = read(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(fault), "{fault}: {error}");
        }
        assert!(read("").is_err() && read("\r\n").is_err());
        assert!(read(&GOOD.repeat(2)).unwrap_err().contains("more than one"));
    }
}
