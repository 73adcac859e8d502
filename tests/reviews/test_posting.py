import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.makers import PASSWORD, TEXT, make_member, make_movie, make_review
from textflix.members.models import User
from textflix.reviews.models import Review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_off")]


@pytest.fixture
def movie():
    return make_movie()


@pytest.fixture
def ada(client):
    member = make_member(date_joined=timezone.now() - timedelta(days=1))
    client.force_login(member)
    return member


def post(client, movie, text=TEXT, **fields):
    return client.post(f"/film/{movie.slug}/review/", {"text": text, **fields})


def test_a_new_member_signs_up_and_posts_at_once(client, movie):
    signed_up = client.post(
        "/accounts/signup/",
        {"username": "newcomer", "email": "n@example.org", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert signed_up.status_code == 302
    answer = post(client, movie, stars="7", spoiler="on")
    review = Review.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/review/{review.pk}/"
    assert (review.author.username, review.stars, review.spoiler, review.source) == ("newcomer", 7, True, "member")
    assert abs(review.written_at - timezone.now()) < timedelta(minutes=1)
    assert b"reading\xe2\x80\xa6" in client.get(answer["Location"]).content


def test_a_visitor_is_sent_to_sign_in_and_comes_back(client, movie):
    answer = post(client, movie)
    assert answer["Location"] == "/accounts/login/?next=/film/rear-window/review/"
    assert not Review.objects.exists()


def test_one_review_per_film_and_member(client, ada, movie):
    post(client, movie)
    review = Review.objects.get()
    again = post(client, movie, text="Quite another opinion, after sleeping over it.")
    assert again.status_code == 409
    assert f"/review/{review.pk}/edit/" in again.content.decode()
    assert "Quite another opinion" in again.content.decode()
    form = client.get(f"/film/{movie.slug}/review/").content.decode()
    assert f"/review/{review.pk}/edit/" in form
    assert "<textarea" not in form
    assert Review.objects.get().text == TEXT


def test_a_text_that_is_too_long_as_it_was_sent_is_refused_and_kept_in_the_form(client, ada, movie):
    text = "A review and nothing more." + " " * 20_973 + "x"
    for sent in (text, text[:-1] + " "):
        answer = post(client, movie, text=sent)
        assert answer.status_code == 400
        page = answer.content.decode()
        assert "at most 20000 characters: this one has 21000." in page
        assert f">\n{sent}</textarea>" in page
    assert not Review.objects.exists()


def test_only_identical_text_is_a_duplicate(client, ada, movie):
    post(client, movie)
    other = make_movie("vertigo")
    refused = post(client, other, text=f"\r\n{TEXT}  ")
    assert refused.status_code == 409
    assert "exactly this text" in refused.content.decode()
    assert post(client, other, text=f"{TEXT} Yes.").status_code == 302


def test_another_member_may_post_the_same_text(client, ada, movie):
    make_review(movie, make_member("bob"))
    assert post(client, movie).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_posts_at_once_leave_one_review(movie):
    member = make_member()
    clients = [Client(), Client()]
    statuses = []
    start = threading.Barrier(2)

    def send(client):
        start.wait()
        statuses.append(post(client, movie).status_code)
        connection.close()

    for client in clients:
        client.force_login(member)
    threads = [threading.Thread(target=send, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302, 409]
    assert Review.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x" * 19, None),
        ("x" * 20, "x" * 20),
        ("x" * 20_000, "x" * 20_000),
        ("x" * 20_001, None),
        ("🎬" * 19, None),
        ("🎬" * 20, "🎬" * 20),
        ("🎬" * 20_000, "🎬" * 20_000),
        ("🎬" * 20_001, None),
        (" \n" + "x" * 19 + "\n ", None),
        ("A first paragraph.\r\n\r\nA second one.\r", "A first paragraph.\n\nA second one."),
        ("a\r\n" * 9_999 + "abc", None),
        ("a\r\n" * 9_999 + "ab", "a\n" * 9_999 + "ab"),
        (" " * 500 + "x" * 19_500, "x" * 19_500),
        (" " * 500 + "x" * 19_501, None),
        ("x" * 20 + "\r\n" * 19_980, "x" * 20),
        ("Twenty characters and \x00 null.", None),
        ("", None),
    ],
)
def test_length_is_counted_in_characters_as_kept(client, ada, movie, text, kept):
    answer = post(client, movie, text=text)
    if kept is None:
        assert answer.status_code == 400
        assert "errorlist" in answer.content.decode()
        assert not Review.objects.exists()
    else:
        assert answer.status_code == 302
        assert Review.objects.get().text == kept


@pytest.mark.parametrize(
    "text", ["\u200b" * 25, "\u3164" * 40, "a" + "\u0301" * 60, "a" + "\u2800" * 30 + "b", "x\u202e" * 15]
)
def test_what_cannot_be_seen_does_not_count(client, ada, movie, text):
    answer = post(client, movie, text=text)
    assert answer.status_code == 400
    assert "at least 20 characters that can be seen" in answer.content.decode()
    assert not Review.objects.exists()


def test_a_refused_text_stays_in_the_form_with_one_clear_reason(client, ada, movie):
    page = post(client, movie, text="<b>short</b>").content.decode()
    assert "&lt;b&gt;short&lt;/b&gt;" in page
    assert page.count("at least 20 characters") == 1


@pytest.mark.parametrize("stars", ["0", "11", "-1", "2.5", "x", "9" * 30])
def test_odd_stars_are_refused(client, ada, movie, stars):
    assert post(client, movie, stars=stars).status_code == 400
    assert not Review.objects.exists()


def test_no_rating_is_no_rating(client, ada, movie):
    post(client, movie, stars="")
    assert Review.objects.get().stars is None


def test_other_fields_cannot_be_assigned(client, ada, movie):
    bob = make_member("bob")
    assigned = {
        "author": bob.pk,
        "author_id": bob.pk,
        "movie": make_movie("vertigo").pk,
        "hidden": "on",
        "source": "demo",
        "external_id": "x",
        "written_at": "2001-01-01",
        "positive": "1",
        "label": "positive",
        "is_staff": "on",
    }
    client.post(f"/film/{movie.slug}/review/", {"text": TEXT, **assigned})
    review = Review.objects.get()
    assert (review.author, review.movie, review.hidden, review.source) == (ada, movie, False, "member")
    assert review.external_id is None
    assert review.written_at.year > 2001
    assert not User.objects.filter(is_staff=True).exists()


def movies(count):
    return [make_movie(f"film-{number}") for number in range(count)]


def post_all(client, films):
    return [post(client, film, text=f"Film {n}: {TEXT}").status_code for n, film in enumerate(films)]


def test_sixty_posts_a_minute_from_one_address_pass_and_one_more_does_not():
    films = movies(21)
    statuses = []
    for name in ("ada", "bob", "cleo"):
        client = Client()
        client.force_login(make_member(name, date_joined=timezone.now() - timedelta(days=1)))
        statuses += post_all(client, films[:20])
    assert statuses == [302] * 60
    refused = post(client, films[20], text="One too many, says the limit for this address.")
    assert refused.status_code == 429
    assert "One too many, says the limit" in refused.content.decode()


def test_a_spoofed_forwarded_address_evades_nothing(client, ada, settings):
    settings.POSTS_PER_MINUTE_AND_ADDRESS = 1
    films = movies(2)
    sent = [
        client.post(
            f"/film/{film.slug}/review/", {"text": f"{film.pk} {TEXT}"}, HTTP_X_FORWARDED_FOR=f"10.0.0.{film.pk}"
        )
        for film in films
    ]
    assert [answer.status_code for answer in sent] == [302, 429]


def test_a_new_account_posts_ten_in_its_first_hour(client):
    newcomer = make_member()
    client.force_login(newcomer)
    assert post_all(client, movies(11)) == [302] * 10 + [429]


def test_an_older_account_posts_as_many_as_the_setting_says(client, ada, settings, time_machine):
    settings.POSTS_PER_HOUR = 12
    films = movies(14)
    assert post_all(client, films[:13]) == [302] * 12 + [429]
    time_machine.move_to(timezone.now() + timedelta(minutes=61))
    assert post(client, films[13], text=f"An hour later. {TEXT}").status_code == 302


def test_deleting_gives_no_post_back(client, ada, settings):
    settings.POSTS_PER_HOUR = 2
    first, second, third = movies(3)
    post(client, first)
    client.post(f"/review/{Review.objects.get().pk}/delete/")
    assert post(client, first).status_code == 302
    client.post(f"/review/{Review.objects.get().pk}/delete/")
    assert post(client, second).status_code == 429
    assert post(client, third).status_code == 429


def test_what_was_refused_is_not_counted(client, ada, settings):
    settings.POSTS_PER_HOUR = 2
    first, second = movies(2)
    assert post(client, first).status_code == 302
    for _ in range(3):
        assert post(client, first).status_code == 409
    assert post(client, second, text=f"Of the second. {TEXT}").status_code == 302


def test_editing_keeps_the_date_and_notes_the_edit(client, ada, movie):
    review = make_review(movie, ada, written_at=timezone.now() - timedelta(days=3))
    answer = client.post(f"/review/{review.pk}/edit/", {"text": f"{TEXT} Twice.", "stars": "9"})
    assert answer["Location"] == f"/review/{review.pk}/"
    edited = Review.objects.get()
    assert (edited.text, edited.stars, edited.written_at) == (f"{TEXT} Twice.", 9, review.written_at)
    assert edited.edited_at is not None
    assert edited.digest != review.digest
    assert "edited" in client.get(answer["Location"]).content.decode()


def test_new_stars_alone_are_no_edit_of_the_text(client, ada, movie):
    review = make_review(movie, ada, text="First line of mine.\nSecond line of mine.")
    client.post(f"/review/{review.pk}/edit/", {"text": "First line of mine.\r\nSecond line of mine.", "stars": "2"})
    edited = Review.objects.get()
    assert (edited.stars, edited.edited_at) == (2, None)


def test_an_edit_cannot_undo_a_moderator(client, ada, movie):
    review = make_review(movie, ada)
    review.hidden = True
    review.save()
    assert client.post(f"/review/{review.pk}/edit/", {"text": f"{TEXT} Twice."}).status_code == 404
    assert Review.objects.get().text == TEXT


def test_deleting_asks_first_and_leaves_nothing(client, ada, movie):
    review = make_review(movie, ada)
    assert client.get(f"/review/{review.pk}/delete/").status_code == 200
    assert Review.objects.exists()
    assert client.post(f"/review/{review.pk}/delete/")["Location"] == movie.get_absolute_url()
    assert not Review.objects.exists()
    assert client.get(f"/review/{review.pk}/").status_code == 404
