//! Query options and preferences: `$select`, `$top`, ..., `Prefer`.
//!
//! An option that a call does not know is refused. Preferences are wishes: unknown ones are ignored (RFC 7240).

use axum::response::Response;
use http::{HeaderMap, HeaderValue, Uri};
use serde_json::{Map, Value, json};

use super::super::event::Manner;
use super::super::ids::IdKind;
use super::super::state::App;
use super::super::zones;
use super::error::GraphError;
use super::{filter, schema};
use crate::pairs::Pairs;
use crate::server;

/// What a call's query and `Prefer` headers say.
pub(super) struct Options {
    pub(super) query: Pairs,
    pub(super) manner: Manner,
    select: Option<Vec<String>>,
    /// `odata.maxpagesize`.
    max_page: Option<usize>,
}

impl Options {
    /// `known`: the options that the call takes.
    pub(super) fn parse(
        uri: &Uri,
        headers: &HeaderMap,
        known: &[&str],
    ) -> Result<Self, GraphError> {
        let query = Pairs::parse(uri.query().unwrap_or_default());
        if let Some(name) = query.unknown(known) {
            return Err(GraphError::query(format!(
                "The query parameter '{name}' is not supported."
            )));
        }
        if let Some(name) = query.doubled() {
            return Err(GraphError::query(format!(
                "The query parameter '{name}' stands twice."
            )));
        }
        let mut manner = Manner {
            ids: IdKind::Mutable,
            text_bodies: false,
            ..Manner::plain()
        };
        let mut max_page = None;
        for (name, value) in preferences(headers) {
            match (name.to_ascii_lowercase().as_str(), value) {
                ("idtype", "ImmutableId") => manner.ids = IdKind::Immutable,
                ("outlook.timezone", name) => {
                    let zone = zones::zone(name).ok_or_else(|| GraphError::zone(name))?;
                    manner.zone = (zone, name.to_owned());
                }
                ("outlook.body-content-type", "text") => manner.text_bodies = true,
                ("odata.maxpagesize", size) => {
                    max_page = size.parse().ok().filter(|size| *size > 0)
                }
                _ => {}
            }
        }
        if let Some(expand) = query.get("$expand") {
            manner.properties = filter::expanded(expand)?;
        }
        let select = query
            .get("$select")
            .map(|list| list.split(',').map(|name| name.trim().to_owned()).collect());
        Ok(Self {
            query,
            manner,
            select,
            max_page,
        })
    }

    /// Only what `$select` names; `id` and `@odata` annotations always.
    pub(super) fn selected(
        &self,
        value: Value,
        selectable: fn(&str) -> bool,
    ) -> Result<Value, GraphError> {
        let (Some(select), Value::Object(fields)) = (&self.select, &value) else {
            return Ok(value);
        };
        if let Some(name) = select.iter().find(|name| !selectable(name)) {
            let message = format!("Could not find a property named '{name}'.");
            return Err(GraphError::query(message));
        }
        let wanted = |name: &str| {
            name == "id"
                || name.starts_with('@')
                || name == "singleValueExtendedProperties"
                || select.iter().any(|selected| selected == name)
        };
        let kept = fields.iter().filter(|(name, _)| wanted(name));
        Ok(Value::Object(
            kept.map(|(name, value)| (name.clone(), value.clone()))
                .collect::<Map<_, _>>(),
        ))
    }

    /// An event, cut down to what is selected.
    pub(super) fn event(&self, value: Value) -> Result<Value, GraphError> {
        self.selected(value, schema::selectable)
    }

    /// `$top` or `odata.maxpagesize`, at most what the stand-in puts on a page.
    pub(super) fn page_size(&self, app: &App) -> Result<usize, GraphError> {
        let top = number(&self.query, "$top")?.or(self.max_page).unwrap_or(10);
        if !(1..=1000).contains(&top) {
            return Err(GraphError::query("$top must be 1 to 1000."));
        }
        Ok(top.min(app.config.largest_page))
    }

    pub(super) fn skip(&self) -> Result<usize, GraphError> {
        Ok(number(&self.query, "$skip")?.unwrap_or(0))
    }

    /// A page of `all`, with the absolute link to the next one.
    pub(super) fn page(
        &self,
        app: &App,
        uri: &Uri,
        all: Vec<Value>,
    ) -> Result<Response, GraphError> {
        let (skip, size) = (self.skip()?, self.page_size(app)?);
        let more = skip.saturating_add(size) < all.len();
        let page: Vec<Value> = all.into_iter().skip(skip).take(size).collect();
        let mut body = json!({ "@odata.context": context(app), "value": page });
        if let (true, Some(fields)) = (more, body.as_object_mut()) {
            let kept = self
                .query
                .clone()
                .into_vec()
                .into_iter()
                .filter(|(name, _)| name != "$skip");
            let next = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(kept)
                .append_pair("$skip", &(skip + size).to_string())
                .finish();
            let link = format!("{}{}?{next}", app.shell.base_url, uri.path());
            fields.insert("@odata.nextLink".into(), link.into());
        }
        Ok(self.applied(server::json(200, &body)))
    }

    /// Says in the reply which preference was honoured.
    pub(super) fn applied(&self, mut reply: Response) -> Response {
        if self.manner.ids == IdKind::Immutable {
            let applied = HeaderValue::from_static("IdType=\"ImmutableId\"");
            reply.headers_mut().insert("Preference-Applied", applied);
        }
        reply
    }
}

/// `@odata.context` of any reply.
pub(super) fn context(app: &App) -> String {
    format!("{}/v1.0/$metadata", app.shell.base_url)
}

fn number(query: &Pairs, name: &str) -> Result<Option<usize>, GraphError> {
    let Some(text) = query.get(name) else {
        return Ok(None);
    };
    let wrong = |_| GraphError::query(format!("{name} must be a number."));
    text.parse().map(Some).map_err(wrong)
}

fn preferences(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let all = headers
        .get_all("Prefer")
        .iter()
        .filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split([',', ';']))
        .filter_map(|one| {
            let (name, value) = one.split_once('=')?;
            Some((name.trim(), value.trim().trim_matches('"')))
        })
}
