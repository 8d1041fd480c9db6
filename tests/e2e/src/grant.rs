//! A grant as plain as can be.

use calport_host::vault::{Account, Credentials, Destination, Grant};

/// Of an account that is called as its user. The hostile guest does what its client id says.
pub fn grant(user: &str, deed: &str) -> Grant {
    Grant {
        account: Account {
            id: user.to_owned(),
            label: user.to_owned(),
        },
        destination: Destination {
            id: "primary".to_owned(),
            name: "Primary".to_owned(),
        },
        credentials: Credentials {
            access_token: "token".into(),
            refresh_token: None,
            expires_at: None,
            scopes: Vec::new(),
            client_id: deed.to_owned(),
        },
    }
}
