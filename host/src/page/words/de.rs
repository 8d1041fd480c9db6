//! German.

use super::{Language, Words};

pub(super) const WORDS: Words = Words {
    language: Language::German,
    weekdays: ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"],
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    title: "Kalendereinstellungen",
    language_label: "Sprache",
    back_to: "Zurück zu {name}",
    back_unnamed: "Zurück zu Ihren Buchungen",
    settings_of: "Einstellungen von {name}",
    close: "Einstellungen schließen",
    close_hint: "Schließen Sie sie am Ende, wenn auch andere diesen Computer benutzen.",
    back_to_settings: "Zurück zu den Einstellungen",

    heading: "Ihre Buchungen in Ihrem Kalender",
    intro: "Verbinden Sie einmal einen Kalender. Danach erscheinen Ihre Buchungen darin, ändern sich \
            mit und verschwinden, wenn sie abgesagt werden.",
    calendars_heading: "Kalender",

    consent_heading: "Bevor Sie verbinden: was wir sehen können und was nicht",
    can_heading: "Wir können",
    can_write: "Ihre Buchungen in den Kalender eintragen, den Sie wählen, und sie dort ändern oder \
                entfernen",
    can_list: "die Namen Ihrer Kalender sehen, damit Sie einen wählen können",
    can_busy: "sehen, wann Sie belegt sind, damit niemand Sie doppelt bucht",
    can_account: "die E-Mail-Adresse des Kontos sehen, um Ihnen zu zeigen, welches verbunden ist",
    cannot_heading: "Wir können nicht",
    cannot_password: "Ihr Passwort sehen",
    cannot_other: "Ihre E-Mails, Kontakte oder Dateien sehen",
    cannot_events: "einen Ihrer Kalender sehen, bevor Sie zugestimmt haben",
    consent_honest: "Die Berechtigung, die Kalenderanbieter vergeben, gilt für ganze Kalender. Wir \
                     nutzen sie nur für Ihre Buchungen und belegten Zeiten: Kein anderer Eintrag wird \
                     geändert, aufbewahrt oder weitergegeben.",
    consent_leave: "Sie können die Verbindung hier jederzeit trennen und unsere Einträge entfernen lassen.",
    scopes_summary: "Die genauen Berechtigungen",
    scopes_intro: "Darum bitten wir {provider}, mit den Namen, die dort üblich sind.",

    state_connected: "Verbunden",
    state_none: "Nicht verbunden",
    state_reconnect: "Neu verbinden",
    state_unavailable: "Vorübergehend nicht verfügbar",
    state_attention: "Braucht Ihre Aufmerksamkeit",
    state_leaving: "Wird getrennt",
    state_feed: "Private Adresse in Gebrauch",
    account_label: "Konto",
    destination_label: "Buchungen kommen in",
    connect: "{provider} verbinden",
    reconnect: "{provider} neu verbinden",
    choose: "Anderen Kalender wählen",
    disconnect: "Verbindung trennen",
    try_again: "Noch einmal versuchen",
    offered_text: "{provider} fragt Sie nach Ihrer Erlaubnis; danach kommen Sie hierher zurück.",
    unavailable_text: "{provider} lässt sich zurzeit nicht verbinden. Das liegt nicht an Ihnen, und \
                       alles andere funktioniert; bitte schauen Sie später wieder vorbei.",
    unavailable_connected_text: "{provider} ist von hier zurzeit nicht erreichbar. Das liegt nicht an \
                                 Ihnen; Ihre Buchungen folgen, sobald es wieder geht.",
    reconnect_text: "{provider} nimmt unseren Zugang zu Ihrem Konto nicht mehr an, sodass Ihre \
                     Buchungen dort nicht ankommen. Bitte verbinden Sie es neu.",
    reconnect_week: "Die Verbindung endete etwa sieben Tage, nachdem Sie sie hergestellt hatten. Das \
                     bedeutet meist, dass die App beim Anbieter noch im Test ist (Status „Testing“ \
                     ihrer Zustimmungsseite). Wenn es wieder geschieht, sagen Sie es bitte Ihrer \
                     Buchungsplattform: Nur sie kann das ändern.",
    gone_text: "Den Kalender „{calendar}“ gibt es nicht mehr. Bitte wählen Sie einen anderen.",
    progress: "{done} von {count} Buchungen sind in Ihrem Kalender.",
    leaving_text: "Wir entfernen unsere Einträge aus {account}; es fehlen noch: {count}. Mit dem letzten endet unser Zugriff. Sie müssen hier nicht warten.",
    leaving_look: "Noch einmal nachsehen",
    leaving_stop: "Sofort trennen",
    failed_text: "Einige Buchungen konnten nicht eingetragen werden. Bitte versuchen Sie es noch \
                  einmal.",

    feed_intro: "Apple Kalender und andere Apps können eine private Adresse abonnieren. Ihre Buchungen \
                 erscheinen dann ohne Konto darin, sobald die App nachsieht: Das kann einige Stunden \
                 dauern.",
    feed_create: "Private Adresse erstellen",
    feed_another: "Weitere Adresse erstellen",
    feed_end: "Alle Adressen beenden",
    feed_fetched: "Zuletzt von einer App abgerufen: {when}",
    feed_never: "Noch keine App hat sie abgerufen.",
    feed_heading: "Ihre private Kalenderadresse",
    feed_secret: "Sie wird nur jetzt gezeigt. Wer sie hat, kann Ihre Buchungen sehen: Behalten Sie sie \
                  für sich.",
    feed_open: "In Apple Kalender öffnen",
    feed_scan: "Auf einem iPhone oder iPad: Richten Sie die Kamera auf diesen Code.",
    feed_address: "Adresse für andere Kalender-Apps",
    feed_copy: "Kopieren",
    feed_copied: "Kopiert",
    feed_others: "Fügen Sie sie dort ein, wo die App „Per URL abonnieren“ anbietet.",
    feed_lost: "Hat jemand anderes sie gesehen? Beenden Sie alle Adressen und erstellen Sie eine neue.",
    feed_done: "Fertig",
    feed_qr: "QR-Code der privaten Adresse",

    choose_heading: "Wohin sollen Ihre Buchungen kommen?",
    choose_legend: "Kalender von {account}",
    choose_note: "Kommende Buchungen ziehen in den Kalender um, den Sie wählen.",
    choose_main: "Hauptkalender",
    choose_empty: "Dieses Konto hat keinen Kalender, in den wir schreiben können. Legen Sie bei \
                   {provider} einen an und laden Sie die Liste dann neu.",
    choose_refresh: "Liste neu laden",
    save: "Speichern",
    cancel: "Abbrechen",

    disconnect_heading: "Verbindung zu {provider} trennen?",
    disconnect_intro: "Wir löschen unseren Zugang zu {account} sofort. Die Buchungen selbst bleiben, \
                       wie sie sind.",
    disconnect_legend: "Was soll mit den Einträgen geschehen, die wir gemacht haben?",
    disconnect_keep: "Behalten. Sie ändern sich nicht mehr, wenn sich eine Buchung ändert.",
    disconnect_remove: "Aus dem Kalender entfernen.",
    disconnect_stay: "{provider} nimmt unseren Zugang nicht mehr an, deshalb können wir die \
                      Einträge, die wir gemacht haben, nicht entfernen. Sie bleiben im Kalender und \
                      ändern sich nicht mehr; Sie können sie dort löschen.",

    finish_heading: "Ein Schritt fehlt noch",
    finish_text: "Sie sind von {provider} in einem anderen Browser zurückgekommen, als Sie \
                  aufgebrochen sind. Wenn Sie selbst gerade dort zugestimmt haben, schließen Sie es \
                  hier ab.",
    finish_button: "Verbindung abschließen",
    finish_elsewhere: "Bitte gehen Sie zurück zu dem Browser, in dem Sie begonnen haben, und schließen \
                       Sie es dort ab.",

    switch_heading: "Welches Konto soll es sein?",
    switch_text: "{provider} ist mit {old} verbunden. Zugestimmt haben Sie eben mit {new}. Bisher hat \
                  sich nichts geändert.",
    switch_bookings: "Wenn Sie wechseln, ziehen Ihre kommenden Buchungen ({count}) in den Kalender von \
                      {new} um. Unsere Einträge werden bei {old} entfernt, und unser Zugang dort endet.",
    switch_nothing: "Wenn Sie wechseln, kommen neue Buchungen in den Kalender von {new}. Unsere \
                     Einträge werden bei {old} entfernt, und unser Zugang dort endet.",
    switch_yes: "Zu {new} wechseln",
    switch_no: "Bei {old} bleiben",

    bookings_heading: "Kommende Buchungen",
    bookings_none: "Zurzeit ist nichts geplant.",
    bookings_more: "Und {count} weitere.",
    bookings_note: "Eine heruntergeladene Datei bleibt, wie sie ist, wenn sich die Buchung ändert.",
    bookings_refresh: "Einige sind noch unterwegs: noch einmal nachsehen",
    booking_repeats: "wiederholt sich",
    booking_tentative: "noch nicht bestätigt",
    booking_all_day: "ganztägig",
    booking_until: "bis {date}",
    booking_state: "{provider}: {state}",
    booking_no_calendar: "In keinem verbundenen Kalender",
    in_calendar: "in Ihrem Kalender",
    waiting: "wartet",
    needs_reconnect: "neu verbinden",
    failed: "konnte nicht eingetragen werden",
    drift_moved: "von Ihnen dort verschoben",
    drift_deleted: "von Ihnen dort gelöscht",
    drift_changed: "von Ihnen dort geändert",
    drift_occurrence: "einer der Termine wurde dort von Ihnen geändert oder gelöscht",
    put_back: "In {provider} wiederherstellen",
    open_in: "In {provider} öffnen",
    show_booking: "Buchung anzeigen",
    download: "Herunterladen (.ics)",

    date: "{weekday}, {day}. {month} {year}",
    time_span: "{start} bis {end} Uhr",
    zone_time: "Zeit in {place}",
    utc_time: "{date}, {time} Uhr (UTC)",

    still_granted: "{provider} führt die Erlaubnis, die Sie gegeben haben, weiterhin auf. Zurücknehmen \
                    können nur Sie sie dort, auf der Seite für Ihre Art von Konto:",
    in_calendar_dead: "noch da, aber nicht mehr aktuell gehalten",

    said_connected: "{provider} ist verbunden. Ihre Buchungen erscheinen gleich darin.",
    said_switched: "{provider} ist jetzt mit dem anderen Konto verbunden. Ihre Buchungen erscheinen \
                    gleich dort.",
    said_switched_left: "{provider} ist jetzt mit dem anderen Konto verbunden, aber einige unserer \
                         Einträge ließen sich im alten nicht entfernen. Bitte löschen Sie sie dort.",
    said_stayed: "{provider} bleibt mit dem Konto verbunden, das Sie hatten. Nichts hat sich geändert.",
    said_account_changed: "Nichts hat sich geändert: {provider} ist mit einem anderen Konto verbunden \
                           als dem, mit dem Sie zugestimmt haben. Um zu wechseln, öffnen Sie bitte \
                           Ihre Einstellungen auf Ihrer Buchungsplattform und verbinden Sie noch \
                           einmal.",
    said_kept: "{provider} ist getrennt. Unsere Einträge bleiben und ändern sich nicht mehr.",
    said_removed: "{provider} ist getrennt, und unsere Einträge sind entfernt.",
    said_left: "{provider} ist getrennt, aber einige unserer Einträge ließen sich nicht entfernen. \
                Bitte löschen Sie sie dort.",
    said_leaving: "{provider} wird getrennt: Unsere Einträge verlassen ihn nacheinander.",
    said_chosen: "Ihre Buchungen kommen jetzt in „{calendar}“.",
    said_trying: "Wir versuchen es noch einmal. Das kann einen Moment dauern.",
    said_restoring: "Wir stellen die Buchung in {provider} wieder her. Das kann einen Moment dauern.",
    said_parked: "Ein Schritt fehlt noch. Bitte gehen Sie zurück zu dem Browser, in dem Sie begonnen \
                  haben, und schließen Sie es dort ab.",
    said_feed_ended: "Alle privaten Adressen sind beendet. Apps, die sie benutzt haben, bekommen nichts \
                      mehr.",
    said_denied: "Nichts wurde verbunden, weil Sie bei {provider} abgelehnt haben. Sie können jederzeit \
                  verbinden.",
    said_needs_scope: "Nichts wurde verbunden, weil bei {provider} ein Häkchen fehlte. Bitte verbinden \
                       Sie noch einmal und lassen Sie alle Häkchen gesetzt.",
    said_needs_admin: "Nichts wurde verbunden, weil Ihre Organisation es erst erlauben muss. Bitte \
                       lassen Sie die App von deren Administration freigeben und verbinden Sie dann \
                       noch einmal.",
    said_needs_reconnect: "{provider} nimmt unseren Zugang zu Ihrem Konto nicht an. Bitte verbinden Sie \
                           es noch einmal.",
    said_unavailable: "{provider} ist vorübergehend nicht verfügbar. Das liegt nicht an Ihnen; bitte \
                       versuchen Sie es später noch einmal.",
    said_retry: "{provider} hat nicht wie erwartet geantwortet. Bitte versuchen Sie es gleich noch \
                 einmal.",
    said_too_often: "Sie haben in kurzer Zeit sehr oft verbunden. Bitte warten Sie eine Minute, und \
                     versuchen Sie es dann noch einmal.",
    said_expired: "Das hat zu lange gedauert, oder der Link wurde schon benutzt. Bitte verbinden Sie \
                   noch einmal.",
    said_gone: "Diesen Kalender gibt es nicht mehr. Bitte wählen Sie einen anderen.",
    said_not_connected: "{provider} ist nicht verbunden. Bitte verbinden Sie es zuerst.",
    said_rejected: "{provider} hat abgelehnt. Bitte verbinden Sie noch einmal; wenn das nicht hilft, \
                    sagen Sie es Ihrer Buchungsplattform.",
    said_failed: "Auf unserer Seite ist etwas schiefgegangen. Bitte versuchen Sie es gleich noch einmal.",
    said_form_refused: "Dieses Formular kam nicht von dieser Seite oder war zu lange offen. Nichts wurde \
                        geändert; bitte versuchen Sie es noch einmal.",

    closed_heading: "Diese Einstellungen sind geschlossen",
    closed_text: "Zu Ihrer Sicherheit schließen sie sich nach einer Stunde. Bitte öffnen Sie sie erneut \
                  auf Ihrer Buchungsplattform.",
    link_heading: "Dieser Link funktioniert nicht mehr",
    link_text: "Er öffnet Ihre Einstellungen einmal und innerhalb von fünf Minuten. Bitte öffnen Sie \
                sie erneut auf Ihrer Buchungsplattform.",
    bye_heading: "Ihre Einstellungen sind geschlossen",
    bye_text: "Sie können dieses Fenster jetzt schließen.",
    missing_heading: "Hier ist nichts",
    missing_text: "Bitte gehen Sie zurück zu den Einstellungen.",
    done_heading: "Ihr Kalender ist verbunden",
    nothing_heading: "Nichts wurde verbunden",
    sorry_heading: "Das hat nicht geklappt",
};
