"""Takes mail on port 25 and webhooks on port 8080, and shows on a GET all that came, as JSON."""

from __future__ import annotations

import email
import email.policy
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

RECEIVED: list[dict[str, str]] = []


class Mail:
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = message.get_body().get_content()
        RECEIVED.append({"by": "mail", "to": message["To"], "subject": message["Subject"], "body": body})
        return "250 OK"


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        RECEIVED.append({"by": self.path.strip("/"), "body": body})
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(RECEIVED).encode())


Controller(Mail(), hostname="0.0.0.0", port=25).start()  # noqa: S104
ThreadingHTTPServer(("0.0.0.0", 8080), Webhook).serve_forever()  # noqa: S104
