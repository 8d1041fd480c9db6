//! Whether a rule ever comes to a day. Some never do, such as a fifth Monday that is the first
//! of a month, and a reader would search for one until it gives up. Exact: the calendar repeats
//! after 400 years, which are whole weeks.

use super::{Day, Frequency, Rule, Weekday};
use crate::time::{DAY, Date, LAST_INSTANT, days_in_month};

/// Days of 400 years.
const CYCLE: i64 = 146_097;

const LAST_DAY: Date = Date(LAST_INSTANT / DAY);

/// Whether an event that starts on this day of its own zone ever takes place by its rule. How
/// often, and until when, is not looked at: an end is found.
pub(crate) fn occurs<T>(rule: &Rule<T>, first: Date) -> bool {
    let search = Search {
        frequency: rule.frequency,
        interval: rule.interval.into(),
        positions: &rule.positions,
        week_start: rule.week_start.unwrap_or(Weekday::Monday),
        days: DaysOf::rule(rule, first),
        first,
    };
    search.finds()
}

struct Search<'a> {
    frequency: Frequency,
    interval: i64,
    positions: &'a [i16],
    week_start: Weekday,
    days: DaysOf<'a>,
    first: Date,
}

impl Search<'_> {
    fn finds(&self) -> bool {
        let periods = match self.frequency {
            Frequency::Daily => CYCLE,
            Frequency::Weekly => CYCLE / 7,
            Frequency::Monthly => 400 * 12,
            Frequency::Yearly => 400,
        };
        (0..periods)
            .map_while(|nth| self.period(nth * self.interval))
            .any(|(start, length)| self.is_in(start, length))
    }

    /// First day and length of the period that lies so many after that of the first day; `None`
    /// beyond the year 9999.
    fn period(&self, after: i64) -> Option<(Date, i64)> {
        let (year, month, _) = self.first.parts();
        let (start, length) = match self.frequency {
            Frequency::Daily => (Date(self.first.0 + after), 1),
            Frequency::Weekly => {
                let since = days_since(self.week_start, self.first);
                (Date(self.first.0 - since + 7 * after), 7)
            }
            Frequency::Monthly => {
                let months = i64::from(month) - 1 + after;
                let year = year + months.div_euclid(12);
                let month = u8::try_from(months.rem_euclid(12) + 1).ok()?;
                let length = days_in_month(year, month);
                (Date::new(year, month, 1)?, length.into())
            }
            Frequency::Yearly => (Date::new(year + after, 1, 1)?, year_length(year + after)),
        };
        (start <= LAST_DAY).then_some((start, length))
    }

    fn is_in(&self, start: Date, length: i64) -> bool {
        let mut days = (start.0..start.0 + length)
            .map(Date)
            .filter(|day| self.days.has(*day, self.week_start));
        if self.positions.is_empty() {
            return days.any(|day| day >= self.first);
        }
        let days: Vec<Date> = days.collect();
        self.positions.iter().any(|nth| {
            let back = usize::from(nth.unsigned_abs());
            let index = match *nth > 0 {
                true => back.checked_sub(1),
                false => days.len().checked_sub(back),
            };
            index
                .and_then(|index| days.get(index))
                .is_some_and(|day| *day >= self.first)
        })
    }
}

/// The days that a rule's parts choose, whatever its interval. What they leave open is as on the
/// first day.
struct DaysOf<'a> {
    months: &'a [u8],
    weeks: &'a [i16],
    year_days: &'a [i16],
    month_days: Vec<i16>,
    days: Vec<Day>,
    /// Whether a numbered weekday is that of a month, and not of a year.
    by_month: bool,
}

impl<'a> DaysOf<'a> {
    fn rule<T>(rule: &'a Rule<T>, first: Date) -> Self {
        let (.., day) = first.parts();
        let mut chosen = Self {
            months: &rule.months,
            weeks: &rule.weeks,
            year_days: &rule.year_days,
            month_days: rule.month_days.clone(),
            days: rule.days.clone(),
            by_month: rule.frequency == Frequency::Monthly || !rule.months.is_empty(),
        };
        if !(rule.days.is_empty() && rule.month_days.is_empty() && rule.year_days.is_empty()) {
            return chosen;
        }
        let own = weekday(first).map(|weekday| Day {
            ordinal: None,
            weekday,
        });
        match rule.frequency {
            Frequency::Daily => {}
            Frequency::Weekly => chosen.days.extend(own),
            Frequency::Yearly if !rule.weeks.is_empty() => chosen.days.extend(own),
            Frequency::Monthly | Frequency::Yearly => chosen.month_days.push(day.into()),
        }
        chosen
    }

    fn has(&self, date: Date, week_start: Weekday) -> bool {
        let (year, month, day) = date.parts();
        let of_month = Place::of(day.into(), days_in_month(year, month).into());
        let of_year = Place::of(day_of_year(date), year_length(year));
        // A week belongs to the year that its fourth day is in.
        let middle = Date(date.0 - days_since(week_start, date) + 3);
        let week = Place::of(day_of_year(middle), year_length(middle.parts().0)).weeks();
        let numbered = if self.by_month { of_month } else { of_year }.weeks();
        let is_weekday = |day: &Day| {
            weekday(date) == Some(day.weekday) && day.ordinal.is_none_or(|nth| numbered.is(nth))
        };
        (self.months.is_empty() || self.months.contains(&month))
            && of_month.is_any(&self.month_days)
            && of_year.is_any(self.year_days)
            && week.is_any(self.weeks)
            && (self.days.is_empty() || self.days.iter().any(is_weekday))
    }
}

/// The so-manieth from the beginning and from the end, both counted from 1.
#[derive(Clone, Copy)]
struct Place {
    first: i64,
    last: i64,
}

impl Place {
    fn of(nth: i64, length: i64) -> Self {
        Self {
            first: nth,
            last: length - nth + 1,
        }
    }

    /// The same in weeks, which begin with the first day and end with the last.
    fn weeks(self) -> Self {
        Self {
            first: (self.first + 6) / 7,
            last: (self.last + 6) / 7,
        }
    }

    fn is(self, nth: i16) -> bool {
        let nth = i64::from(nth);
        nth == self.first || -nth == self.last
    }

    /// An empty list leaves it open.
    fn is_any(self, list: &[i16]) -> bool {
        list.is_empty() || list.iter().any(|nth| self.is(*nth))
    }
}

fn weekday(date: Date) -> Option<Weekday> {
    Weekday::ALL.get(usize::from(date.weekday())).copied()
}

/// Since the last day of this name, which may be the day itself.
fn days_since(name: Weekday, date: Date) -> i64 {
    (0..7)
        .find(|since| weekday(Date(date.0 - since)) == Some(name))
        .unwrap_or(0)
}

fn day_of_year(date: Date) -> i64 {
    let (year, ..) = date.parts();
    Date::new(year, 1, 1).map_or(1, |first| date.0 - first.0 + 1)
}

fn year_length(year: i64) -> i64 {
    337 + i64::from(days_in_month(year, 2))
}
