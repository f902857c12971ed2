"""The one renderer of what people write: messages, briefs, letters, e-mails, the admin.

A subset of Markdown; HTML in the source stays text, pictures become links, and the result still passes an
allow-list, so that a fault in the parser alone opens nothing.
"""

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, link
from markdown_it.token import Token

LONGEST = 20_000  # characters; a brief has 10,000, a message 8,000
TAGS = {"p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "h3", "h4"}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
# Each block finds its own direction, so that a right-to-left sentence does not turn its neighbours.
DIRECTION = {tag: {"dir": "auto"} for tag in ("p", "li", "h3", "h4", "blockquote")}
LAST_LINK = -1  # the parser's cache has positions for keys, so this one is free
BARE_ADDRESS = re.compile(r"https?://[^\s<>\"']{1,2000}")


def render(text: str, names: Mapping[str, str] | None = None) -> SafeString:
    """HTML of `text`, safe to put in a page. What is longer than 20,000 characters is cut.

    `names` are words such as `@Ines` with the address that each leads to; without one it only stands out.
    """
    env = {"names": names or {}}
    return mark_safe(_clean(_parser.render(text[:LONGEST], env)))  # noqa: S308  the allow-list has the last word


def render_inline(text: str) -> SafeString:
    """The same for one line without blocks, such as the quoted beginning of a message."""
    return mark_safe(_clean(_parser.renderInline(text[:LONGEST])))  # noqa: S308


def plain(text: str, limit: int = 140) -> str:
    """`text` without its Markdown, on one line, cut after `limit` characters: for lists and quotes."""
    words = " ".join(nh3.clean(_parser.render(text[: limit * 8]), tags=set()).split())
    words = html.unescape(words)
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def _clean(source: str) -> str:
    return nh3.clean(
        source,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="nofollow noopener ugc",
        set_tag_attribute_values=DIRECTION,
    )


def _lower_headings(state: StateCore) -> None:
    """The page owns h1 and h2: what people write starts at h3."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h3" if token.tag in ("h1", "h2", "h3") else "h4"


def _link_bare_addresses(state: StateCore) -> None:
    """Make `https://…` in running text a link, without touching links and code."""
    _in_running_text(state, "://", _split)


def _in_running_text(state: StateCore, sign: str, split: Callable[[str], Iterable[Token]]) -> None:
    """Put what `split` makes of a text in its place, wherever one has `sign` and is in no link or code."""
    for block in state.tokens:
        if block.type != "inline" or not block.children or sign not in block.content:
            continue
        inside = 0
        children: list[Token] = []
        for token in block.children:
            inside += token.nesting if token.type in ("link_open", "link_close") else 0
            children.extend(split(token.content) if token.type == "text" and not inside else [token])
        block.children = children


def _split(text: str) -> Iterator[Token]:
    end = 0
    for match in BARE_ADDRESS.finditer(text):
        address = match[0].rstrip(".,;:!?*_")
        if address.endswith(")") and "(" not in address:
            address = address.rstrip(")")
        yield _text(text[end : match.start()])
        yield Token("link_open", "a", 1, attrs={"href": address})
        yield _text(address)
        yield Token("link_close", "a", -1)
        end = match.start() + len(address)
    yield _text(text[end:])


def _link_names(state: StateCore) -> None:
    """Make each known `@name` in running text a link, without touching links and code."""
    names = state.env.get("names")
    if not names:
        return
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    known = re.compile(rf"(?<!\w)({longest_first})(?!\w)")
    _in_running_text(state, "@", lambda text: _named(known.split(text), names))


def _named(parts: list[str], names: Mapping[str, str]) -> Iterator[Token]:
    """Every second part is a name."""
    for number, part in enumerate(parts):
        if number % 2 == 0:
            yield _text(part)
            continue
        kind, tag = ("link", "a") if names[part] else ("strong", "strong")
        yield Token(f"{kind}_open", tag, 1, attrs={"href": names[part]} if names[part] else {})
        yield _text(part)
        yield Token(f"{kind}_close", tag, -1)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _link(state: StateInline, silent: bool) -> bool:
    """The parser's own rule, asked only while a link can still come: thousands of open brackets cost little."""
    last = state.cache.get(LAST_LINK)
    if last is None:
        last = state.cache[LAST_LINK] = state.src.rfind("](")
    return state.pos < last and link(state, silent)


def _make_parser() -> MarkdownIt:
    # "zero" would be shorter, but the CommonMark rules are what people's fingers know.
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 20})
    parser.enable("strikethrough").disable(["image", "html_block", "html_inline", "reference"])
    parser.inline.ruler.at("link", _link)
    parser.core.ruler.push("lower_headings", _lower_headings)
    parser.core.ruler.push("link_bare_addresses", _link_bare_addresses)
    parser.core.ruler.push("link_names", _link_names)
    return parser


_parser = _make_parser()
