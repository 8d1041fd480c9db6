//! English.

use super::{Language, Words};

pub(super) const WORDS: Words = Words {
    language: Language::English,
    weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    title: "Calendar settings",
    language_label: "Language",
    back_to: "Back to {name}",
    back_unnamed: "Back to your bookings",
    settings_of: "Settings of {name}",
    close: "Close settings",
    close_hint: "On a computer that others use, too, close them when you are done.",
    back_to_settings: "Back to the settings",

    heading: "Your bookings in your calendar",
    intro: "Connect a calendar once. From then on your bookings appear in it, change when they \
            change, and go when they are cancelled.",
    calendars_heading: "Calendars",

    consent_heading: "Before you connect: what we can and cannot see",
    can_heading: "We can",
    can_write: "add your bookings to the calendar that you choose, and change or remove them there",
    can_list: "see the names of your calendars, so that you can choose one",
    can_busy: "see at what times you are busy, so that nobody books you twice",
    can_account: "see the e-mail address of the account, to show you which one is connected",
    cannot_heading: "We cannot",
    cannot_password: "see your password",
    cannot_other: "see your e-mails, contacts or files",
    cannot_events: "see a calendar of yours before you agree to it",
    consent_honest: "The permission that calendar providers offer covers whole calendars. We use it \
                     for your bookings and your busy times alone: no other entry is changed, kept or \
                     passed on.",
    consent_leave: "You can disconnect here at any time and have our entries removed.",
    scopes_summary: "The exact permissions",
    scopes_intro: "This is what we ask {provider} for, by the names that it uses.",

    state_connected: "Connected",
    state_none: "Not connected",
    state_reconnect: "Reconnect",
    state_unavailable: "Temporarily unavailable",
    state_attention: "Needs your attention",
    state_leaving: "Disconnecting",
    state_feed: "Private address in use",
    account_label: "Account",
    destination_label: "Bookings go to",
    connect: "Connect {provider}",
    reconnect: "Reconnect {provider}",
    choose: "Choose another calendar",
    disconnect: "Disconnect",
    try_again: "Try again",
    offered_text: "You will be asked for permission at {provider} and then come back here.",
    unavailable_text: "{provider} cannot be connected at the moment. That is not your fault, and \
                       everything else works; please look again later.",
    unavailable_connected_text: "{provider} cannot be reached from here at the moment. That is not \
                                 your fault; your bookings follow as soon as it is back.",
    reconnect_text: "{provider} no longer accepts our access to your account, so that your bookings \
                     do not reach it. Please reconnect it.",
    reconnect_week: "It ended about seven days after you connected. This usually means that the app \
                     is still in testing (the status “Testing” of its consent screen) at the \
                     provider. If it happens again, please tell your booking platform: only they \
                     can change that.",
    gone_text: "The calendar “{calendar}” is no longer there. Please choose another one.",
    progress: "{done} of {count} bookings are in your calendar.",
    leaving_text: "We are removing our entries from {account}; still to go: {count}. Our access to it ends with the last one. You need not wait here.",
    leaving_look: "Look again",
    leaving_stop: "Disconnect at once",
    failed_text: "Some bookings could not be added to this calendar. Please try again.",

    feed_intro: "Apple Calendar and other apps can subscribe to a private address. Your bookings \
                 then appear in them without any account, at the app’s own pace: that can take \
                 some hours.",
    feed_create: "Create a private address",
    feed_another: "Create a further address",
    feed_end: "End all addresses",
    feed_fetched: "Last fetched by an app: {when}",
    feed_never: "No app has fetched it yet.",
    feed_heading: "Your private calendar address",
    feed_secret: "It is shown only now. Whoever has it can see your bookings, so keep it to yourself.",
    feed_open: "Open in Apple Calendar",
    feed_scan: "On an iPhone or iPad: point the camera at this code.",
    feed_address: "Address for other calendar apps",
    feed_copy: "Copy",
    feed_copied: "Copied",
    feed_others: "Paste it where the app offers “Subscribe by URL”.",
    feed_lost: "Did somebody else see it? End all addresses and create a new one.",
    feed_done: "Done",
    feed_qr: "QR code of the private address",

    choose_heading: "Where should your bookings go?",
    choose_legend: "Calendars of {account}",
    choose_note: "Bookings that lie ahead move to the calendar that you choose.",
    choose_main: "main calendar",
    choose_empty: "This account has no calendar that we can write to. Create one at {provider}, then \
                   refresh the list.",
    choose_refresh: "Refresh the list",
    save: "Save",
    cancel: "Cancel",

    disconnect_heading: "Disconnect {provider}?",
    disconnect_intro: "We delete our access to {account} at once. The bookings themselves stay as \
                       they are.",
    disconnect_legend: "What shall become of the entries that we added?",
    disconnect_keep: "Keep them. They will no longer change when a booking changes.",
    disconnect_remove: "Remove them from the calendar.",
    disconnect_stay: "{provider} no longer accepts our access, so we cannot remove the entries that \
                      we added. They stay in the calendar and no longer change; you can delete them \
                      there.",

    finish_heading: "One step is left",
    finish_text: "You came back from {provider} in another browser than you set out from. If it was \
                  you who gave permission there just now, finish here.",
    finish_button: "Finish connecting",
    finish_elsewhere: "Please go back to the browser where you began, and finish there.",

    switch_heading: "Which account shall it be?",
    switch_text: "{provider} is connected with {old}. You have just agreed with {new}. So far \
                  nothing has changed.",
    switch_bookings: "If you switch, your upcoming bookings ({count}) move to the calendar of \
                      {new}. Our entries are removed from {old}, and our access to it ends.",
    switch_nothing: "If you switch, new bookings go to the calendar of {new}. Our entries are \
                     removed from {old}, and our access to it ends.",
    switch_yes: "Switch to {new}",
    switch_no: "Stay with {old}",

    bookings_heading: "Upcoming bookings",
    bookings_none: "Nothing is planned at the moment.",
    bookings_more: "And {count} more.",
    bookings_note: "A downloaded file stays as it is when the booking changes.",
    bookings_refresh: "Some are still on their way: look again",
    booking_repeats: "repeats",
    booking_tentative: "not yet confirmed",
    booking_all_day: "all day",
    booking_until: "until {date}",
    booking_state: "{provider}: {state}",
    booking_no_calendar: "Not in a connected calendar",
    in_calendar: "in your calendar",
    waiting: "waiting",
    needs_reconnect: "reconnect",
    failed: "could not be added",
    drift_moved: "you moved it there",
    drift_deleted: "you deleted it there",
    drift_changed: "you changed it there",
    drift_occurrence: "you changed or deleted one of its dates there",
    put_back: "Put it back in {provider}",
    open_in: "Open in {provider}",
    show_booking: "Show booking",
    download: "Download (.ics)",

    date: "{weekday} {day} {month} {year}",
    time_span: "{start} to {end}",
    zone_time: "{place} time",
    utc_time: "{date}, {time} (UTC)",

    still_granted: "{provider} still lists the permission that you gave. Only you can withdraw it \
                    there, on the page for your kind of account:",
    in_calendar_dead: "still there, no longer kept up to date",

    said_connected: "{provider} is connected. Your bookings appear in it within moments.",
    said_switched: "{provider} is now connected with the other account. Your bookings appear there \
                    in a moment.",
    said_switched_left: "{provider} is now connected with the other account, but some of our entries \
                         could not be removed from the old one. Please delete them there.",
    said_stayed: "{provider} stays connected with the account that you had. Nothing has changed.",
    said_account_changed: "Nothing has changed: {provider} is connected with another account than the \
                           one that you agreed with. To switch, please open your settings on your \
                           booking platform and connect again.",
    said_kept: "{provider} is disconnected. Our entries stay in it and no longer change.",
    said_removed: "{provider} is disconnected, and our entries are removed.",
    said_left: "{provider} is disconnected, but some of our entries could not be removed. Please \
                delete them there.",
    said_leaving: "{provider} is being disconnected: our entries leave it one after the other.",
    said_chosen: "Your bookings now go to “{calendar}”.",
    said_trying: "We are trying again. This can take a moment.",
    said_restoring: "We are putting the booking back into {provider}. This can take a moment.",
    said_parked: "One step is left. Please go back to the browser where you began, and finish there.",
    said_feed_ended: "All private addresses have ended. Apps that used them get nothing any more.",
    said_denied: "Nothing was connected, because you said no at {provider}. You can connect at any \
                  time.",
    said_needs_scope: "Nothing was connected, because a box was left unticked at {provider}. Please \
                       connect again and leave every box ticked.",
    said_needs_admin: "Nothing was connected, because your organisation has to allow it first. \
                       Please ask its administrator to approve this app, then connect again.",
    said_needs_reconnect: "{provider} does not accept our access to your account. Please connect it \
                           again.",
    said_unavailable: "{provider} is temporarily unavailable. That is not your fault; please try \
                       again later.",
    said_retry: "{provider} did not answer as it should. Please try again in a moment.",
    said_too_often: "You have connected very often in a short while. Please wait a minute, and then try \
                     again.",
    said_expired: "That took too long, or the link was used before. Please connect again.",
    said_gone: "That calendar is no longer there. Please choose another one.",
    said_not_connected: "{provider} is not connected. Please connect it first.",
    said_rejected: "{provider} refused. Please connect again; if it keeps refusing, tell your booking \
                    platform.",
    said_failed: "Something went wrong on our side. Please try again in a moment.",
    said_form_refused: "This form did not come from this page, or was open for too long. Nothing was \
                        changed; please try again.",

    closed_heading: "These settings are closed",
    closed_text: "For your safety they close after an hour. Please open them again from your booking \
                  platform.",
    link_heading: "This link no longer works",
    link_text: "It opens your settings once and within five minutes. Please open them again from your \
                booking platform.",
    bye_heading: "Your settings are closed",
    bye_text: "You can close this window now.",
    missing_heading: "There is nothing here",
    missing_text: "Please go back to the settings.",
    done_heading: "Your calendar is connected",
    nothing_heading: "Nothing was connected",
    sorry_heading: "That did not work",
};
