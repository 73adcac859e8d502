"""Visitors of the stack: one who posts through the proxy over TLS, and a crowd that sends a byte now and then."""

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import requests

TEXT = "A wonderful film: the acting is superb, the story moving, and I loved every minute of it."


class Visitor(requests.Session):
    def __init__(self, http: int, https: int, certificate: Path) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = str(certificate)
        self.plain, self.site = f"http://localhost:{http}", f"https://localhost:{https}"

    def is_sent_to_tls(self) -> None:
        answer = self.get(f"{self.plain}/films/", allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (308, "https://localhost/films/"), answer.headers
        # What a visitor claims about the way here is dropped: else this would be answered without TLS.
        claimed = self.get(f"{self.plain}/", headers={"X-Forwarded-Proto": "https"}, allow_redirects=False)
        assert claimed.status_code == 308
        assert "max-age=31536000" in self.get(self.site).headers["Strict-Transport-Security"]
        assert self.get(self.site, headers={"Host": "elsewhere.example"}).status_code == 400

    def cannot_send_too_much(self) -> None:
        assert self.post(self.site, data=b"x" * 1_300_000).status_code == 413

    def fill_in(self, path: str, **values: str) -> requests.Response:
        page = self.get(self.site + path)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token, f"{page.url}: {page.status_code} {page.text[:500]}"
        form = {"csrfmiddlewaretoken": token[1]} | values
        return self.post(page.url, data=form, headers={"Referer": page.url})

    def sign_in(self, name: str, password: str) -> None:
        answer = self.fill_in("/accounts/login/", login=name, password=password)
        assert "__Host-sessionid" in self.cookies, answer.text[:500]

    def post_and_wait(self) -> float:
        """The seconds from the post to its verdict."""
        film = re.search(r'href="(/film/[^"/]+/)"', self.get(self.site).text)
        assert film
        start = time.monotonic()
        answer = self.fill_in(f"{film[1]}review/", text=TEXT)
        review = re.search(r"/review/(\d+)/$", answer.url)
        assert review, answer.url
        while time.monotonic() - start < 120:
            verdict = self.get(f"{self.site}/review/{review[1]}/verdict.json").json()
            if verdict.get("verdict"):
                assert verdict["verdict"] == "positive", verdict
                return time.monotonic() - start
            time.sleep(0.2)
        raise AssertionError("no verdict within two minutes")

    def page_seconds(self) -> float:
        times = []
        for _ in range(5):
            start = time.monotonic()
            assert self.get(self.site, timeout=20).ok
            times.append(time.monotonic() - start)
        return sorted(times)[2]

    def status(self) -> int:
        return self.get(self.site, timeout=20).status_code

    def comes_back(self) -> None:
        end = time.monotonic() + 30
        while self.status() != 200:
            assert time.monotonic() < end, "the site is not found again"
            time.sleep(0.5)


@contextlib.contextmanager
def slow_connections(port: int, count: int) -> Iterator[Callable[[], int]]:
    """So many connections, each with a form of which a byte comes every two seconds."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    held: list[ssl.SSLSocket] = []
    over = threading.Event()

    def drip(line: ssl.SSLSocket) -> None:
        line.sendall(b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n")
        while not over.wait(2):
            try:
                line.sendall(b"x")
            except OSError:
                held.remove(line)
                return

    for _ in range(count):
        line = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
        held.append(line)
        threading.Thread(target=drip, args=[line], daemon=True).start()
    try:
        yield lambda: len(held)
    finally:
        over.set()
        for line in held:
            line.close()
