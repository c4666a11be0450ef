"""What tests of second factors share: an app on a phone, and the steps of signing in with it."""

import base64
import re
from datetime import timedelta

from service.staff import totp
from tests.web.staff import OWN_FORM, submit_form


class Phone:
    """An authenticator app that was given a key."""

    def __init__(self, key, clock):
        self.secret = base64.b32decode(key.replace(" ", ""))
        self.clock = clock

    def code(self, **later):
        """What it shows, now or a little later."""
        return totp.code_at(self.secret, self.clock() + timedelta(**later))


def begin_app(client, clock):
    """Begin with an app: the phone that has read the key off the page."""
    submit_form(client, "/account/app", action="start")
    page = client.get("/account/app").text
    return Phone(re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)[1], clock)


def set_up_app(client, clock):
    """Switch an app on; returns the phone and the recovery codes shown."""
    phone = begin_app(client, clock)
    page = submit_form(client, "/account/app", action="confirm", code=phone.code()).text
    clock.move(seconds=60)  # the next code is another
    return phone, re.findall(r"<code>([a-z2-9-]{19})</code>", page)


def second_step(client, code, **more):
    """Hand in a code after the password."""
    return client.post("/login/second", data={"code": code, **more}, headers=OWN_FORM)


def options_for(client, path, **fields):
    """The challenge for a device, as the script fetches it."""
    answer = submit_form(client, path, **fields)
    assert answer.status_code == 200, answer.text
    return answer.json
