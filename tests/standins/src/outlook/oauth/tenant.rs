//! Which accounts a tenant path is for.
//!
//! A tenant that nobody belongs to does not exist.

use super::super::state::{Account, State};

/// The accounts that may sign in there, `None` when there is no such tenant.
pub(super) fn accounts(state: &State, tenant: &str) -> Option<Vec<usize>> {
    let fits: Box<dyn Fn(&Account) -> bool> = match tenant {
        "common" => Box::new(|_| true),
        "organizations" => Box::new(|account| !account.personal),
        "consumers" => Box::new(|account| account.personal),
        domain => {
            let domain = format!("@{}", domain.to_lowercase());
            Box::new(move |account| {
                !account.personal && account.email.to_lowercase().ends_with(&domain)
            })
        }
    };
    let accounts = state.accounts.iter().enumerate();
    let found: Vec<usize> = accounts
        .filter(|(_, account)| fits(account))
        .map(|(index, _)| index)
        .collect();
    let named = matches!(tenant, "common" | "organizations" | "consumers");
    (named || !found.is_empty()).then_some(found)
}
