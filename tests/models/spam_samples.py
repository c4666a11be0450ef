"""Comments written for these tests: honest ones and advertisements, in several tongues."""
# ruff: noqa: RUF001 - Russian is written in Cyrillic

from models.spam.document import Document
from models.spam.making.samples import Sample

HAM = (
    (
        "Ann",
        "",
        "Thanks for this. The second step failed on my machine until I updated the driver.",
    ),
    ("Bert", "https://bert.example/", "I disagree with the third paragraph: the river was moved."),
    ("Carla", "", "Does this also work with the older version? Mine prints an error in line ten."),
    ("Dan", "", "My grandmother made this soup with beans instead of lentils. Both are good."),
    ("Eve", "", "The photo of the bridge is lovely, where exactly did you stand to take it?"),
    (
        "Frank",
        "",
        "Typo in the last sentence, it should say its and not it's. Nice read otherwise.",
    ),
    ("Gita", "https://gita.example/", "We walked that path last summer and the hut was closed."),
    ("Hal", "", "Could you explain how the cache is cleared when two people write at once?"),
    ("Ines", "", "I remember the strike well, my father worked at the mill in those years."),
    ("Jon", "", "The argument is weak. You compare two countries with very different taxes."),
    ("Kim", "", "Finally somebody says it. The new timetable is a mess for everyone upriver."),
    ("Lea", "", "lol that ending, I did not see it coming at all"),
    ("Max", "", "Same here, turning it off and on again helped, no idea why."),
    ("Nora", "", "What book would you read next on this subject? I liked the one by the nurse."),
    ("Olaf", "", "I tried it with rye flour and it came out dense, so reduce the water a bit."),
)
SPAM = (
    (
        "best casino bonus",
        "http://casino-bonus-777.example/play/now",
        "Great post! Play casino now",
    ),
    ("cheap pills", "http://pills.example/buy", "Buy cheap pills online, no prescription needed"),
    ("SEO Expert", "http://seo-rank.example/", "We rank your website first on Google, contact us"),
    ("loan offer", "", "Do you need an urgent loan? Write to loans@lender.example at 2 % interest"),
    ("Dr Spell", "", "Powerful spell caster brought my husband back, WhatsApp +2348000000000"),
    ("watches", "http://watches.example/replica", "replica watches best price http://w.example/r"),
    (
        "Amy",
        "",
        "hot girls waiting for you http://girls.example/ click here http://girls.example/2",
    ),
    ("crypto king", "http://coin.example/", "I earned 5000 dollars a week with this broker, join"),
    ("essay", "http://essay.example/order", "Our essay writing service has the best writers"),
    ("slot gacor", "http://slot.example/", "slot gacor hari ini, daftar sekarang bonus 100%"),
    (
        "movers",
        "http://packers-movers.example/",
        "Best packers and movers in town, call 9800000000",
    ),
    (
        "backlinks",
        "",
        '<a href="http://links.example">buy backlinks</a> cheap [url=http://x.example]',
    ),
    ("escort", "http://escort.example/", "escort service, discreet and cheap, visit our site"),
    (
        "viagra",
        "http://meds.example/",
        "viagra cialis discount pharmacy http://meds.example/viagra",
    ),
    (
        "iptv",
        "http://iptv.example/",
        "best iptv subscription 2024, free trial, whatsapp +15550000000",
    ),
)
RUSSIAN_HAM = (
    "Спасибо, у меня заработало только после перезагрузки.",
    "А как быть, если дверь открывается внутрь?",
    "Мы были там летом, вода холодная, но красиво.",
)


def samples(site: str = "diary") -> list[Sample]:
    """Return 63 labelled comments of two sites; each text in two variants."""
    rows = []
    for endings in (("", ""), (" Thank you.", " Visit us today!")):
        for spam, group in ((False, HAM), (True, SPAM)):
            for number, (name, url, text) in enumerate(group):
                place = site if number % 3 else "other"
                rows.append(Sample(Document(text + endings[spam], name, url), spam, place, "en"))
    russian = [
        Sample(Document(text, "Ира"), spam=False, site="textdetox", language="ru")
        for text in RUSSIAN_HAM
    ]
    return rows + russian
