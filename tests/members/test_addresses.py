"""Where requests come from, for every limit and for the log, with and without proxies before the site."""

import pytest
from allauth.core.internal.ratelimit import truncate_ip
from django.test import Client, RequestFactory

from tests.makers import PASSWORD, make_member
from textflix.members.addresses import client_address, client_network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "peer", "address"),
    [
        (0, "6.6.6.6", "10.0.0.1", "10.0.0.1"),
        (1, "", "10.0.0.1", "10.0.0.1"),
        (1, "192.0.2.7", "10.0.0.1", "192.0.2.7"),
        (1, "6.6.6.6, 192.0.2.7", "10.0.0.1", "192.0.2.7"),
        (2, "6.6.6.6, 192.0.2.7, 10.0.0.2", "10.0.0.1", "192.0.2.7"),
        (2, "192.0.2.7", "10.0.0.1", "10.0.0.1"),
        (1, "<script>", "10.0.0.1", "10.0.0.1"),
        (1, "2001:DB8:0:1::9", "10.0.0.1", "2001:db8:0:1::9"),
        (1, "::ffff:192.0.2.7", "10.0.0.1", "192.0.2.7"),
        (1, "fe80::1%eth0", "10.0.0.1", "fe80::1"),
        (0, "", "", "127.0.0.1"),
    ],
)
def test_only_what_the_trusted_proxies_added_is_believed(settings, proxies, forwarded, peer, address):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:100::9", "2001:db8:0:100::"),
        ("2001:db8:0:1ff:f:f:f:f", "2001:db8:0:100::"),
        ("2001:db8:0:200::9", "2001:db8:0:200::"),
    ],
)
def test_a_household_is_counted_as_one(peer, network):
    request = RequestFactory().get("/", REMOTE_ADDR=peer)
    assert client_network(request) == network
    assert truncate_ip(client_address(request)) == network, "allauth counts otherwise"


class BehindAProxy(Client):
    """A browser whose proxy calls the site from one address for everybody, and adds where the browser is."""

    def __init__(self, address, says=""):
        super().__init__(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=f"{says}, {address}" if says else address)


def sign_in(client, password=PASSWORD, name="staff"):
    return client.post("/accounts/login/", {"login": name, "password": password})


@pytest.mark.django_db
class TestBehindOneProxy:
    @pytest.fixture(autouse=True)
    def _proxy(self, settings):
        settings.TRUSTED_PROXIES = 1

    def test_failures_and_successes_are_logged_with_the_address_and_not_with_what_was_typed(self, log):
        member = make_member("staff")
        sign_in(BehindAProxy("192.0.2.7"), "my-other-password")
        sign_in(BehindAProxy("192.0.2.8"), name="typed-my-password-here")
        sign_in(BehindAProxy("192.0.2.9"))
        text = log.getvalue()
        assert f"WARNING textflix.members.audit: member {member.pk}: failed to sign in from 192.0.2.7" in text
        assert "member None: failed to sign in from 192.0.2.8" in text
        assert f"member {member.pk}: signed in from 192.0.2.9" in text
        assert "my-other-password" not in text
        assert "typed-my-password-here" not in text

    @pytest.mark.parametrize("says", ["", "6.6.6.{}"])
    def test_limits_of_sign_in_count_by_the_address_that_the_proxy_saw(self, says):
        for number in range(10):
            sign_in(BehindAProxy("192.0.2.7", says=says.format(number)), "guess", name=f"name-{number}")
        make_member("staff")
        refused, other = BehindAProxy("192.0.2.7", says=says.format(99)), BehindAProxy("192.0.2.8")
        sign_in(refused)
        sign_in(other)
        assert "_auth_user_id" not in refused.session
        assert "_auth_user_id" in other.session
