//! Partial replies: the `fields` parameter (Google's guide "Improve performance").
//!
//! It cuts the reply down for real, so that a mask which leaves out a needed field is noticed here and not
//! in production.

use serde_json::{Map, Value};

/// `None` when the mask is not well-formed.
pub(super) fn cut(value: &Value, mask: &str) -> Option<Value> {
    let (tree, rest) = parse(mask)?;
    rest.is_empty()
        .then(|| apply(value, &tree.iter().collect::<Vec<_>>()))
}

struct Node {
    name: String,
    /// Empty: all of it.
    below: Vec<Node>,
}

/// `a,b/c,d(e,f/g)`: what was read and what is left.
fn parse(mut text: &str) -> Option<(Vec<Node>, &str)> {
    let mut nodes = Vec::new();
    loop {
        let (node, rest) = parse_one(text)?;
        nodes.push(node);
        match rest.strip_prefix(',') {
            Some(rest) => text = rest,
            None => return Some((nodes, rest)),
        }
    }
}

fn parse_one(text: &str) -> Option<(Node, &str)> {
    let end = text.find(['/', '(', ')', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty()
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'*')
    {
        return None;
    }
    let name = name.to_owned();
    if let Some(rest) = rest.strip_prefix('/') {
        let (below, rest) = parse_one(rest)?;
        return Some((
            Node {
                name,
                below: vec![below],
            },
            rest,
        ));
    }
    if let Some(rest) = rest.strip_prefix('(') {
        let (below, rest) = parse(rest)?;
        return Some((Node { name, below }, rest.strip_prefix(')')?));
    }
    Some((
        Node {
            name,
            below: Vec::new(),
        },
        rest,
    ))
}

fn apply(value: &Value, nodes: &[&Node]) -> Value {
    match value {
        Value::Array(list) => list.iter().map(|value| apply(value, nodes)).collect(),
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (name, value) in fields {
                let named = || {
                    nodes
                        .iter()
                        .filter(|node| node.name == *name || node.name == "*")
                };
                let below: Vec<&Node> = named().flat_map(|node| &node.below).collect();
                if named().any(|node| node.below.is_empty()) {
                    kept.insert(name.clone(), value.clone());
                } else if !below.is_empty() {
                    kept.insert(name.clone(), apply(value, &below));
                }
            }
            kept.into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::cut;

    #[test]
    fn a_mask_keeps_what_it_names_and_nothing_else() {
        let value = json!({ "kind": "x", "items": [{ "id": 1, "start": { "date": 2, "zone": 3 } }], "next": 4 });
        let cut = |mask| cut(&value, mask);
        assert_eq!(cut("next").unwrap(), json!({ "next": 4 }));
        assert_eq!(
            cut("items(id),next").unwrap(),
            json!({ "items": [{ "id": 1 }], "next": 4 })
        );
        assert_eq!(
            cut("items/start/date").unwrap(),
            json!({ "items": [{ "start": { "date": 2 } }] })
        );
        assert_eq!(
            cut("items/id,items/start(zone)").unwrap(),
            json!({ "items": [{ "id": 1, "start": { "zone": 3 } }] })
        );
        assert_eq!(cut("*").unwrap(), value);
        for malformed in ["", "items(", "items(id", "a,,b", "a b", "items)"] {
            assert!(cut(malformed).is_none(), "{malformed}");
        }
    }
}
