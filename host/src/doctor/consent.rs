//! Whether grants die young, as they do while an app's consent screen is in Testing.

use super::Report;
use crate::{
    db::Database,
    plugin::calendar::ProviderInfo,
    vault::{self, DeadGrants},
};

pub(super) async fn examine(database: &Database, provider: &ProviderInfo, report: &mut Report) {
    let area = &provider.label;
    match vault::dead_grants(database, &provider.id).await {
        Ok(DeadGrants { all: 0, .. }) => {}
        Ok(DeadGrants { all, of_testing: 0 }) => report.ok(
            area,
            format!("{all} users have to connect again; none of them after a week."),
        ),
        Ok(DeadGrants { all, of_testing }) => report.problem(
            area,
            format!(
                "{of_testing} of {all} dead grants ended about seven days after they were \
                 connected: the app's consent screen is probably in Testing."
            ),
            "Publish the app in the Google Cloud console, under Audience. Users connect again \
             once.",
        ),
        Err(error) => report.warning(
            area,
            format!("Its dead grants cannot be counted: {error}."),
            "See to the database first.",
        ),
    }
}
