use super::*;

/// A field's new value, and what is said about it.
type Row = (Box<dyn Fn(&mut Event)>, &'static str, &'static str);

fn row(change: impl Fn(&mut Event) + 'static, field: &'static str, problem: &'static str) -> Row {
    (Box::new(change), field, problem)
}

#[test]
fn each_limit_is_refused_with_the_fields_name_and_a_remedy() {
    let rows = [
        row(|e| e.uid.clear(), "uid", "is empty"),
        row(
            |e| e.uid = "x".repeat(256),
            "uid",
            "is longer than 255 characters",
        ),
        row(
            |e| e.uid = "é".into(),
            "uid",
            "holds a character that is not ASCII",
        ),
        row(
            |e| e.uid = "a\nb".into(),
            "uid",
            "holds the control character LF (U+000A)",
        ),
        row(
            |e| e.uid = "a\tb".into(),
            "uid",
            "holds the control character HT (U+0009)",
        ),
        row(
            |e| e.uid = "a\u{2028}b".into(),
            "uid",
            "holds the control character U+2028",
        ),
        row(|e| e.title.clear(), "title", "is empty"),
        row(|e| e.title = " \r\n\u{2029}".into(), "title", "is empty"),
        row(
            |e| e.title = "x".repeat(1_025),
            "title",
            "is longer than 1024 characters",
        ),
        row(
            |e| e.title = "x".repeat(1_048_576),
            "title",
            "is longer than 1024 characters",
        ),
        row(
            |e| e.title = "a\0b".into(),
            "title",
            "holds the control character NUL (U+0000)",
        ),
        row(
            |e| e.title = "a\u{1b}[2J".into(),
            "title",
            "holds the control character ESC (U+001B)",
        ),
        row(
            |e| e.title = "a\u{b}".into(),
            "title",
            "holds the control character VT (U+000B)",
        ),
        row(
            |e| e.title = "a\u{7f}".into(),
            "title",
            "holds the control character DEL (U+007F)",
        ),
        row(
            |e| e.title = "a\u{9b}".into(),
            "title",
            "holds the control character U+009B",
        ),
        row(
            |e| e.description = Some("é".repeat(8_193)),
            "description",
            "is longer than 8192 characters",
        ),
        row(
            |e| e.description = Some("\u{8}".into()),
            "description",
            "holds the control character BS (U+0008)",
        ),
        row(
            |e| e.location = Some("x".repeat(1_025)),
            "location",
            "is longer than 1024 characters",
        ),
        row(
            |e| e.url = Some("javascript:alert(1)".into()),
            "url",
            "is neither http nor https",
        ),
        row(
            |e| e.url = Some("ftp://a.example/".into()),
            "url",
            "is neither http nor https",
        ),
        row(
            |e| e.url = Some("/jobs/17".into()),
            "url",
            "is not an absolute URL",
        ),
        row(
            |e| e.url = Some(String::new()),
            "url",
            "is not an absolute URL",
        ),
        row(
            |e| e.url = Some("https://".into()),
            "url",
            "is not an absolute URL",
        ),
        row(
            |e| e.url = Some("https://a.example/\r\nX:1".into()),
            "url",
            "holds the control character CR (U+000D)",
        ),
        row(
            |e| e.url = Some("https://a.example/\u{85}".into()),
            "url",
            "holds the control character U+0085",
        ),
        row(
            |e| e.url = Some("https://a.example/a b".into()),
            "url",
            "holds a space",
        ),
        row(
            |e| e.url = Some("https://bücher.example/".into()),
            "url",
            "has a host name that is not ASCII",
        ),
        row(
            |e| e.url = Some("https://me:secret@a.example/".into()),
            "url",
            "holds a user name or password",
        ),
        row(
            |e| e.url = Some(format!("https://a.example/{}", "x".repeat(2_048))),
            "url",
            "is longer than 2,048 characters",
        ),
        row(
            |e| e.url = Some(format!("https://a.example/{}", "é".repeat(900))),
            "url",
            "is longer than 2,048 characters once encoded",
        ),
        row(
            |e| e.when = all_day("2026-12-24", "2026-12-24"),
            "when.end",
            "is not after the start",
        ),
        row(
            |e| e.when = all_day("2026-02-30", "2026-03-02"),
            "when.start",
            "is not a day of the calendar",
        ),
        row(
            |e| e.when = all_day("2026-12-24", "24.12.2026"),
            "when.end",
            "is not a day of the calendar",
        ),
        row(
            |e| e.when = all_day("0000-12-24", "2026-12-24"),
            "when.start",
            "lies outside the years 1970 to 9999",
        ),
        row(
            |e| e.reminders = vec![1; 6],
            "reminders",
            "holds more than five",
        ),
        row(
            |e| e.reminders = vec![1, 2, 40_321],
            "reminders[2]",
            "is more than four weeks before the start",
        ),
        row(
            |e| e.organizer = Some(given(Some("a\0"), "a@b.example")),
            "organizer.name",
            "holds the control character NUL (U+0000)",
        ),
        row(
            |e| e.attendees = vec![given(None, "a@b.example"), given(None, "nobody")],
            "attendees[1].email",
            "is not an e-mail address of ASCII characters",
        ),
        row(
            |e| e.attendees = vec![given(None, "a@b.example\r\nX:1")],
            "attendees[0].email",
            "holds the control character CR (U+000D)",
        ),
        row(
            |e| e.attendees = vec![given(None, "a@b.example"); 201],
            "attendees",
            "holds more than 200 people",
        ),
        row(
            |e| e.updated = i64::MAX,
            "updated",
            "lies outside the years 1970 to 9999",
        ),
    ];
    for (change, field, problem) in rows {
        let mut event = sample();
        change(&mut event);
        let error = CheckedEvent::new(event).unwrap_err();
        assert_eq!(
            (error.field.as_str(), error.problem.as_str()),
            (field, problem)
        );
        assert!(!error.remedy.is_empty(), "{field}");
    }
}
