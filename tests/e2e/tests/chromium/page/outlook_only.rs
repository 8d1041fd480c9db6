//! What only Outlook has: organisations that must approve first.

use super::{Provider, consent, open};
use crate::{Failure, lent::in_browser};
use calport_e2e::{World, accounts::SCHOOL};

#[test]
fn a_missing_approval_of_the_organisation_names_the_administrator() -> Result<(), Failure> {
    in_browser(async |window| {
        let world = World::start().await?;
        open(window, &world).await?;
        window.press("Connect Outlook Calendar").await?;
        consent(window, SCHOOL).await?;
        window
            .sees("your organisation has to allow it first. Please ask its administrator")
            .await?;
        window.is_fit("an approval is missing").await?;
        assert_eq!(Provider::Outlook.live_grants(&world), 0);
        assert_eq!(world.outlook.live_refresh_tokens(SCHOOL), 0);
        Ok(())
    })
}
