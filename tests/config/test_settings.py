"""Settings are complete, explained, and loud about mistakes."""

import re
import tomllib
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from config import Settings, SettingsError, load
from config.settings import RANGES, SHIPPED, TRUE_WORDS

FIELDS = {field.name: field.type for field in fields(Settings)}
LINE = re.compile(r"^([a-z_]+) = (.+?)\s+# (.+)$")


def test_every_setting_stands_in_the_shipped_file_with_a_default_and_a_comment():
    explained = {
        found[1]: found[3]
        for line in SHIPPED.read_text("utf-8").splitlines()
        if (found := LINE.match(line))
    }
    assert list(explained) == list(FIELDS)
    assert set(tomllib.loads(SHIPPED.read_text("utf-8"))) == set(FIELDS)
    assert [name for name, comment in explained.items() if len(comment) < 10] == []


def test_every_number_has_a_range_and_its_default_lies_within():
    numbers = {name for name, kind in FIELDS.items() if kind in (int, float)}
    assert set(RANGES) == numbers
    load({})


def test_without_anything_set_it_listens_on_this_machine_only():
    assert load({}).host == "127.0.0.1"


@pytest.mark.parametrize(
    "read",
    [
        lambda _: load({"GATEPOST_COLOUR": "red"}),
        lambda _: load({}, colour="red"),
        lambda folder: load({"GATEPOST_CONFIG": file(folder, 'colour = "red"')}),
        lambda folder: load({"GATEPOST_COLOUR_FILE": file(folder, "red")}),
    ],
    ids=["environment", "caller", "file", "secret"],
)
def test_an_unknown_setting_is_named(read, tmp_path):
    with pytest.raises(SettingsError, match="unknown setting: colour"):
        read(tmp_path)


def file(folder: Path, text: str) -> str:
    path = folder / "settings"
    path.write_text(text, "utf-8")
    return str(path)


def test_the_later_source_wins(tmp_path):
    chosen = {"GATEPOST_CONFIG": file(tmp_path, "port = 1111\nthreads = 2")}
    assert load(chosen).port == 1111
    chosen["GATEPOST_PORT"] = "2222"
    assert (load(chosen).port, load(chosen).threads) == (2222, 2)
    assert load(chosen, port=3333).port == 3333


def test_variables_of_others_are_none_of_our_business():
    assert load({"PORT": "1", "GATEPOSTPORT": "2"}) == load({})


def test_a_secret_is_read_from_the_file_its_variable_names(tmp_path):
    address = "postgresql+psycopg://u:secret@db/gatepost"
    settings = load({"GATEPOST_DATABASE_URL_FILE": file(tmp_path, f"{address}\n")})
    assert settings.database == address
    assert not settings.on_sqlite


def test_a_missing_secret_file_is_named_and_what_it_holds_is_not(tmp_path):
    with pytest.raises(SettingsError, match=r"GATEPOST_DATABASE_URL_FILE.*No such file"):
        load({"GATEPOST_DATABASE_URL_FILE": str(tmp_path / "absent")})


def test_a_setting_given_twice_is_refused(tmp_path):
    twice = {"GATEPOST_PORT": "1", "GATEPOST_PORT_FILE": file(tmp_path, "2")}
    for chosen in (twice, dict(reversed(twice.items()))):
        with pytest.raises(SettingsError, match="port is set twice"):
            load(chosen)


@pytest.mark.parametrize(
    ("text", "message"),
    [("port = = 1", "not valid TOML"), (None, "cannot read the settings file")],
)
def test_a_settings_file_that_cannot_be_read_is_named(tmp_path, text, message):
    path = str(tmp_path / "absent") if text is None else file(tmp_path, text)
    with pytest.raises(SettingsError, match=message) as error:
        load({"GATEPOST_CONFIG": path})
    assert path in str(error.value)


@pytest.mark.parametrize("name", sorted(RANGES))
def test_a_number_out_of_range_is_refused_and_its_bounds_are_named(name):
    low, high = RANGES[name]
    for beyond in (low - 1, high + 1):
        with pytest.raises(SettingsError, match=f"{name} must be between {low} and {high}"):
            load({}, **{name: beyond})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("port", "eighty", "a whole number"),
        ("port", 80.5, "a whole number"),
        ("port", True, "a whole number"),
        ("undo_hold", "soon", "a number"),
        ("undo_hold", "nan", "between"),
        ("dispatcher", "maybe", "true or false"),
        ("dispatcher", "", "true or false"),
        ("data_dir", 7, "a text"),
        ("trusted_hosts", 7, "a list of texts"),
        ("webhook_allow", [7], "a list of texts"),
        ("base_url", "blog.example.org", "http"),
        ("base_url", "https://blog.example.org/comments", "without a path"),
        ("base_url", "https://blog.example.org/", "slash"),
        ("log_level", "chatty", "log_level"),
        ("akismet_host", "https://akismet.example.org", "akismet_host must be a host name"),
        ("delivery_lease", "15", "longer than delivery_deadline"),
        ("database_url", "mysql://root@db/x", "sqlite:////"),
        ("database_url", "postgresql+psycopg2://u@db/x", "postgresql\\+psycopg://"),
    ],
)
def test_a_wrong_value_is_refused_and_named(name, value, message):
    with pytest.raises(SettingsError, match=message) as error:
        load({}, **{name: value})
    assert name in str(error.value)


@pytest.mark.parametrize("word", [*sorted(TRUE_WORDS), "TRUE", "On"])
def test_words_for_yes(word):
    assert load({"GATEPOST_CHECK_DELIVERABILITY": word}).check_deliverability is True


def test_lists_are_separated_by_commas_or_blanks():
    settings = load({"GATEPOST_TRUSTED_HOSTS": "a.example, b.example:8080 c.example"})
    assert settings.trusted_hosts == ("a.example", "b.example:8080", "c.example")


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(FrozenInstanceError):
        load({}).port = 1


def test_the_database_lies_in_the_data_folder_unless_said_otherwise(tmp_path):
    settings = load({}, data_dir=str(tmp_path))
    assert settings.database == f"sqlite:///{tmp_path}/gatepost.db"
    assert settings.on_sqlite


def test_our_host_is_that_of_the_base_url_with_its_port_and_those_named():
    settings = load({}, base_url="https://Talk.Example.org:8443", trusted_hosts=["Inside:80"])
    assert settings.allowed_hosts == {"talk.example.org:8443", "inside:80"}
    assert settings.secure


def test_the_body_cap_holds_the_longest_comment_in_emoji():
    assert load({}, comment_max=10).ingress_body_cap == 12 * 10 + 16384


def test_without_an_address_of_its_own_it_is_where_it_listens():
    assert load({}).base_url == "http://127.0.0.1:8080"
    assert load({}, port=9000).base_url == "http://127.0.0.1:9000"
    assert load({}, host="0.0.0.0", port=9000).base_url == "http://127.0.0.1:9000"


def test_on_this_machine_all_its_names_are_ours():
    assert load({}, port=9000).allowed_hosts == {"127.0.0.1:9000", "localhost:9000", "[::1]:9000"}
