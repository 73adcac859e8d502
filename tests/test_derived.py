"""Derived rows: what differs is found, and is written; what is so already is left alone."""

import pytest
from django.db import connection
from django.db.models import FloatField, Value
from django.db.models.expressions import RawSQL

from sentiment.core.evaluation import wilson_interval
from textflix.derived import Derived
from textflix.intervals import bound_in_sql, lower_bound
from textflix.movies.models import Genre

pytestmark = pytest.mark.django_db


def run(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def sums(where):
    return f"SELECT owner_id, kind, SUM(n)::int AS total FROM entry WHERE {where} GROUP BY owner_id, kind"


@pytest.fixture
def totals():
    run("CREATE TEMPORARY TABLE entry (owner_id int, kind text, n int) ON COMMIT DROP")
    run("CREATE TEMPORARY TABLE totals (owner_id int, kind text, total int, UNIQUE (owner_id, kind)) ON COMMIT DROP")
    run("INSERT INTO entry VALUES (1, 'a', 2), (1, 'a', 3), (1, 'b', 1), (2, 'a', 7), (3, 'a', 1)")
    return Derived("totals", ("owner_id", "kind"), ("total",), sums, "owner_id")


def stored():
    return run("SELECT owner_id, kind, total FROM totals ORDER BY 1, 2")


def test_rows_come_change_and_go_with_what_they_are_derived_from(totals):
    assert totals.differences() == [1, 2, 3]
    totals.refresh([1, 2])
    assert stored() == [(1, "a", 5), (1, "b", 1), (2, "a", 7)]
    assert totals.differences() == [3]
    run("DELETE FROM entry WHERE kind = 'b'")
    run("UPDATE entry SET n = 9 WHERE owner_id = 2")
    assert totals.differences() == [1, 2, 3]
    totals.refresh([1])
    assert stored() == [(1, "a", 5), (2, "a", 7)], "nobody else's rows are touched"
    totals.refresh([2, 3])
    assert totals.differences() == []


def test_what_is_so_already_is_not_written_again(totals):
    totals.refresh([1, 2, 3])
    before = run("SELECT ctid FROM totals ORDER BY owner_id, kind")
    run("UPDATE entry SET n = 8 WHERE owner_id = 3")
    totals.refresh([1, 2, 3])
    after = run("SELECT ctid FROM totals ORDER BY owner_id, kind")
    assert before[:3] == after[:3]
    assert before[3] != after[3]


def test_rows_that_stay_are_neither_made_nor_removed(totals):
    staying = Derived("totals", totals.key, totals.columns, sums, "owner_id", stay=True)
    run("INSERT INTO totals VALUES (1, 'a', 0), (4, 'a', 0)")
    staying.refresh([1, 2, 4])
    assert stored() == [(1, "a", 5), (4, "a", 0)]
    assert staying.differences() == [1, 2, 3, 4], "a row that is missing, and one that should not be there"


@pytest.mark.parametrize(("count", "of"), [(0, 1), (1, 1), (1, 3), (2, 7), (41, 60), (60, 60), (9_999, 10_000)])
def test_an_interval_is_the_same_wherever_it_is_computed(count, of):
    Genre.objects.create(name="any", slug="any")
    ends = {
        end: Genre.objects.annotate(
            end=RawSQL(bound_in_sql(str(count), f"{of}", end), (), output_field=FloatField())
        ).values_list("end", flat=True)[0]
        for end in ("lower", "upper")
    }
    low, high = wilson_interval(count, of)
    assert (ends["lower"], ends["upper"]) == pytest.approx((low, high))
    assert lower_bound(count, of) == pytest.approx(low, abs=1e-12)


def test_of_nothing_there_is_no_interval():
    Genre.objects.create(name="any", slug="any")
    nothing = RawSQL(bound_in_sql("0", "0", "lower"), (), output_field=FloatField())
    assert Genre.objects.annotate(end=nothing, none=Value(1)).values_list("end", flat=True)[0] is None
