"""Finding films by title and people: whole words first, and where they find little, words that look alike."""

from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramWordSimilarity
from django.db import connection
from django.db.models import Case, F, FloatField, IntegerField, Q, Value, When
from django.db.models.functions import Cast, Coalesce, Greatest, Round

from textflix.movies.models import MovieQuerySet
from textflix.pagination import Part

LONGEST = 100
FEW = 5
STEPS = 20
# A long cast holds something like almost anything.
TITLE_COUNTS = 1.25
EXACT, BEGINS, WORDS, ALIKE = 3, 2, 1, 0
RELEVANCE = Part(("-closeness", "-relevance", "-reviewed", "pk"))


def search(movies: MovieQuerySet, text: str) -> MovieQuerySet:
    """Return the films that the text finds, with closeness and relevance to order them by. Any text is safe."""
    folded = fold(text)
    if not folded:
        return movies.none().annotate(closeness=Value(0), relevance=Value(0), reviewed=Value(0))
    *words, last = folded.split()
    # The last word may be unfinished; but one letter alone would begin a word of almost every film.
    prefix = ":*" if words or len(last) > 1 else ""
    query = SearchQuery(" & ".join([*words, last + prefix]), config="simple", search_type="raw")
    by_words = Q(search=query)
    found = movies.filter(by_words)
    rank: SearchRank | Case = SearchRank(F("search"), query)
    first_titles = found.values_list("search_title", flat=True)[:FEW]
    if len(folded) > 2 and len(first_titles) < FEW and folded not in first_titles:
        # Operators, because only they use the trigram indexes; their threshold is set for every connection.
        alike = Q(search_title__trigram_word_similar=folded) | Q(search_names__trigram_word_similar=folded)
        found = movies.filter(by_words | alike)
        by_title = TrigramWordSimilarity(folded, "search_title") * Value(TITLE_COUNTS)
        likeness = Greatest(by_title, TrigramWordSimilarity(folded, "search_names"))
        rank = Case(When(by_words, then=rank), default=likeness)
    return found.annotate(
        closeness=Case(
            When(search_title=folded, then=Value(EXACT)),
            When(search_title__startswith=folded, then=Value(BEGINS)),
            When(by_words, then=Value(WORDS)),
            default=Value(ALIKE),
        ),
        # Coarse and whole: so that the number of reviews decides among equals, and cursors hold it exactly.
        relevance=Cast(Round(Cast(rank, FloatField()) * STEPS), IntegerField()),
        reviewed=Coalesce("sentiment__reviews", 0),
    )


def fold(text: str) -> str:
    """Fold a text as the search columns are folded, by the database. What remains has no operators."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT fold(%s)", [text.replace("\0", " ")[:LONGEST]])
        return str(cursor.fetchone()[0])
