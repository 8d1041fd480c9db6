//! The words of OData expressions: names, quoted texts and signs.
//!
//! It knows no grammar; what it cannot cut into words is no expression.

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// `start/dateTime`, `eq`, `$filter`.
    Name(String),
    /// What stood between quotes, `''` being a quote inside.
    Text(String),
    /// `(`, `)`, `:`, `=`, `,`, `;`.
    Sign(char),
}

/// `None` when a quote does not end, or a character belongs nowhere.
pub(super) fn words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            ' ' => {}
            '(' | ')' | ':' | '=' | ',' | ';' => words.push(Word::Sign(next)),
            '\'' => {
                let mut quoted = String::new();
                loop {
                    match rest.next()? {
                        '\'' if rest.next_if_eq(&'\'').is_some() => quoted.push('\''),
                        '\'' => break,
                        other => quoted.push(other),
                    }
                }
                words.push(Word::Text(quoted));
            }
            first if is_name(first) => {
                let mut name = String::from(first);
                while let Some(more) = rest.next_if(|next| is_name(*next)) {
                    name.push(more);
                }
                words.push(Word::Name(name));
            }
            _ => return None,
        }
    }
    Some(words)
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "/$_.-@+".contains(character)
}
