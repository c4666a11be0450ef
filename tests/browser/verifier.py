"""A webhook receiver as a process of its own: verifies with the standardwebhooks package.

    python -m tests.browser.verifier PORT SECRET_FILE

Prints a line for each message: `verified TYPE STATUS` or `refused`. Answers 500 until the file
with the secret is there, so that what came too early is sent again.
"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError


def main() -> None:
    port, secret = int(sys.argv[1]), Path(sys.argv[2])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = 500 if not secret.exists() else self.judge(body)
            self.send_response(status)
            self.end_headers()

        def judge(self, body):
            try:
                event = Webhook(secret.read_text()).verify(body, dict(self.headers.items()))
            except WebhookVerificationError:
                say("refused")
                return 401
            say(f"verified {event['type']} {event['data'].get('name', '')}")
            return 200

        def log_message(self, *_):
            """Say nothing of its own."""

    server = HTTPServer(("127.0.0.1", port), Handler)
    say("ready")
    server.serve_forever()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
