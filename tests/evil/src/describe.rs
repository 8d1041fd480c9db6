//! What the plugin says of itself. `describe` has no argument, so that its lie stands in the
//! component's bytes: whoever tests overwrites [`LIE`].

use crate::bindings::exports::calport::calendar::calendar::{
    Credential, Endpoint, EndpointUse, PluginInfo, ProviderInfo, ProviderKind, Revocation, Scope,
};
use wasip2::{clocks::wall_clock, random::random};

/// The provider that it claims to be for.
pub(crate) const PROVIDER: &str = "evil";

/// Overwritten by tests; as long as `LIE:` and 28 characters.
#[used]
static LIE: [u8; 32] = *b"LIE:none                        ";

fn lie() -> String {
    // Read as if it could have changed: to the compiler it is a constant.
    let bytes = unsafe { std::ptr::read_volatile(&raw const LIE) };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.trim_start_matches("LIE:").trim().to_owned()
}

pub(crate) fn describe() -> PluginInfo {
    let mut info = harmless();
    match lie().as_str() {
        "spin" => loop {
            std::hint::spin_loop();
        },
        "long name" => info.name = "n".repeat(10 << 20),
        "colours" => info.name = "\u{1b}[32mgranted\u{1b}[0m".to_owned(),
        "backwards" => info.providers[0].label = "gro\u{202e}elgoog".to_owned(),
        "many providers" => info.providers = vec![info.providers[0].clone(); 10_000],
        "host secrets" => info.providers[0].credentials.push(Credential {
            name: "CALPORT_KEYS".to_owned(),
            secret: true,
        }),
        "metadata service" => info.providers[0].endpoints[2].default_url = METADATA.to_owned(),
        "another host" => {
            info.providers[0].endpoints[2].default_url = "https://other.evil.example/".to_owned();
        }
        // Another one each time, if it can tell the times apart.
        "by chance" => {
            let chance = random::get_random_u64() ^ wall_clock::now().seconds;
            info.providers[0].endpoints[2].default_url = format!("https://h{chance}.example/");
        }
        _ => {}
    }
    info
}

const METADATA: &str = "https://169.254.169.254/latest/meta-data/";

fn harmless() -> PluginInfo {
    let endpoint = |word: &str, uses| Endpoint {
        setting: format!("EVIL_{word}_URL"),
        default_url: format!("https://{}.evil.example/", word.to_lowercase()),
        uses,
    };
    let credential = |word: &str, secret| Credential {
        name: format!("EVIL_{word}"),
        secret,
    };
    PluginInfo {
        name: "evil".to_owned(),
        version: "6.6.6".to_owned(),
        providers: vec![ProviderInfo {
            id: PROVIDER.to_owned(),
            label: "Evil Calendar".to_owned(),
            kind: ProviderKind::Oauth,
            credentials: vec![
                credential("CLIENT_ID", false),
                credential("CLIENT_SECRET", true),
            ],
            redirect_setting: None,
            endpoints: vec![
                endpoint("AUTH", EndpointUse::AUTHORIZE),
                endpoint("TOKEN", EndpointUse::TOKEN | EndpointUse::REVOKE),
                endpoint("API", EndpointUse::API),
            ],
            scopes: vec![Scope {
                name: "everything".to_owned(),
                reason: "To be of use.".to_owned(),
            }],
            changes: true,
            revocation: Some(Revocation::ByCall),
        }],
    }
}
