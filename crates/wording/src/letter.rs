use html_escape::{encode_double_quoted_attribute, encode_text};

use crate::Language;

/// What a letter says: the same words as plain text and as HTML. It leads to one place, with one button.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    pub subject: &'a str,
    pub greeting: &'a str,
    /// Why the letter comes. The button stands below.
    pub ask: &'a str,
    /// What it tells of, where that is more than one thing. They stand between `ask` and the button.
    pub items: &'a [Item<'a>],
    pub button: &'a str,
    /// Where the button leads. In plain text it stands in the place of the button.
    pub link: &'a str,
    pub end: &'a str,
    /// How to get no more letters like it. `None`: it was asked for.
    pub stop: Option<Stop<'a>>,
}

#[derive(Clone, Copy)]
pub struct Item<'a> {
    pub title: &'a str,
    pub body: &'a str,
    pub link: &'a str,
}

/// The small print of a letter that comes by itself.
#[derive(Clone, Copy)]
pub struct Stop<'a> {
    pub words: &'a str,
    pub link: &'a str,
}

impl Letter<'_> {
    pub fn text(&self) -> String {
        let Self { greeting, ask, link, end, .. } = self;
        let stop = self.stop.map(|Stop { words, link }| format!("\n{words}\n{link}\n"));
        let mut items = String::new();
        for Item { title, body, link } in self.items {
            items.push_str(&format!("* {title}\n  {body}\n  {link}\n\n"));
        }
        format!("{greeting}\n\n{ask}\n\n{items}{link}\n\n{end}\n{}", stop.unwrap_or_default())
    }

    /// Complete by itself: no image, no style and no script comes from elsewhere. The link stands below as text too, for
    /// readers whose program shows no button.
    pub fn html(&self, language: Language) -> String {
        let (tag, button) = (language.tag(), encode_text(self.button));
        let [subject, greeting, ask, end] = [self.subject, self.greeting, self.ask, self.end].map(encode_text);
        let (target, shown) = (encode_double_quoted_attribute(self.link), encode_text(self.link));
        let stop = self.stop.map(|Stop { words, link }| {
            let (words, link) = (encode_text(words), encode_double_quoted_attribute(link));
            format!(
                r#"<p style="margin-top:28px;font-size:13px"><a href="{link}" style="color:inherit">{words}</a></p>
"#
            )
        });
        let stop = stop.unwrap_or_default();
        let mut items = String::new();
        for item in self.items {
            let [title, body] = [item.title, item.body].map(encode_text);
            let link = encode_double_quoted_attribute(item.link);
            items.push_str(&format!(
                r#"<p style="margin:20px 0;padding-left:16px;border-left:3px solid #1f5f4a"><a href="{link}" style="color:inherit;font-weight:600">{title}</a><br>{body}</p>
"#
            ));
        }
        format!(
            r#"<!doctype html>
<html lang="{tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{subject}</title>
</head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
<div style="max-width:560px;margin:0 auto">
<p>{greeting}</p>
<p>{ask}</p>
{items}<p style="margin:28px 0"><a href="{target}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#1f5f4a;color:#ffffff;text-decoration:none;font-weight:600">{button}</a></p>
<p style="font-size:13px;word-break:break-all">{shown}</p>
<p>{end}</p>
{stop}</div>
</body>
</html>
"#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: Letter<'static> = Letter {
        subject: "A <b>bold</b> title",
        greeting: "Hello <script>alert(1)</script> & co,",
        ask: "please “confirm”:",
        items: &[],
        button: "Yes > no",
        link: "https://shelf.example/x?a=1&b=\"2\"",
        end: "Bye.",
        stop: None,
    };

    #[test]
    fn what_somebody_wrote_is_no_markup() {
        let html = LETTER.html(Language::French);
        assert!(html.contains("<html lang=\"fr\">"));
        assert!(html.contains("A &lt;b&gt;bold&lt;/b&gt; title"));
        assert!(html.contains("Hello &lt;script&gt;alert(1)&lt;/script&gt; &amp; co,"));
        assert!(html.contains(r#"<a href="https://shelf.example/x?a=1&amp;b=&quot;2&quot;""#), "{html}");
        assert!(html.contains(">Yes &gt; no</a>"));
    }

    #[test]
    fn nothing_is_fetched_and_one_button_leads_on() {
        let html = LETTER.html(Language::English);
        for fetched in ["<img", "src=", "url(", "<link", "@import", "<script"] {
            assert!(!html.contains(fetched), "{fetched}");
        }
        assert_eq!(html.matches("<a ").count(), 1);
    }

    #[test]
    fn a_letter_that_comes_by_itself_says_how_to_stop_it() {
        let letter = Letter { stop: Some(Stop { words: "No <more>", link: "https://x/?a=\"" }), ..LETTER };
        assert!(letter.text().ends_with("Bye.\n\nNo <more>\nhttps://x/?a=\"\n"), "{}", letter.text());
        let html = letter.html(Language::English);
        assert!(html.contains("<a href=\"https://x/?a=&quot;\" style=\"color:inherit\">No &lt;more&gt;</a>"), "{html}");
    }

    #[test]
    fn a_letter_about_several_things_leads_to_each() {
        let items = [Item { title: "One <1>", body: "First.", link: "https://x/1" }; 2];
        let letter = Letter { items: &items, ..LETTER };
        assert!(letter.text().contains("* One <1>\n  First.\n  https://x/1\n\n* One"), "{}", letter.text());
        let html = letter.html(Language::English);
        assert_eq!(html.matches("<a href=\"https://x/1\"").count(), 2, "{html}");
        assert!(html.contains("One &lt;1&gt;</a><br>First.</p>"), "{html}");
    }

    #[test]
    fn the_text_holds_the_link_on_a_line_of_its_own() {
        let text = LETTER.text();
        assert!(text.lines().any(|line| line == LETTER.link), "{text}");
    }
}
