use html_escape::{encode_double_quoted_attribute, encode_text};

use crate::Language;

/// What a letter says: the same words as plain text and as HTML. It leads to one place, with one button.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    pub subject: &'a str,
    pub greeting: &'a str,
    /// Why the letter comes. The button stands below.
    pub ask: &'a str,
    pub button: &'a str,
    /// Where the button leads. In plain text it stands in the place of the button.
    pub link: &'a str,
    pub end: &'a str,
}

impl Letter<'_> {
    pub fn text(&self) -> String {
        let Self { greeting, ask, link, end, .. } = self;
        format!("{greeting}\n\n{ask}\n\n{link}\n\n{end}\n")
    }

    /// Complete by itself: no image, no style and no script comes from elsewhere. The link stands below as text too, for
    /// readers whose program shows no button.
    pub fn html(&self, language: Language) -> String {
        let (tag, button) = (language.tag(), encode_text(self.button));
        let [subject, greeting, ask, end] = [self.subject, self.greeting, self.ask, self.end].map(encode_text);
        let (target, shown) = (encode_double_quoted_attribute(self.link), encode_text(self.link));
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
<p style="margin:28px 0"><a href="{target}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#1f5f4a;color:#ffffff;text-decoration:none;font-weight:600">{button}</a></p>
<p style="font-size:13px;word-break:break-all">{shown}</p>
<p>{end}</p>
</div>
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
        button: "Yes > no",
        link: "https://shelf.example/x?a=1&b=\"2\"",
        end: "Bye.",
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
    fn the_text_holds_the_link_on_a_line_of_its_own() {
        let text = LETTER.text();
        assert!(text.lines().any(|line| line == LETTER.link), "{text}");
    }
}
