//! Bookings as a fuzzer makes them up: likely enough to be accepted, and nasty wherever texts go.

use arbitrary::Arbitrary;
use calport_plugin::fuzzing::{
    AllDay, Event, Occurrence, Person, Recurrence, Span, Status, Timed, zones,
};
use std::{fmt, sync::LazyLock};

/// 2026-12-01T10:00:00Z.
const NOW: i64 = 1_796_119_200;

const DAY: i64 = 86_400;

static ZONES: LazyLock<Vec<&str>> = LazyLock::new(|| zones().collect());

/// A text of pieces.
#[derive(Arbitrary, Debug)]
pub struct Text(Vec<Piece>);

#[derive(Arbitrary, Debug)]
enum Piece {
    Any(String),
    One(char),
    Known(u8),
    /// Long enough to be folded wherever it stands.
    Long(u8, char),
}

/// What breaks writers and readers.
const KNOWN: [&str; 16] = [
    "\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n",
    "\r\n ",
    "\r\n",
    "\n",
    "\r",
    "\t",
    "\u{85}",
    "\u{2028}",
    "\\",
    "\\n",
    ";",
    ",",
    ":",
    "\"",
    "^n",
    "👩‍👧",
];

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Any(text) => f.write_str(text)?,
                Piece::One(c) => write!(f, "{c}")?,
                Piece::Known(index) => f.write_str(KNOWN[usize::from(*index) % KNOWN.len()])?,
                Piece::Long(count, c) => {
                    for _ in 0..*count {
                        write!(f, "{c}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[derive(Arbitrary, Debug)]
enum Address {
    Any(String),
    /// Of characters that addresses may have.
    Plain(Vec<u8>),
}

impl Address {
    fn text(self) -> String {
        const ATOM: &[u8] = b"abcXYZ019!#$%&'*+/=?^_`{|}~-";
        match self {
            Self::Any(text) => text,
            Self::Plain(bytes) => {
                let local = bytes
                    .iter()
                    .take(64)
                    .map(|b| ATOM[usize::from(*b) % ATOM.len()]);
                format!("{}@b.example", local.map(char::from).collect::<String>())
            }
        }
    }
}

#[derive(Arbitrary, Debug)]
struct Somebody {
    name: Option<Text>,
    email: Address,
}

impl Somebody {
    fn person(self) -> Person {
        Person {
            name: self.name.map(|name| name.to_string()),
            email: self.email.text(),
        }
    }
}

#[derive(Arbitrary, Debug)]
enum When {
    Timed {
        in_days: u16,
        seconds: u32,
        zone: u16,
    },
    Far {
        start: i64,
        end: i64,
        zone: String,
    },
    Days {
        first: u16,
        count: u8,
    },
    Dates {
        start: String,
        end: String,
    },
}

#[derive(Arbitrary, Debug)]
enum Rule {
    Any(String),
    Parts {
        frequency: u8,
        interval: Option<u16>,
        end: End,
        parts: Vec<Part>,
    },
}

#[derive(Arbitrary, Debug)]
enum End {
    Never,
    Count(u16),
    Until(u16),
}

#[derive(Arbitrary, Debug)]
enum Part {
    Days(Vec<(Option<i8>, u8)>),
    Numbers { name: u8, values: Vec<i16> },
    WeekStart(u8),
}

const WEEKDAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

fn weekday(index: u8) -> &'static str {
    WEEKDAYS[usize::from(index) % WEEKDAYS.len()]
}

impl Rule {
    fn text(self, is_timed: bool) -> String {
        let (frequency, interval, end, parts) = match self {
            Self::Any(text) => return text,
            Self::Parts {
                frequency,
                interval,
                end,
                parts,
            } => (frequency, interval, end, parts),
        };
        let frequencies = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
        let mut rule = format!("FREQ={}", frequencies[usize::from(frequency) % 4]);
        match end {
            End::Never => {}
            End::Count(count) => rule += &format!(";COUNT={count}"),
            End::Until(years) if is_timed => {
                rule += &format!(";UNTIL={:04}1224T100000Z", 2026 + years % 9_000)
            }
            End::Until(years) => rule += &format!(";UNTIL={:04}1224", 2026 + years % 9_000),
        }
        if let Some(interval) = interval {
            rule += &format!(";INTERVAL={interval}");
        }
        for part in parts.into_iter().take(8) {
            rule += &match part {
                Part::Days(days) => {
                    let day = |(ordinal, day): (Option<i8>, u8)| match ordinal {
                        Some(ordinal) => format!("{ordinal}{}", weekday(day)),
                        None => weekday(day).to_owned(),
                    };
                    format!(
                        ";BYDAY={}",
                        days.into_iter().map(day).collect::<Vec<_>>().join(",")
                    )
                }
                Part::Numbers { name, values } => {
                    let (name, most) = [
                        ("BYMONTH", 12),
                        ("BYMONTHDAY", 31),
                        ("BYYEARDAY", 366),
                        ("BYWEEKNO", 53),
                        ("BYSETPOS", 366),
                    ][usize::from(name) % 5];
                    let values = values
                        .into_iter()
                        .map(|value| (value % (most + 1)).to_string());
                    format!(";{name}={}", values.collect::<Vec<_>>().join(","))
                }
                Part::WeekStart(day) => format!(";WKST={}", weekday(day)),
            };
        }
        rule
    }
}

/// What a platform could send.
#[derive(Arbitrary, Debug)]
pub struct Booking {
    uid: Option<String>,
    revision: u32,
    status: u8,
    title: Text,
    description: Option<Text>,
    location: Option<Text>,
    link: Option<String>,
    when: When,
    rule: Option<Rule>,
    excluded: Vec<u16>,
    reminders: Vec<u16>,
    organizer: Option<Somebody>,
    attendees: Vec<Somebody>,
    updated: u32,
}

impl Booking {
    /// As an event; `index` keeps made-up uids apart.
    pub fn event(self, index: usize) -> Event {
        let when = match self.when {
            When::Timed {
                in_days,
                seconds,
                zone,
            } => {
                let start = NOW + i64::from(in_days) * DAY;
                Span::Timed(Timed {
                    start,
                    end: start + i64::from(seconds),
                    zone: ZONES[usize::from(zone) % ZONES.len()].to_owned(),
                })
            }
            When::Far { start, end, zone } => Span::Timed(Timed { start, end, zone }),
            When::Days { first, count } => {
                let day = |day: u16| {
                    format!(
                        "20{:02}-{:02}-{:02}",
                        26 + day / 336 % 70,
                        1 + day / 28 % 12,
                        1 + day % 28
                    )
                };
                Span::AllDay(AllDay {
                    start: day(first),
                    end: day(first.saturating_add(count.into())),
                })
            }
            When::Dates { start, end } => Span::AllDay(AllDay { start, end }),
        };
        let is_timed = matches!(when, Span::Timed(_));
        let excluded = self
            .excluded
            .into_iter()
            .take(64)
            .map(|days| match is_timed {
                true => Occurrence::At(NOW + i64::from(days) * DAY),
                false => Occurrence::On(format!("20{:02}-12-24", 26 + days % 70)),
            });
        let excluded = excluded.collect();
        Event {
            uid: self.uid.unwrap_or_else(|| format!("booking-{index}")),
            revision: self.revision,
            status: [Status::Confirmed, Status::Tentative, Status::Cancelled]
                [usize::from(self.status) % 3],
            title: self.title.to_string(),
            description: self.description.map(|text| text.to_string()),
            location: self.location.map(|text| text.to_string()),
            url: self
                .link
                .map(|link| format!("https://platform.example/{link}")),
            recurrence: self.rule.map(|rule| Recurrence {
                rule: rule.text(is_timed),
                excluded,
            }),
            when,
            reminders: self.reminders.into_iter().take(6).map(u32::from).collect(),
            organizer: self.organizer.map(Somebody::person),
            attendees: self
                .attendees
                .into_iter()
                .take(8)
                .map(Somebody::person)
                .collect(),
            updated: self.updated.into(),
        }
    }
}
