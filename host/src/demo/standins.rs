//! The providers of the demo: stand-ins on loopback that show what is in their calendars.
//! Adding one is a field here and a row in [`StandIns::all`].

use calport_standins::{
    Google, GoogleAccount, GoogleCalendar, GoogleConfig, GoogleRole, Outlook, OutlookAccount,
    OutlookCalendar, OutlookConfig, Standin,
};
use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};
use url::Url;

/// What the demo asks of a stand-in, whichever provider it plays.
pub(super) trait Plays: Send + Sync {
    fn standin(&self) -> &Standin;
    fn settings(&self) -> Vec<(String, String)>;
    fn register(&self, redirect_uri: String);
}

impl Plays for Google {
    fn standin(&self) -> &Standin {
        self
    }

    fn settings(&self) -> Vec<(String, String)> {
        self.environment()
    }

    fn register(&self, redirect_uri: String) {
        self.register_redirect_uri(redirect_uri);
    }
}

impl Plays for Outlook {
    fn standin(&self) -> &Standin {
        self
    }

    fn settings(&self) -> Vec<(String, String)> {
        self.environment()
    }

    fn register(&self, redirect_uri: String) {
        self.register_redirect_uri(redirect_uri);
    }
}

/// A running stand-in.
pub(super) struct StandIn<S: ?Sized = dyn Plays> {
    /// The provider's id in Calport.
    pub(super) provider: &'static str,
    /// The company that it plays.
    pub(super) company: &'static str,
    off: AtomicBool,
    server: S,
}

impl<S: Plays> StandIn<S> {
    fn new(provider: &'static str, company: &'static str, server: S) -> Self {
        Self {
            provider,
            company,
            off: AtomicBool::new(false),
            server,
        }
    }
}

impl StandIn {
    /// Where it listens, without a slash at the end.
    pub(super) fn base_url(&self) -> &str {
        self.server.standin().base_url()
    }

    /// Its page with all calendars of an account, reloading itself.
    pub(super) fn calendar_page(&self, account: &str) -> String {
        let page = format!("{}/calendar", self.base_url());
        let query = [("account", account), ("refresh", "2")];
        Url::parse_with_params(&page, query)
            .map(String::from)
            .unwrap_or(page)
    }

    /// Whether it was switched off.
    pub(super) fn is_off(&self) -> bool {
        self.off.load(Ordering::SeqCst)
    }

    /// Lets it answer everything with 503, or normally again.
    pub(super) fn switch(&self, on: bool) {
        self.off.store(!on, Ordering::SeqCst);
        let server = self.server.standin();
        if on {
            server.switch_on()
        } else {
            server.switch_off()
        }
    }
}

/// All stand-ins of one demo.
pub(super) struct StandIns {
    google: StandIn<Google>,
    outlook: StandIn<Outlook>,
}

impl StandIns {
    /// Starts them on free ports.
    pub(super) fn start(app_name: &str) -> io::Result<Self> {
        // Tokens of an earlier run that a kept database still holds must not mean anything now.
        let seed = getrandom::u64().map_err(io::Error::other)?;
        let google = Google::start(google().app_name(app_name).seed(seed))?;
        let outlook = Outlook::start(outlook().app_name(app_name).seed(seed))?;
        Ok(Self {
            google: StandIn::new("google", "Google", google),
            outlook: StandIn::new("outlook", "Microsoft", outlook),
        })
    }

    /// Each of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &StandIn> {
        let all: [&StandIn; 2] = [&self.google, &self.outlook];
        all.into_iter()
    }

    /// The one that plays this provider.
    pub(super) fn find(&self, provider: &str) -> Option<&StandIn> {
        self.all().find(|standin| standin.provider == provider)
    }

    /// Google's.
    pub(super) fn google(&self) -> &Google {
        &self.google.server
    }

    /// Microsoft's.
    pub(super) fn outlook(&self) -> &Outlook {
        &self.outlook.server
    }

    /// The settings that make Calport use them.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        self.all()
            .flat_map(|standin| standin.server.settings())
            .collect()
    }

    /// Registers the app's callbacks, as an operator does at each provider.
    pub(super) fn register(&self, public_url: &Url) {
        for standin in self.all() {
            let provider = standin.provider;
            let uri = format!("{public_url}api/calendar/{provider}/callback/");
            standin.server.register(uri);
        }
    }
}

/// As many requests of a stand-in as anybody looks at.
const REQUESTS_KEPT: usize = 1_000;

fn google() -> GoogleConfig {
    let calendar = |id: &str, name, role| {
        GoogleCalendar::new(format!("c_{id}@group.calendar.google.com"), name, role)
    };
    let holidays = || calendar("holidays0holidays", "Holidays", GoogleRole::Reader);
    let casey = GoogleAccount::new("casey.customer@gmail.example", "Casey Customer")
        .calendar(calendar(
            "family0family0family",
            "Family",
            GoogleRole::Owner,
        ))
        .calendar(holidays());
    let sam = GoogleAccount::new("sam.staff@gmail.example", "Sam Staff")
        .calendar(calendar("jobs0jobs0jobs0jobs", "Jobs", GoogleRole::Owner))
        .calendar(holidays());
    let morgan = GoogleAccount::new("morgan.manager@gmail.example", "Morgan Manager")
        .calendar(calendar("work0work0work0work", "Work", GoogleRole::Owner));
    let kim = GoogleAccount::new("kim@school.example", "Kim, whose school says no")
        .refused("admin_policy_enforced");
    GoogleConfig::default()
        .accounts([casey, sam, morgan, kim])
        .requests_kept(REQUESTS_KEPT)
}

fn outlook() -> OutlookConfig {
    let holidays = || OutlookCalendar::new("Holidays", false);
    let casey = OutlookAccount::new("casey.customer@outlook.example", "Casey Customer")
        .personal()
        .calendar(OutlookCalendar::new("Family", true))
        .calendar(holidays());
    let sam = OutlookAccount::new("sam.staff@brightside.example", "Sam Staff")
        .calendar(OutlookCalendar::new("Jobs", true))
        .calendar(holidays());
    let morgan = OutlookAccount::new("morgan.manager@brightside.example", "Morgan Manager");
    let kim = OutlookAccount::new("kim@school.example", "Kim, whose school says no").needs_admin();
    OutlookConfig::default()
        .accounts([casey, sam, morgan, kim])
        .requests_kept(REQUESTS_KEPT)
}
