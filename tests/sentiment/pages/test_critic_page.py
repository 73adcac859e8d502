"""The critic's public record, and the box to try it: read by the worker, seen by nobody else, gone after an hour."""

import json
import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from sentiment.core.critic.checkpoints import ANNOTATOR, CARD, SHIPPED, read_card
from sentiment.core.critic.scorer import Scorer
from sentiment.models import ScoreRequest
from sentiment.pages import learning_curve
from sentiment.tasks import score_backlog
from sentiment.versions import moves
from sentiment.versions.promotion import promote
from sentiment.worker import score_requests, scoring
from tests.conftest import PAN, PRAISE
from tests.makers import make_member, make_movie, make_review
from textflix.reviews.models import Review

pytestmark = pytest.mark.usefixtures("nothing_is_off")


def ask(client, text):
    return client.post("/critic/try/", {"text": text})["Location"]


def test_a_text_is_read_by_the_worker_and_shown_with_its_evidence(client, version):
    address = ask(client, PAN)
    assert "reading…" in client.get(address).content.decode()
    scoring.drain(1, live_only=True)
    page = client.get(address).content.decode()
    assert re.search(r"<strong>Reads negative</strong> · 9\d%", page)
    assert "hx-trigger" not in page.split('id="tried"')[1].split("</form>")[0]
    assert '<mark id="s-' in page
    assert not Review.objects.exists()


def test_what_a_tried_text_says_of_aspects_stands_after_its_sentences(client, version):
    address = ask(client, "The acting is superb. The plot is a dull mess.")
    scoring.drain(1, live_only=True)
    text = client.get(address).content.decode().split('id="tried-text"')[1].split("</div>")[0]
    said = re.findall(r'<(\w+) class="says (\w)" dir="ltr"><span class="vh">(\w+) the </span>(\w+)</\1>', text)
    assert said == [("span", "g", "praises", "acting"), ("span", "b", "criticises", "story")]


def test_an_open_page_asks_for_the_fragment_alone(client, version):
    address = ask(client, PRAISE)
    waiting = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in waiting
    assert f'hx-get="{address}' in waiting
    scoring.drain(1)
    assert "hx-get" not in client.get(address, headers={"HX-Request": "true"}).content.decode()


@pytest.mark.parametrize("text", ["", "   ", "a" * 5_001, "a\0b"])
def test_what_cannot_be_read_is_refused_with_a_reason(client, db, text):
    answer = client.post("/critic/try/", {"text": text})
    assert answer.status_code == 400
    assert 'class="errorlist' in answer.content.decode()
    assert not ScoreRequest.objects.exists()


def test_payloads_stay_text(client, version):
    address = ask(client, '<script>alert(1)</script> I loved "it".')
    scoring.drain(1)
    page = client.get(address).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_too_many_are_refused(client, db, settings):
    settings.TEXTS_PER_MINUTE_AND_ADDRESS = 2
    assert [client.post("/critic/try/", {"text": PRAISE}).status_code for _ in range(3)] == [302, 302, 429]
    assert ScoreRequest.objects.count() == 2


def test_what_is_older_than_an_hour_is_forgotten(client, version):
    address = ask(client, PRAISE)
    ScoreRequest.objects.update(asked_at=timezone.now() - timedelta(minutes=61))
    score_backlog()
    assert client.get(address).status_code == 404


def test_a_text_that_cannot_be_read_keeps_no_review_waiting(client, movie, version, monkeypatch):
    predict = Scorer.predict

    def failing(self, texts):
        if "poison" in texts:
            raise RuntimeError("cannot read this")
        return predict(self, texts)

    monkeypatch.setattr(Scorer, "predict", failing)
    address = ask(client, "poison")
    review = make_review(movie, make_member(), text=PRAISE)
    for _ in range(4):
        scoring.drain(1)
        ScoreRequest.objects.update(leased_until=None)
    review.reading.refresh_from_db()
    assert review.reading.state == "scored"
    assert ScoreRequest.objects.get().attempts == 3
    assert "Could not be read" in client.get(address).content.decode()


def test_a_text_whose_worker_died_is_read_by_the_next(version):
    ScoreRequest.objects.create(text=PRAISE)
    assert len(ScoreRequest.objects.all().claim(8)) == 1
    assert score_requests.read_waiting(version) == 0
    ScoreRequest.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert score_requests.read_waiting(version) == 1


def test_every_version_is_listed_with_its_figures_and_the_serving_one_is_named(client, version, make_version):
    promote(make_version(), reason="better by two points")
    make_version()
    page = client.get("/critic/").content.decode()
    assert page.count("85% of 100 (77%–91%)") == 3
    assert page.count("<strong>in use</strong>") == 1
    assert "better by two points" in page
    assert "never" in page


def test_films_that_the_last_change_moved_are_named(client, movie, version, make_version):
    for _ in range(3):
        make_review(movie, make_member(), text=PRAISE)
    make_review(make_movie(), make_member(), text=PRAISE)
    scoring.drain(10)
    newer = make_version()
    promote(newer, reason="newer")
    scoring.drain(10)
    newer.scores.update(positive=0.5)
    call_command("rebuild_sentiment")
    moves.note_moves()
    (move,) = client.get("/critic/").context["change"].moves
    assert (move.movie, move.reviews, move.after) == (movie, 3, 50)
    assert move.before > 50


def test_each_promotion_shows_as_soon_as_everything_is_read_again(client, movie, version, make_version):
    for _ in range(3):
        make_review(movie, make_member(), text=PRAISE)
    score_backlog()
    before = version
    for _ in range(3):
        newer = make_version()
        promote(newer, reason="newer")
        # A sweeper that found nothing to read just before the promotion notes nothing half-read.
        moves.note_moves()
        page = " ".join(client.get("/critic/").content.decode().split())
        assert f"Version {newer.pk} took over from version {before.pk}. Reviews are being read again" in page
        score_backlog()
        score_backlog()
        page = " ".join(client.get("/critic/").content.decode().split())
        assert f"Version {newer.pk} took over from version {before.pk}. These films moved most" in page
        before = newer


def test_the_first_version_took_over_from_none(client, version):
    score_backlog()
    assert client.get("/critic/").context["change"] is None


def test_without_any_version_the_page_says_so(client, db):
    assert "No version is in use yet" in client.get("/critic/").content.decode()


def test_queries_do_not_grow_with_the_versions(client, version, make_version, django_assert_max_num_queries):
    for _ in range(4):
        promote(make_version(), reason="again")
    client.get("/critic/")
    with django_assert_max_num_queries(8):
        client.get("/critic/")


def demo_reviews(movie, *rows):
    for row in rows:
        make_review(movie, text=PRAISE, source="demo", external_id=f"demo/{row}")


def test_calibration_and_the_simpler_model_are_told_where_the_card_tells_them(client, version, movie):
    demo_reviews(movie, 7)
    rows = {"only_critic_right": [7, 8], "only_nb_svm_right": []}
    bins = [{"n": 40, "predicted": 0.05, "positive": 0.1}, {"n": 60, "predicted": 0.9, "positive": 0.85}]
    version.metrics["report"] = {
        "test": {"accuracy": 0.91, "n": 5002, "calibration": bins},
        "nb_svm": {"accuracy": 0.814, "demo_rows": rows},
    }
    version.save()
    answer = client.get("/critic/")
    assert [(dot.said, dot.so, dot.n) for dot in answer.context["dots"]] == [(5, 10, 40), (90, 85, 60)]
    only_critic = answer.context["rival"].only_critic
    assert (only_critic.count, [review.external_id for review in only_critic.reviews]) == (2, ["demo/7"])
    page = answer.content.decode()
    assert "right on 81.4% of 5,002 reviews that neither ever saw, the critic on 91.0%" in page
    assert "91.0% of 5,002 in a larger test" in page
    assert page.count("<circle") == 2


def test_a_version_that_was_not_compared_falls_back_to_the_newest_that_was(client, version, make_version, movie):
    demo_reviews(movie, 7, 8)
    compared, newest = make_version(), make_version()
    rows = {"only_critic_right": [7], "only_nb_svm_right": [8]}
    compared.metrics["nb_svm"] = {"accuracy": 0.7, "demo_rows": rows}
    compared.save()
    promote(newest, reason="newer")
    page = client.get("/critic/").content.decode()
    assert "right on 70.0% of 100 demo reviews that neither ever saw, the critic on 85.0%" in page
    assert f"That is version {compared.pk}, the newest that was compared" in page
    promote(compared, reason="compared")
    assert "the newest that was compared" not in client.get("/critic/").content.decode()


def test_demo_reviews_that_this_site_does_not_have_are_counted_and_said_not_to_be_there(client, version):
    rows = {"only_critic_right": [7, 8, 9], "only_nb_svm_right": []}
    version.metrics["nb_svm"] = {"accuracy": 0.7, "demo_rows": rows}
    version.save()
    page = client.get("/critic/").content.decode()
    assert "Only the critic: 3" in page
    assert "None of them is on this site." in page


def test_versions_are_told_in_words_and_their_technique_in_small_print(client, make_version):
    promote(make_version(), reason="first version, 85.0% right on 100 held-out texts")
    promote(make_version(), reason="86.0% against the champion's 85.0% on 100 held-out texts")
    page = client.get("/critic/").content.decode()
    assert "quick training on 120 labelled reviews" in page
    assert re.search(r"<small[^>]*>logistic regression on frozen features, first 3 layers of minilm</small>", page)
    assert "right on 86.0% of 100 reviews that it never saw, the version before it on 85.0%" in page
    assert "first version, 85.0% right on 100 reviews that it never saw" in page
    assert "champion" not in page


def test_the_learning_curve_has_its_table_and_the_critic_that_comes_with_the_project(client, db):
    answer = client.get("/critic/")
    curve, page = answer.context["curve"], answer.content.decode()
    assert curve.sizes == sorted(curve.sizes)
    assert all(len(line.cells) == len(curve.sizes) for line in curve.lines)
    by_name = {line.name: line.cells for line in curve.lines}
    assert f"<td>{by_name['NB-SVM'][-1]:.1f}</td>" in page
    test = read_card(SHIPPED)["report"]["test"]
    assert by_name["the critic that comes with Textflix"][curve.sizes.index(500)] == 100 * test["accuracy"]
    assert f"{100 * test['accuracy_low']:.1f}–{100 * test['accuracy_high']:.1f}%) of {test['n']:,} reviews" in page


def test_how_often_it_is_right_on_real_reviews_is_what_the_cards_say(client, db):
    page = " ".join(client.get("/critic/").content.decode().split())
    verdicts = read_card(SHIPPED)["report"]["test"]
    found = json.loads((ANNOTATOR / CARD).read_text())["report"]
    aspects = found["aspects"]
    assert f"of {verdicts['n']:,} real reviews" in page
    assert f"it reads {100 * verdicts['accuracy']:.0f}% as their stars say" in page
    assert f"of {aspects['reviews']} real reviews that people read by hand" in page
    assert f"it finds {100 * aspects['judged']['recall']['accuracy']:.0f}% of what they judge" in page
    assert f"{100 * aspects['judged']['precision']['accuracy']:.0f}% of what it finds is there" in page
    assert f"{100 * aspects['polarity']['accuracy']:.0f}% of that it reads the right way" in page
    assert f"in {100 * found['marks']['mark']['decisive']:.0f}% of them" in page


def test_without_a_shipped_critic_the_curve_has_no_star(client, db, settings, tmp_path):
    (tmp_path / "static").symlink_to(settings.BASE_DIR / "static")
    settings.BASE_DIR = tmp_path
    learning_curve.learning_curve.cache_clear()
    try:
        assert learning_curve.learning_curve().shipped is None
    finally:
        learning_curve.learning_curve.cache_clear()


def test_what_was_typed_without_scripts_is_in_the_form_that_has_a_token(client):
    page = client.get("/critic/try/", {"text": PRAISE}).content.decode()
    assert PRAISE in page
    assert "csrfmiddlewaretoken" in page


def test_only_where_what_is_typed_goes_by_an_address_visitors_are_told_so(client, db):
    said = "part of its address, which your browser remembers"
    page = client.get("/critic/").content.decode()
    assert said in page
    assert "Up to 5,000 characters" in page
    assert said not in client.get("/critic/try/").content.decode()
    client.force_login(make_member())
    assert said not in client.get("/critic/").content.decode()
