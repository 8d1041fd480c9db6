//! What the page's handlers share, and what is around everything that they show.

use super::{
    HOME_PATH,
    look::Look,
    words::{Language, Words, fill},
};
use crate::service::{Service, ServiceOptions};
use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use std::sync::Arc;
use url::form_urlencoded;

/// The page of one host. Cheap to clone.
#[derive(Clone)]
pub(super) struct App(Arc<Parts>);

struct Parts {
    service: Service,
    look: Look,
}

impl App {
    pub(super) fn new(service: Service) -> Self {
        let look = Look::new(&service.options().brand);
        Self(Arc::new(Parts { service, look }))
    }

    pub(super) fn service(&self) -> &Service {
        &self.0.service
    }

    pub(super) fn options(&self) -> &ServiceOptions {
        self.0.service.options()
    }

    pub(super) fn look(&self) -> &Look {
        &self.0.look
    }

    /// What people call a provider; nothing where there is none.
    pub(super) fn label(&self, provider: &str) -> Option<&str> {
        let info = self.0.service.plugin().provider(provider)?;
        Some(&info.label)
    }
}

/// What the base template shows.
pub(super) struct Frame {
    pub(super) words: &'static Words,
    pub(super) style: String,
    pub(super) script: String,
    pub(super) brand: Option<String>,
    /// Back to the platform.
    pub(super) back: Option<String>,
    /// Whose settings these are, where a page is open.
    pub(super) visitor: Option<String>,
    /// What the page's forms carry.
    pub(super) form_token: String,
    /// Where the links to the other languages lead, without their query.
    pub(super) languages_at: &'static str,
}

impl Frame {
    /// Around a page for anybody.
    pub(super) fn new(app: &App, language: Language) -> Self {
        let options = app.options();
        Self {
            words: language.words(),
            style: app.look().style.path.clone(),
            script: app.look().script.path.clone(),
            brand: options.brand.name.clone(),
            back: options.return_url.as_ref().map(ToString::to_string),
            visitor: None,
            form_token: String::new(),
            languages_at: "",
        }
    }

    pub(super) fn languages(&self) -> [Language; 2] {
        Language::ALL
    }

    pub(super) fn back_label(&self) -> String {
        match &self.brand {
            Some(name) => fill(self.words.back_to, "name", name),
            None => self.words.back_unnamed.to_owned(),
        }
    }

    pub(super) fn owner(&self) -> Option<String> {
        let visitor = self.visitor.as_ref()?;
        Some(fill(self.words.settings_of, "name", visitor))
    }

    pub(super) fn home(&self) -> &'static str {
        HOME_PATH
    }
}

/// A reply that ends a request early.
pub(super) struct Stop(Box<Response>);

impl From<Response> for Stop {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// A page with a status.
pub(super) fn render(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Sends a browser on, after a POST or back to the start.
pub(super) fn see_other(target: &str) -> Response {
    match HeaderValue::from_str(target) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(error) => {
            tracing::error!(%error, "a browser cannot be sent on");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Back to the start, to say what happened.
pub(super) fn to_start(provider: &str, status: &str) -> Response {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("provider", provider)
        .append_pair("status", status)
        .finish();
    see_other(&format!("{HOME_PATH}?{query}"))
}
