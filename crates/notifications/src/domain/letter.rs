//! A notification as a letter: the words that the inbox has, one button, and how to get no more of them.

use wording::{Args, Item, Language, Letter, Stop};

use super::words::TEXTS;
use super::{Facts, Topic};

/// What a letter says and where it leads.
pub(crate) struct Content<'a> {
    /// Empty: it is not known.
    pub name: &'a str,
    pub language: Language,
    /// `None`: the letter is about several things.
    pub topic: Option<Topic>,
    pub entries: &'a [Entry<'a>],
    pub inbox: &'a str,
    /// Where the reader stops letters of this kind.
    pub stop: &'a str,
}

/// A notification in a letter.
pub(crate) struct Entry<'a> {
    pub title: &'a str,
    pub body: &'a str,
    /// The name of its text in `locales/`.
    pub text: &'a str,
    pub link: &'a str,
}

pub(crate) struct Written {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Texts that ask their reader to answer.
fn asks(text: &str) -> bool {
    matches!(text, "asked" | "promoted-owner" | "unanswered" | "extension-asked" | "return-declared")
}

/// The texts of the button and of the end of a letter about one thing.
fn around(text: &str) -> (&'static str, &'static str) {
    match text {
        Facts::REPORTED | "report-answered" => ("letter-see-report", "letter-end"),
        Facts::WARNED => ("letter-see-inbox", "letter-end-warned"),
        text if asks(text) => ("letter-answer", "letter-end"),
        _ => ("letter-see", "letter-end"),
    }
}

pub(crate) fn write(content: &Content<'_>) -> Written {
    let write = |text: &str, args: &Args<'_>| TEXTS.write(content.language, text, args);
    let nothing = Args::new();
    let about = content.topic.map_or("together".to_owned(), |topic| topic.name().replace('_', "-"));
    let about = write(&format!("topic-{about}"), &nothing);
    let greeting = match content.name {
        "" => write("letter-greeting-nobody", &nothing),
        name => write("letter-greeting", &Args::from_iter([("name", name)])),
    };
    let stop = write("letter-stop", &Args::from_iter([("topic", about.as_str())]));
    let stop = Some(Stop { words: &stop, link: content.stop });
    if let (Some(_), [one]) = (content.topic, content.entries) {
        let (button, end) = around(one.text);
        let (button, end) = (write(button, &nothing), write(end, &nothing));
        let (subject, ask, button, link) = (one.title, one.body, button.as_str(), one.link);
        return written(
            content,
            &Letter { subject, greeting: &greeting, ask, items: &[], button, link, end: &end, stop },
        );
    }
    let end = write("letter-end", &nothing);
    let mut args = Args::new();
    args.set("count", content.entries.len());
    let (subject, ask, button) =
        (write("letter-together.subject", &args), write("letter-together.ask", &args), write("letter-all", &nothing));
    let items: Vec<Item<'_>> =
        content.entries.iter().map(|it| Item { title: it.title, body: it.body, link: it.link }).collect();
    written(
        content,
        &Letter {
            subject: &subject,
            greeting: &greeting,
            ask: &ask,
            items: &items,
            button: &button,
            link: content.inbox,
            end: &end,
            stop,
        },
    )
}

fn written(content: &Content<'_>, letter: &Letter<'_>) -> Written {
    Written { subject: letter.subject.to_owned(), text: letter.text(), html: letter.html(content.language) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_letter(language: Language, topic: Topic, name: &str) -> Written {
        of(language, Some(topic), name, 1)
    }

    fn of(language: Language, topic: Option<Topic>, name: &str, count: usize) -> Written {
        let entries: Vec<Entry<'_>> = (0..count)
            .map(|_| Entry {
                title: "“Emma <3” is overdue",
                body: "Bring it back.",
                text: "overdue-borrower",
                link: "https://shelf.example/loans/1",
            })
            .collect();
        let (inbox, stop) = ("https://shelf.example/notifications", "https://shelf.example/unsubscribe/t");
        write(&Content { name, language, topic, entries: &entries, inbox, stop })
    }

    #[test]
    fn a_letter_about_several_things_says_how_many_and_leads_to_the_inbox() {
        for language in Language::ALL {
            for count in [1, 2] {
                let letter = of(language, None, "Ada", count);
                assert!(count == 1 || letter.subject.contains('2'), "{}", letter.subject);
                assert_eq!(letter.text.matches("* “Emma <3” is overdue\n").count(), count);
                assert!(letter.text.contains("\nhttps://shelf.example/notifications\n"), "{}", letter.text);
                assert_eq!(letter.html.matches("background:#").count(), 1, "one button");
            }
        }
    }

    #[test]
    fn what_has_to_be_answered_says_so_on_its_button() {
        let text = |text| Entry { title: "T", body: "B", text, link: "https://x" };
        for (name, button) in [
            ("asked", ">Answer</a>"),
            ("due-soon", ">See the loan</a>"),
            ("reported", ">See the report</a>"),
            ("warned", ">See your notifications</a>"),
        ] {
            let topic = Some(Topic::Request);
            let content =
                Content { name: "", language: Language::English, topic, entries: &[text(name)], inbox: "", stop: "" };
            assert!(write(&content).html.contains(button));
        }
    }

    #[test]
    fn every_topic_has_a_letter_in_every_language_with_one_button_and_a_way_out() {
        for language in Language::ALL {
            for topic in Topic::ALL {
                let letter = a_letter(language, topic, "Ada <b>");
                assert_eq!(letter.subject, "“Emma <3” is overdue");
                assert!(letter.text.contains("\nhttps://shelf.example/loans/1\n"), "{}", letter.text);
                assert!(letter.text.contains("https://shelf.example/unsubscribe/t"), "{}", letter.text);
                assert!(letter.html.contains("Ada &lt;b&gt;") && !letter.html.contains("<b>"), "{}", letter.html);
                assert_eq!(letter.html.matches("<a ").count(), 2);
                assert_eq!(letter.html.matches("background:#").count(), 1, "one button");
                assert!(letter.html.contains(&format!("lang=\"{}\"", language.tag())));
            }
        }
    }

    #[test]
    fn a_letter_in_french_is_french_throughout() {
        assert_eq!(
            a_letter(Language::French, Topic::Late, "Zoé").text,
            "Bonjour Zoé,\n\nBring it back.\n\nhttps://shelf.example/loans/1\n\nSi c’est déjà réglé, vous n’avez rien à \
            faire.\n\nNe plus recevoir de courriels sur les prêts en retard\nhttps://shelf.example/unsubscribe/t\n"
        );
    }
}
