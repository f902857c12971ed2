"""Contact data and ways to pay elsewhere in a piece of text: e-mail, phone, messengers, links, payment, also disguised.

Pure: text in, spans out. Nothing here judges a person; what is found is marked for its writer and masked for the others.
A miss is cheaper than a wrong alarm, so a doubtful form counts only beside a word that makes it plain.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["email", "phone", "handle", "link", "payment"]
MASK = "•••••"  # always the same, so that its length tells nothing
MOST_SIGNS = 4  # that one character may stand for
# what Markdown takes away when it is shown: escapes, emphasis, code, strokes, entities
MARKUP = re.compile(r"\\(?=[!-/:-@\[-`{-~])|\*+|`+|~~+|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31});")
OPEN, CLOSE = r"[\[({<]\s?", r"\s?[\])}>]"
DOT_WORD = r"(?:dot|punkt|punto|ponto|point|точка)"
AT_WORD = r"(?:at|ät|arroba|arobase|собака)"

# ends of addresses that are no words and no file names of their own; the others count only where more speaks for a link
PLAIN_ENDS = r"(?:com|net|org|io|dev|edu|de|fr|es|pl|ru|hu|cz|sk|se|fi|dk|nl|ch|eu|uk|jp|cn|br|pt|ro|gg|studio|design)"
WORDY_ENDS = (
    r"(?:info|biz|co|app|me|at|be|in|it|no|us|ca|au|nz|ie|ly|to|art|shop|online|site|store|tech|xyz|link|page|gle|"
    r"agency|gallery|photo|photos|works|team|blog|social|chat)"
)
ENDS = rf"(?:{PLAIN_ENDS[3:-1]}|{WORDY_ENDS[3:-1]})"
NAMED_SITES = {  # spoken of as products
    *("airbnb.com", "amazon.com", "booking.com", "ebay.com", "monday.com", "wordpress.com", "wix.com", "etsy.com"),
    *("socket.io", "draw.io", "asp.net", "wordpress.org", "python.org", "schema.org", "web.dev"),
}
PROVIDERS = r"(?:g-?mail|googlemail|hotmail|outlook|yahoo|icloud|proton(?:mail)?|gmx|yandex|aol)"
LITTLE_WORDS = {
    *("the", "a", "an", "this", "that", "our", "my", "your", "its", "their", "one", "any", "each", "no", "and", "or"),
    *("der", "die", "das", "el", "la", "le", "un", "une", "look", "is", "of", "with", "has", "first", "last"),
}

SURE = (  # names of nothing but messengers and networks
    r"(?:telegram+\w{0,2}|tele\sgram|tg|wh[a4]ts?\s?app?|watsapp?|skype|discord|insta(?:gram)?|we\s?chat|viber|snap\s?chat|"
    r"facebook|fb|twitter|kik|icq|threema|kakao(?:talk)?|messenger|tiktok|телеграм\w{0,2}|телега\w{0,2}|телеге|тг|"
    r"в?[ао]тс[аэ]п+\w{0,2}|вацап\w{0,2}|вайбер\w{0,2}|скайп\w{0,2}|微信|whats)"
)
MESSENGER = rf"(?:{SURE[3:-1]}|signal|line|vk|qq)"
TO_ME = (  # somebody is asked to come along
    r"(?:(?:text|message|msg|ping|dm|call|write|contact|reach|add|hit|find|catch|chat|talk|speak|continue|move|switch|"
    r"discuss|go\s+on|take\s+this)(?:\s+(?:to|with))?(?:\s+(?:me|us|there|it|this|up|over)){0,2}|"
    r"schreib\w*|meld\w*|erreich\w*|chatte\w*|kontaktier\w*|weiter(?:reden|schreiben|machen)|"
    r"escr[ií]be?\w*|habl\w+|contáct\w*|llám\w*|mánd\w*|[ée]cri\w*|contacte\w*|appelle\w*|parlons|"
    r"на?пиши\w*|звони\w*|добавь\w*)(?:[\s-]+(?:mir|uns|mich|moi|nous|me|мне|нам)){0,2}"
)
ON = r"(?:on|via|at|through|over|in|to|by|per|auf|über|zu|por|en|sur|à|в|на)"

DIGIT_WORDS = (
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|null|eins|zwei|zwo|drei|vier|fünf|sechs|sieben|acht|neun|"
    r"cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|zéro|un|deux|trois|quatre|cinq|sept|huit|neuf|"
    r"ноль|один|два|три|четыре|пять|шесть|семь|восемь|девять)"
)
PAYERS = (
    r"(?:paypal|western\s+union|moneygram|venmo|zelle|cash\s?app|revolut|wise|payoneer|crypto|bitcoin|btc|eth|usdt|cash|"
    r"bank\s+transfer)"
)
PLATFORM = r"(?:skill\s?link|(?:the\s+|this\s+)?(?:platform|site|website))"
NUMBERED = re.compile(  # what is called by a number that is none to call
    r"(?:order|ticket|invoice|tracking|customer|account|case|issue|sku|isbn|ean|vat|no\.|nr\.?|id|ref\w*|serial|part|"
    r"time\s?stamp|gps|\w*(?:kunden|bestell|rechnungs|auftrags|artikel)nummer|pedido|factura|commande|facture|заказ\w*|"
    r"счет\w*)\W{0,3}(?:number|no\.?|nr\.?|id)?\W{0,3}(?:is\s)?$"
)
CALLED = re.compile(
    r"(?:call|ring|tel|phone|handy|mobile?|cell|sms|text|fax|my\s+number|reach\s+me|telefon\w*|nummer|móvil|teléfono|"
    r"número|numéro|portable|номер|звон\w*|тел|电话|手机|whats\s?app|viber|signal|telegram)\b[^\d\n]{0,20}$"
)
DATE = re.compile(r"\(?(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2}))(?![-./]?\d)")
PHONE = re.compile(r"(?<![\w#.,/:-])(?:\+\s?)?\(?\d(?:[\s().\-/_–]{0,3}\d){5,19}(?![\w])")
PHONE_SHAPES = re.compile(
    r"1?[ .-]?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"  # North America
    r"|8\s?[-(\s]\d{3}[-)\s]{1,2}\d{3}[-\s]?\d\d[-\s]?\d\d"  # Russia, from inside
    r"|[6-9]\d{4} \d{5}"  # India
    r"|(?:\d[\s._-]{1,2}){8,}\d"  # digit by digit
)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of the text, and what they are."""

    start: int
    end: int
    kind: Kind


def find(text: str, *, own: Collection[str] = ()) -> list[Span]:
    """What is contact data in `text`, in order and without overlap. Links to the hosts in `own` are none."""
    folded, starts, ends = _fold(text)
    found = sorted(
        (
            Span(starts[start], ends[end - 1], kind)
            for kind, rule in RULES
            for start, end in rule(folded)
            if not (kind == "link" and _is_own(folded[start:end], own))
        ),
        key=lambda span: (span.start, -span.end),
    )
    return list(_merged(found))


def mask(text: str, *, own: Collection[str] = ()) -> str:
    """`text` with all of that replaced."""
    return cover(text, find(text, own=own))


def cover(text: str, spans: Iterable[Span]) -> str:
    """`text` with these spans of it replaced."""
    pieces, last = [], 0
    for span in spans:
        pieces += [text[last : span.start], MASK]
        last = span.end
    return "".join([*pieces, text[last:]])


def _fold(text: str) -> tuple[str, list[int], list[int]]:
    """Lower case without disguise (marks of Markdown, full width, foreign digits, invisible characters), and where in
    the text each character begins and ends.
    """
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end, character in _unmarked(text):
        plainer = unicodedata.normalize("NFKC", character)
        # a sign that stands for a sentence is no disguise, and a message full of them would take seconds to read
        for plain in (plainer if len(plainer) <= MOST_SIGNS else character).lower():
            category = unicodedata.category(plain)
            if category in ("Cf", "Mn", "Me"):
                continue
            digit = unicodedata.digit(plain, None) if category == "Nd" else None
            letters.append(plain if digit is None else str(digit))
            starts.append(start)
            ends.append(end)
    return "".join(letters), starts, ends


def _unmarked(text: str) -> Iterator[tuple[int, int, str]]:
    """Each character that a reader of the message sees, with where it begins and ends in the source."""
    last = 0
    for match in MARKUP.finditer(text):
        yield from ((place, place + 1, text[place]) for place in range(last, match.start()))
        last = match.end()
        if match[0].startswith("&"):
            yield from ((match.start(), last, sign) for sign in html.unescape(match[0]))
    yield from ((place, place + 1, text[place]) for place in range(last, len(text)))


def _merged(spans: list[Span]) -> Iterator[Span]:
    last: Span | None = None
    for span in spans:
        if last is not None and span.start < last.end:
            last = Span(last.start, max(last.end, span.end), last.kind)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _is_own(link: str, own: Collection[str]) -> bool:
    host = re.sub(r"^\w+://", "", link).split("/", 1)[0]
    return host in own or host.split(":", 1)[0] in ("localhost", "127.0.0.1")


def _labelled(patterns: Iterable[re.Pattern[str]], text: str) -> Iterator[tuple[int, int]]:
    """What the patterns match, but for names of hosts that are only little words: “look at the dot”."""
    for pattern in patterns:
        for match in pattern.finditer(text):
            if match.groupdict().get("label") not in LITTLE_WORDS:
                yield match.span()


# --- e-mail -------------------------------------------------------------------------------------

LOCAL = rf"[\w+%-]{{1,40}}(?:(?:\.|\s{{1,2}}{DOT_WORD}\s{{1,2}}|_dot_)[\w+%-]{{1,40}}){{0,3}}"
ANY_AT = rf"(?:\s{{0,2}}(?:@|&#64;|&commat;)\s{{0,2}}|\s{{0,2}}{OPEN}(?:@|{AT_WORD}){CLOSE}\s{{0,2}}|_at_)"
ANY_DOT = rf"(?:\s?\.\s?|\s{{0,2}}{OPEN}(?:\.|{DOT_WORD}){CLOSE}\s{{0,2}}|\s{{1,2}}{DOT_WORD}\s{{1,2}}|_dot_)"
EMAILS = [
    re.compile(r"(?<![\w.+%-])(?:mailto:)?[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"),
    re.compile(rf"(?<![\w.+%-]){LOCAL}{ANY_AT}[\w-]{{1,63}}(?:{ANY_DOT}{ENDS}\b){{1,2}}"),
    # the sign in words, so the dot must be in words or inside an address too
    re.compile(
        rf"(?<![\w.+%-]){LOCAL}\s{{1,2}}{AT_WORD}\s{{1,2}}(?P<label>[\w-]{{2,63}})"
        rf"(?:\s{{0,2}}(?:{DOT_WORD}|{OPEN}(?:\.|{DOT_WORD}){CLOSE})\s{{0,2}}[a-z]{{2,6}}\b){{1,3}}"
    ),
    re.compile(r"(?<![\w.+%-])[\w.+%-]{2,64}\s+at\s+(?P<label>[\w-]{3,63})\s+(?:com|net|org)\b"),
    re.compile(rf"(?<![\w.+%-])(?=[\w.+%-]{{0,40}}[\d._])[\w+%-][\w.+%-]{{3,64}}\s+(?:at|on|bei|en|@)\s+{PROVIDERS}\b"),
    re.compile(rf"(?<!\w){PROVIDERS}\s?(?::|=|-|is|ist|es)\s?(?=[\w+%-]{{0,40}}[\d._])[\w.+%-]{{4,64}}\w"),
    # letter by letter
    re.compile(r"(?<!\S)(?:[\w.+-]\s){2,40}@(?:\s[\w.-]){4,40}(?!\S)"),
]


def _emails(text: str) -> Iterator[tuple[int, int]]:
    yield from _labelled(EMAILS, text)


# --- phone --------------------------------------------------------------------------------------

SPELLED = re.compile(
    rf"(?<!\w)(?:plus[\s,-]+)?(?:(?:{DIGIT_WORDS}|\d{{1,4}})[\s,.-]{{1,3}}){{6,20}}(?:{DIGIT_WORDS}|\d{{1,4}})(?!\w)"
)


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for match in PHONE.finditer(text):
        if _is_phone(match[0], text[max(0, match.start() - 40) : match.start()]):
            yield match.span()
    for match in SPELLED.finditer(text):
        if len(re.findall(DIGIT_WORDS, match[0])) >= 5:
            yield match.span()


def _is_phone(text: str, before: str) -> bool:
    digits = re.sub(r"\D", "", text)
    if not 7 <= len(digits) <= 15 or DATE.match(text) or NUMBERED.search(before) or re.search(r"[$€£¥]\s?$", before):
        return False
    if text.startswith("+"):
        return len(digits) >= 8
    if PHONE_SHAPES.fullmatch(text) or CALLED.search(before):
        return True
    if re.fullmatch(r"0\.\d+", text):
        return False
    return text.startswith(("0", "(0")) and 9 <= len(digits) <= 14


# --- messengers ---------------------------------------------------------------------------------

NAME = r"(?=[\w.:-]{0,40}[\d_.:#-])[a-z][\w.:-]{2,40}(?:#\d{2,6}|\w)"  # with something that no word has
NAMED = r"(?:\s+(?:id|name|user(?:name)?|handle|nick(?:name)?|account))"
IS = r"\s?(?:is|ist|es|est|as|als|como|:|=|-|–|：)?\s?"
HANDLES = [
    re.compile(rf"(?<!\w){SURE}(?!\w){NAMED}?{IS}(?P<name>@[\w.]{{2,32}}\w)"),
    re.compile(rf"(?<!\w)(?:{SURE}(?!\w){NAMED}?{IS}|(?:signal|line|vk|qq)(?:{NAMED}{IS}|\s?[:=]\s?))(?P<name>{NAME})"),
    re.compile(rf"(?<!\w){SURE}\s+(?P<name>[\w.]{{2,32}}#\d{{4}})(?!\w)"),
    re.compile(rf"(?<!\w){MESSENGER}{NAMED}\s?(?::|=|is|ist|es)?\s?(?P<name>[a-z][\w.:-]{{3,40}})"),
    re.compile(
        rf"(?<!\w)(?:my|mein|mi|mon|мой)\s+{SURE}{NAMED}?\s?(?:is|ist|es|est|:|=|-)\s?(?P<name>[\w.:#-]{{3,40}})"
    ),
    re.compile(rf"@[\w.]{{2,32}}\w\s+(?:on|auf|en|sur|in|at)\s+{SURE}(?!\w)"),
    re.compile(rf"(?<!\w){SURE}\s+as\s+(?P<name>[\w.]{{4,40}})"),
    re.compile(r"(?:微信号?|wechat)\s?[:：]?\s?(?P<name>[a-z][\w-]{4,30})"),
    re.compile(rf"(?<!\w){TO_ME}\s+{ON}\s+{MESSENGER}(?!\w)"),
    re.compile(rf"(?<!\w)(?:auf|per|über)\s+{SURE}\s+(?:weiter\w+|schreib\w+|chatt\w+|reden|besprech\w+)"),
    re.compile(r"(?<!\w)(?:whats?\s?app|wh4tsapp|telegram|skype|viber|dm|fb)\s+me(?!\w)"),
    re.compile(
        rf"(?<!\w)(?:are\s+you|bist\s+du|do\s+you\s+have|you\s+got)\s+(?:on\s+|auf\s+)?{SURE}\s?\?[^\n]{{0,30}}?\bthere\b"
    ),
]
NO_NAME = re.compile(
    r"@?(?:e\.g\.?|i\.e\.?|v?\d[\d.]*|\w+-\w*(?:bot|app|ads?|api)|(?:api|bot|app|ads?|web)\b.*|[a-z]{1,4}\.[a-z]{1,2})"
)


def _handles(text: str) -> Iterator[tuple[int, int]]:
    for pattern in HANDLES:
        for match in pattern.finditer(text):
            name = match.groupdict().get("name")
            if name is None or not NO_NAME.fullmatch(name):
                yield match.span()


# --- links --------------------------------------------------------------------------------------

DEFANGED = rf"\s?{OPEN}(?:\.|{DOT_WORD}){CLOSE}\s?"
LINKS = [
    re.compile(r"h(?:tt|xx)ps?\s?:\s?//[^\s<>\"]{3,2000}"),
    re.compile(r"(?<![\w:/])//[\w-]{2,63}\.[a-z]{2,12}[^\s]{0,500}"),
    re.compile(r"(?<!\w)www\.[^\s]{3,500}"),
    re.compile(rf"(?<![\w@./-])(?:[\w-]{{1,63}}{DEFANGED}){{1,3}}[a-z]{{2,12}}\b(?:/[^\s]{{0,500}})?"),
    re.compile(rf"(?<![\w@./-])(?P<label>[\w-]{{3,63}})\s{{1,2}}dot\s{{1,2}}{PLAIN_ENDS}\b(?:\s?/\s?[^\s]{{1,200}})?"),
    re.compile(r"(?<![\w@./-])[\w-]{3,63}\s\.\s(?:com|net|org)\b"),
]
DOMAIN = re.compile(
    rf"(?<![\w@./\\-])(?P<host>(?:[a-z0-9-]{{1,63}}\.){{1,3}}(?P<end>{ENDS}))(?![\w-])(?!\.\w)(?P<path>\s?/[^\s]{{1,500}})?"
)
BARE_AT = re.compile(r"(?:site|web|website|portfolio|homepage|blog|visit|see|at|url|link)\W{1,4}(?:is\s)?$")


def _links(text: str) -> Iterator[tuple[int, int]]:
    yield from _labelled(LINKS, text)
    for match in DOMAIN.finditer(text):
        host, path = match["host"], match["path"]
        if host in NAMED_SITES and not path:
            continue
        if (
            re.fullmatch(PLAIN_ENDS, match["end"])
            or path
            or "-" in host
            or BARE_AT.search(text[max(0, match.start() - 20) : match.start()])
        ):
            yield match.span()


# --- payment elsewhere --------------------------------------------------------------------------

IBAN = re.compile(r"(?<!\w)[a-z]{2}\d{2}(?:\s?[a-z0-9]{4}){3,7}(?:\s?[a-z0-9]{1,3})?(?!\w)")
PAYMENTS = [
    re.compile(r"(?<!\w)0x[0-9a-f]{40}(?!\w)"),
    re.compile(r"(?<!\w)bc1[a-z0-9]{20,60}(?!\w)"),
    re.compile(r"(?<!\w)t(?=[a-z0-9]{0,32}\d)[a-z0-9]{33}(?!\w)"),
    re.compile(rf"(?<!\w)(?:[\w']{{2,12}}\s+){{0,3}}(?:outside|off)[\s-]+(?:of\s+)?{PLATFORM}(?!\w)"),
    re.compile(r"(?<!\w)off[\s-](?:the[\s-])?(?:platform|site)(?!\w)"),
    re.compile(
        rf"(?<!\w)(?:skip|avoid|bypass|dodge|save|circumvent|without|around)\s+(?:{PLATFORM}(?:['’]s)?\s?(?:fees?|commission|cut)?|"
        r"(?:the\s+|their\s+)(?:fees?|commission))(?!\w)"
    ),
    re.compile(rf"(?<!\w)(?:directly\s+)?instead\s+of\s+(?:through|via|on|over)\s+{PLATFORM}"),
    re.compile(rf"(?<!\w)(?:pay|send|transfer)\s+(?:[\w']{{1,12}}\s+){{0,4}}?(?:via|by|through|per|with|over|in)\s+{PAYERS}(?!\w)"),
    re.compile(r"(?<!\w)(?:pay|transfer|send)\s+(?:[\w']{1,12}\s+){0,4}?directly(?:\s+(?:to|into)\s+(?:me|us|my\s+(?:bank\s+)?account))?(?!\w)"),
    re.compile(r"(?<!\w)(?:to|into)\s+my\s+(?:bank|paypal)\s+account"),
    re.compile(r"(?<!\w)(?:venmo|zelle|cash\s?app|paypal|revolut)\s+me(?!\w)"),
    re.compile(r"(?<!\w)cash\s?app\W{0,3}\$[a-z]\w{2,20}"),
    re.compile(r"(?<!\w)(?:(?:be)?zahl|überweis)\w*\s+(?:\w{1,10}\s+){0,3}?(?:privat|direkt|bar|per\s+paypal)(?:\s+per\s+\w+)?"),
    re.compile(r"(?<!\w)(?:ohne|außerhalb|an)\s+(?:der\s+|die\s+|von\s+)?(?:plattform|skilllink)(?!\w)(?:\s+vorbei)?"),
    re.compile(r"(?<!\w)(?:\w{1,10}\s+)?(?:por\s+)?fuera\s+de\s+(?:la\s+)?(?:plataforma|skilllink)"),
    re.compile(r"(?<!\w)(?:[\w-]{1,12}\s+)?(?:en\s+dehors\s+de|hors)\s+(?:la\s+)?(?:plateforme|skilllink)"),
    re.compile(r"(?<!\w)(?:\w{1,12}\s+)?(?:напрямую(?:\s+на\s+карт\w+)?|на\s+карту|мимо\s+(?:площадки|сайта|платформы)|в\s+обход)(?!\w)"),
]  # fmt: skip
OF_THEIRS = re.compile(
    r"(?:users?|customers?|buyers?|visitors?|people|they|guests?|shoppers?|kund\w+|members?)\s+(?:\w+\s+){0,2}$"
)


def _payments(text: str) -> Iterator[tuple[int, int]]:
    for match in IBAN.finditer(text):
        if _is_iban(re.sub(r"\s", "", match[0])):
            yield match.span()
    for pattern in PAYMENTS:
        for match in pattern.finditer(text):
            if not OF_THEIRS.search(text[max(0, match.start() - 40) : match.start()]):
                yield match.span()


def _is_iban(text: str) -> bool:
    """By its check digits."""
    return 15 <= len(text) <= 34 and int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


Rule = Callable[[str], Iterator[tuple[int, int]]]
RULES: tuple[tuple[Kind, Rule], ...] = (
    ("payment", _payments),
    ("email", _emails),
    ("handle", _handles),
    ("phone", _phones),
    ("link", _links),
)
