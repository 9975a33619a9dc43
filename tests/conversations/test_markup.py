"""Light Markdown in what agents write: what it makes of a text, and that none breaks out of it."""

import pytest
from django.utils.html import strip_tags

from conversations.templatetags.threads import body
from conversations.threads.draw import public_entry_html
from conversations.threads.models import Entry
from helpdesk.core.web.markdown import render
from tests.conftest import act, message
from tests.core.test_text import Tags, assert_harmless

OUT = 'target="_blank" rel="noopener noreferrer nofollow"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and *soft* and ~~gone~~", "<strong>bold</strong> and <em>soft</em>"),
        ("**bold** and *soft* and ~~gone~~", "and <s>gone</s>"),
        ("see `a < b`", "<code>a &lt; b</code>"),
        ("```sql\nselect 1;\n```", "<pre><code>select 1;\n</code></pre>"),
        ("First\n- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("3. three\n4. four", '<ol start="3">\n<li>three</li>'),
        ("> what you wrote\n\nyes", "<blockquote>\n<p>what you wrote</p>\n</blockquote>"),
        ("one line\nand the next", "one line<br>\nand the next"),
        ("# Opening hours\nAlways", "<p><strong>Opening hours</strong></p>\n<p>Always</p>"),
        ("[ours](https://a.example/x?y=1)", f'<a href="https://a.example/x?y=1" {OUT}>ours</a>'),
        ("[call](tel:+86400)", f'<a href="tel:+86400" {OUT}>call</a>'),
        ("write to a@b.example.com", f'<a href="mailto:a@b.example.com" {OUT}>a@b.example.com</a>'),
        # Chinese writes neither a space beside the marks nor one behind an address.
        ("这是**重要**的", "<p>这是<strong>重要</strong>的</p>"),
        ("**您好，**请看", "<p><strong>您好，</strong>请看</p>"),
        ("请看**“这里”**吧", "<p>请看<strong>“这里”</strong>吧</p>"),
        ("*（注）*如下", "<p><em>（注）</em>如下</p>"),
        ("~~旧价，~~新价", "<p><s>旧价，</s>新价</p>"),
        (
            "请看https://a.example/x，谢谢",
            f'<a href="https://a.example/x" {OUT}>https://a.example/x</a>，谢谢',
        ),
    ],
)
def test_what_agents_write(text, html):
    assert html in render(text, rich=True)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "尺寸 20*30，另一个 30*40",
            "138****8000 和 139****9000",
            "好的~~请稍等~~",
            "snake_case_name",
        ),
        *("** no **", "** **", "***", "![alt](picture.png)", "Title\n=====", "#tag", "1、第一"),
        *("```", "```\n```", "#", "-", ">", "> " * 40 + "deep"),
    ],
)
def test_what_is_no_mark_stays_as_it_was_typed(text):
    assert render(text, rich=True) == render(text, rich=False)


@pytest.mark.parametrize(
    "text",
    [
        "```select 1",
        "```select 1 from\ntwo",
        "- " * 40 + "deep",
        "> - " * 15 + "deep",
    ],
)
def test_no_word_is_lost_to_its_marks(text):
    shown = strip_tags(render(text, rich=True))
    for word in ("select", "1", "from", "two", "deep"):
        assert (word in shown) == (word in text)


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "**<b onclick=alert(1)>x</b>**",
    "`</code><script>alert(1)</script>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](//evil.example)",
    "[x](/settings/agents/)",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example/"onmouseover="alert(1))',
    "[x](<https://a.example/ onmouseover=alert(1)>)",
    "[<img src=x onerror=alert(1)>](https://a.example)",
    "![x](javascript:alert(1))",
    "![x](https://a.example/pixel.png)",
    "<https://a.example><script>",
    "<javascript:alert(1)>",
    "[a]: javascript:alert(1)\n[a]",
    "https://a.example/<script>alert(1)</script>",
    'https://a.example/"onclick="alert(1)',
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62;",
    "# <script>alert(1)</script>",
    "> [x](javascript:alert(1))\n- <iframe src=//evil.example>",
    "<!-- --><svg/onload=alert(1)>",
    "[" * 300 + "x](javascript:alert(1))" + "](https://a.example)" * 300,
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("rich", [True, False])
def test_hostile_texts_stay_texts(text, rich):
    assert_harmless(render(text, rich=rich))


@pytest.mark.parametrize(
    "piece",
    [
        *("*", "**", "_", "~", "`", "[", "]", "![", "[a](", "(", "<", "\\", "#", "&"),
        *(
            "> ",
            "- ",
            "1. ",
            "\n> ",
            "- \n",
            "``` ",
            "**a",
            "*a_ ",
            "*中",
            "[]()",
            "https://",
            "a@",
        ),
    ],
)
def test_ten_thousand_marks_are_drawn_and_nothing_comes_of_them(piece):
    html = render((piece * 10_000)[:10_000], rich=True)
    assert_harmless(html)
    assert len(html) < 200_000


def test_customers_see_what_agents_marked_and_their_own_words_as_typed(cast, signed_in, thread):
    text = "**bold**\n- one\n\n" + "\n\n".join(HOSTILE)
    cast.says(f"mine {text}")
    assert signed_in("amy").send(act(thread, "messages"), message(text)).status_code == 201
    for entry in thread.entries.exclude(kind="event"):
        html = public_entry_html(entry, "en")
        said = html.partition('class="bubble">')[2].partition("</div>")[0]
        assert_harmless(said)
        assert not {"script", "img", "iframe"} & {tag for tag, _ in Tags(html).found}
    reply = public_entry_html(thread.entries.get(kind="reply"), "en")
    assert "<strong>bold</strong>" in reply
    assert "<li>one</li>" in reply
    mine = public_entry_html(thread.entries.filter(kind="message").latest("seq"), "en")
    assert "mine **bold**<br>\n- one" in mine


def test_a_mention_is_a_chip_beside_marks(cast):
    mentions = [{"kind": "agent", "id": cast.amy.pk, "text": "@Amy O'Ito", "heard": True}]
    note = Entry(kind="note", author_kind="agent", event={"mentions": mentions})
    note.body = "**@Amy O'Ito** please\n- look\n\n`@Amy O'Ito`"
    chip = f'<span class="mention" data-agent="{cast.amy.pk}">@Amy O&#x27;Ito</span>'
    html = body(note)
    assert f"<strong>{chip}</strong>" in html
    assert "<code>@Amy O'Ito</code>" in html


@pytest.mark.parametrize(("who", "status"), [("amy", 200), ("ben", 200), ("eve", 404)])
def test_who_may_preview(signed_in, thread, who, status):
    asked = {"kind": "reply", "body": "**bold**"}
    assert signed_in(who).send(act(thread, "draft/preview"), asked).status_code == status


def test_a_preview_is_what_the_transcript_will_show(signed_in, thread):
    amy = signed_in("amy")
    text = "**@Amy Ito** <b>\n- one"
    before = thread.entries.count()
    drawn = amy.send(act(thread, "draft/preview"), {"kind": "note", "body": text}).json()["html"]
    assert thread.entries.count() == before
    assert 'class="mention"' in drawn
    amy.send(act(thread, "notes"), message(text))
    assert drawn == body(thread.entries.get(kind="note")).strip()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"kind": "reply"},
        {"kind": "reply", "body": None},
        {"kind": "reply", "body": ["x"]},
        {"kind": "reply", "body": "x" * 10_001},
        {"kind": "event", "body": "x"},
        {"kind": {}, "body": "x"},
    ],
)
def test_a_preview_of_nonsense_is_refused(signed_in, thread, asked):
    assert signed_in("amy").send(act(thread, "draft/preview"), asked).status_code == 422


@pytest.mark.parametrize("rich", [False, True])
def test_a_text_of_nothing_but_links_is_not_searched_for_them(rich):
    most = "http://a.example " * 100
    assert render(most, rich=rich).count("<a ") == 100
    for many in (most + "http://a.example", "://" * 3000):
        html = render(many, rich=rich)
        assert "<a " not in html
        assert strip_tags(html).strip() == many
    assert "<a " in render(f"{most}http://a.example\n\nhttp://b.example", rich=rich)
