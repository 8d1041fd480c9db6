//! The Calport component: Google Calendar, Outlook and `.ics` behind the contract
//! `calport:calendar`. This file holds the bindings and the exports, nothing else.

mod time;
mod zones;
