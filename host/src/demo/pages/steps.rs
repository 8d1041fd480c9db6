//! What to try: said on the terminal in short, and on the pages.

/// Something to try.
pub(in super::super) struct Step {
    /// For the terminal.
    pub(in super::super) short: &'static str,
    pub(super) head: &'static str,
    pub(super) text: &'static str,
}

/// What to try, in this order.
pub(in super::super) static STEPS: [Step; 7] = [
    Step {
        short: "Sign in as Casey with a click, and connect Google Calendar",
        head: "Connect a calendar.",
        text: "Choose an account and allow it. All bookings appear there: open the calendar in \
               a second window.",
    },
    Step {
        short: "Look at everybody side by side, on three providers",
        head: "Everybody at once.",
        text: "\u{201c}Side by side\u{201d}, at the top, connects Casey, Sam and Morgan to one provider \
               each, and shows every booking in all three.",
    },
    Step {
        short: "Move, cancel and restore a booking, and watch the calendar follow",
        head: "Move, cancel, restore.",
        text: "The calendar follows each change within a moment.",
    },
    Step {
        short: "Download a booking as .ics for any other calendar",
        head: "Take a file.",
        text: "Calendars without an account to connect, such as Apple\u{2019}s, open the .ics of \
               a booking.",
    },
    Step {
        short: "Say no, leave a box unticked, or be Kim, whose school refuses",
        head: "Say no.",
        text: "Cancel at the provider, leave a box unticked, or connect as Kim, whose school \
               refuses.",
    },
    Step {
        short: "As Morgan, the manager, switch Google off, change bookings, switch it on",
        head: "Break it.",
        text: "Morgan, the manager, can switch a provider off. Changes wait, and arrive when it \
               is back.",
    },
    Step {
        short: "Disconnect, and choose whether the bookings stay in the calendar",
        head: "Disconnect.",
        text: "Keep the bookings in the calendar, or have them taken out.",
    },
];
