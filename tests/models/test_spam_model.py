"""A score is a probability with reasons that add up, and the shipped model is sane."""

import json
import subprocess
import sys
import time
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.spam import Band, Document, explain, load_base
from models.spam.making.attacks import ATTACKS
from models.spam.making.train import fit
from models.spam.score import probability_of
from tests.models.spam_samples import HAM, SPAM, samples

TITLE = "How cocaine is made in the Amazon"
PAGE = (
    "In the Amazon basin coca farmers bring leaves to jungle labs, where the paste is turned into "
    "cocaine. Cartels control the rivers, the price per kilo and the airstrips. Police burn labs "
    "and drugs are seized, yet production grows. Cocaine is sold in Europe and North America."
)
ON_TOPIC = (
    "I grew up near Tingo María and watched the coca fields replace the coffee my uncle grew.",
    "Every lab that is burned moves thirty kilometres down the river. What does that solve?",
    "You write that a kilo of cocaine costs 1,500 dollars at the lab. Is that paste or powder?",
    "The chemicals they dump kill the fish. Nobody who buys drugs in Europe thinks about that.",
    "Legalise it and the cartel is out of business within a year, that is my opinion.",
    "My brother was a soldier there. They found a lab with two tons of cocaine and no people.",
    "Good article, but you forgot the role of the gold mines, the cartels live off both now.",
    "How do they get the fuel into the jungle? A plane full of it would be noticed.",
    "As a nurse I see what cocaine does to people. Thank you for showing where it begins.",
    "The map is wrong, the river with the airstrips is the Putumayo and not the Caquetá.",
    "Farmers get almost nothing. Coca pays because no truck ever comes for their fruit.",
    "Is there a source for the number of drug labs? The UN report gives a much lower figure.",
    "What happened to the village on the second photo after the police raid?",
)
SELLERS = (
    Document(
        "Buy cocaine online, pure Peruvian flakes, discreet shipping. WhatsApp +15551234567",
        "cocaine shop",
        "http://buy-coke-online.example/order",
    ),
    Document(
        "Order drugs now!! best price, cocaine, mdma, pills http://drug-store.example/shop", "max"
    ),
    Document(
        "Play the best online casino and get 200% bonus http://casino-777.example", "casino bonus"
    ),
    Document("slot gacor hari ini deposit pulsa bonus 100% http://slot88.example", "slot gacor"),
    Document(
        "We rank your website first on Google with quality backlinks, cheap SEO services, contact "
        "seo@rank.example",
        "SEO Expert",
        "http://seo-services.example/",
    ),
    Document(
        "Great post! I really like your site, check out mine for cheap essays",
        "essay writing service",
        "http://essay-writing-service.example/buy/essays",
    ),
    Document(
        "viagra cialis no prescription <a href='http://meds.example'>cheap meds</a>", "pharma"
    ),
    Document(
        "Do you need an urgent loan at 2% interest? Apply now loan@lender.example +15557654321",
        "Mr Loan",
    ),
    Document(
        "I got my husband back thanks to Dr Amazing, a powerful spell caster, email him at "
        "spell@caster.example or WhatsApp +2348012345678",
        "Grace",
    ),
    Document(
        "[url=http://replica.example]replica watches[/url] best quality cheap price", "watches"
    ),
    Document(
        "Earn $5000 weekly from home with bitcoin trading, click https://bit.ly/xyz", "crypto"
    ),
    Document(
        "Best packers and movers in Delhi, visit our website http://movers.example/delhi",
        "Packers and Movers",
        "http://movers.example/delhi",
    ),
    Document("escort girls discreet and cheap http://escorts.example/girls", "escorts"),
)


@pytest.fixture(scope="module")
def model():
    rows = samples()
    return fit(rows, rows, made=date(2020, 1, 2)).model


@pytest.fixture(scope="module")
def base():
    return load_base()


def test_advertisements_score_above_honest_comments(model):
    ham = [model.score(Document(text, name, url)).probability for name, url, text in HAM]
    spam = [model.score(Document(text, name, url)).probability for name, url, text in SPAM]

    assert max(ham) < min(spam)


@given(text=st.text(max_size=300), author=st.text(max_size=30), url=st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_reasons_add_up_to_the_logit_whatever_was_typed(base, text, author, url):
    score = base.score(Document(text, author, url))

    assert sum(reason.weight for reason in score.reasons) == pytest.approx(score.logit, abs=1e-9)
    assert 0 <= score.probability <= 1
    assert score.probability == pytest.approx(probability_of(score.logit))


@pytest.mark.parametrize(
    "document",
    [
        Document(
            "Cheap viagra, see http://pills.example/a and www.more.example", "Ann", "http://a.de"
        ),
        Document("Thank you, the second step did it for me. " * 12, "Ann Lee"),
        Document(f"{'honest words ' * 40} buy now http://pills.example/x", "Bo", "b.example"),
        Document("Купить дёшево тут", "Иван"),
        Document("", "", ""),
    ],
    ids=["links", "long", "window", "Russian", "empty"],
)
def test_with_every_reason_told_nothing_is_left_for_the_rest(base, document, monkeypatch):
    monkeypatch.setattr(explain, "SHOWN", 10**6)
    monkeypatch.setattr(explain, "_SMALLEST", 0.0)
    reasons = {reason.name: reason.weight for reason in base.score(document).reasons}
    assert reasons["rest"] == pytest.approx(0, abs=1e-4)


def test_the_strongest_reasons_come_first_and_rest_and_base_last(model):
    name, url, text = SPAM[0]
    reasons = model.score(Document(text, name, url)).reasons

    told = [abs(reason.weight) for reason in reasons[:-2]]
    assert told == sorted(told, reverse=True)
    assert len(told) == 6
    assert [reason.name for reason in reasons[-2:]] == ["rest", "base"]


def test_a_reason_names_the_word_the_link_and_the_website(base):
    document = Document("viagra http://pills.example/viagra", "Ann", "http://pharma.example")

    told = " | ".join(reason.text for reason in base.score(document).reasons)

    assert "the word “viagra”" in told


def test_a_word_of_the_page_is_no_reason(base):
    text = "viagra viagra viagra"

    plain = base.score(Document(text))
    on_page = base.score(Document(text, title="Viagra turns twenty"))

    assert any("viagra" in reason.text for reason in plain.reasons)
    assert not any("“viagra”" in reason.text for reason in on_page.reasons)
    assert on_page.logit < plain.logit


def test_a_score_survives_a_json_column(model):
    score = model.score(Document("Play casino now http://casino.example", "Ann"))

    stored = json.loads(json.dumps(score.to_json()))

    assert stored["band"] == score.band.value
    assert stored["probability"] == score.probability
    assert stored["reasons"][0] == score.reasons[0].to_json()
    assert set(stored["reasons"][0]) == {"name", "text", "weight"}


@pytest.mark.parametrize(
    ("probability", "band"),
    [
        (0, "fine"),
        (0.0999, "fine"),
        (0.1, "unsure"),
        (0.9499, "unsure"),
        (0.95, "spam"),
        (1, "spam"),
    ],
)
def test_bands_begin_where_they_say(probability, band):
    assert Band.of(probability) == band


@pytest.mark.parametrize("logit", [-900.0, -2.0, 0.0, 2.0, 900.0])
def test_a_probability_never_overflows(logit):
    assert probability_of(logit) + probability_of(-logit) == pytest.approx(1)


def test_a_script_without_honest_comments_is_not_known(base):
    assert base.score(Document("A plain English sentence.")).known_language
    assert base.score(Document("Обычное предложение на русском.")).known_language
    assert base.score(Document("12345 !!!")).known_language
    assert not base.score(Document("ქართული ენა ლამაზია")).known_language


@pytest.mark.parametrize("attack", sorted(ATTACKS))
def test_obfuscation_raises_the_score(base, attack):
    links = attack == "links in words"
    texts = [document for document in SELLERS if "http" in document.text or not links]
    plain = [base.score(document).logit for document in texts]
    hidden = [
        base.score(Document(ATTACKS[attack](d.text, Random(1)), d.author, d.url)).logit
        for d in texts
    ]

    # A link written in words costs the spammer his link, so there "hardly lower" is enough.
    assert sum(hidden) / len(hidden) > sum(plain) / len(plain) - (2 if links else 0)


@pytest.mark.parametrize("text", ON_TOPIC)
def test_readers_of_the_cocaine_article_are_not_filed_away(base, text):
    with_title = base.score(Document(text, "Ann Lee", "", TITLE))
    with_page = base.score(Document(text, "Ann Lee", "", TITLE, PAGE))

    assert with_title.band is not Band.SPAM
    assert with_page.probability < 0.5


@pytest.mark.parametrize("document", SELLERS, ids=lambda document: document.author)
def test_sellers_are_seen(base, document):
    assert base.score(document).probability > 0.5


def test_sellers_on_the_cocaine_page_are_seen_though_its_words_do_not_count(base):
    there = [Document(d.text, d.author, d.url, TITLE, PAGE) for d in SELLERS]

    found = [base.score(document).probability for document in there]

    assert min(found) >= 0.1  # none may look fine: a person sees each
    assert sum(probability > 0.5 for probability in found) >= len(SELLERS) - 1


def test_hostile_text_of_82000_characters_takes_about_as_long_as_plain_text(base):
    plain = _fastest(base, "An honest sentence with some words in it. " * 2000)

    for piece in ("a ", "http://x.com/a ", "\ufdfa", "a\u200b", "é a1 ", "[url=", "ab.ru "):
        assert _fastest(base, (piece * 82_000)[:82_000]) < 15 * plain + 0.02


def _fastest(model, text):
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        model.score(Document(text))
        times.append(time.perf_counter() - begin)
    return min(times)


def test_serving_loads_neither_scikit_learn_nor_scipy():
    program = (
        "import sys; from models.spam import Document, load_base; load_base().score(Document('x'));"
        "print([name for name in sys.modules if name.split('.')[0] in ('sklearn', 'scipy')])"
    )

    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "[]"
