import pytest

from sentiment.core.corpus.data import DataError
from sentiment.core.corpus.labelfile import read_labelled_csv


@pytest.fixture
def wrote(tmp_path):
    def write(content: str | bytes) -> str:
        path = tmp_path / "mine.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def test_texts_over_several_lines_and_all_ways_to_write_a_label_are_read(wrote):
    path = wrote('\ufefflabel,text,group\nPositive,"Good,\nand long",a\n0,Bad,\n neg ,Worse,b\n1,Fine,b\n')
    assert [(e.text, e.label, e.group) for e in read_labelled_csv(path)] == [
        ("Good,\nand long", 1, "a"),
        ("Bad", 0, ""),
        ("Worse", 0, "b"),
        ("Fine", 1, "b"),
    ]


def test_everything_wrong_is_told_at_once_with_its_line(wrote):
    path = wrote("text,label\ngood,positive\n  ,negative\nbad,awful\nGood ,positive\ngood,negative\nfine\na, b,1\n")
    with pytest.raises(DataError) as refused:
        read_labelled_csv(path)
    told = str(refused.value).splitlines()
    assert told[0].endswith("mine.csv cannot be used:")
    assert told[1:] == [
        "line 3: the text is empty.",
        "line 4: the label is 'awful'; it must be positive or negative (or 1 or 0).",
        "line 5: the text is a duplicate of line 2.",
        "line 6: the text is labelled negative, but positive on line 2.",
        "line 7: the label is ''; it must be positive or negative (or 1 or 0).",
        "line 8: there are more columns than in the header; a text with commas needs quotes around it.",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text,label\ngood,1\nna\xefve,0\n", "line 3: not UTF-8"),
        ("review,label\n", "line 1: the header has no column text"),
        ("", "no column label and no column text"),
        ("text,label\ngood,1\nfine,1\n", "no row labelled negative: both labels are needed"),
        ('"text,label\n', "line 1: unexpected end of data"),
        ('text,label\n"good,1\n', "line 2: unexpected end of data"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(wrote, content, message):
    with pytest.raises(DataError, match=message):
        read_labelled_csv(wrote(content))


def test_a_long_list_of_faults_is_cut(wrote):
    with pytest.raises(DataError, match="… and 30 more"):
        read_labelled_csv(wrote("text,label\n" + ",1\n" * 50))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"absent\.csv: No such file"):
        read_labelled_csv(tmp_path / "absent.csv")


@pytest.mark.parametrize("content", [",text,label\n0,good,1\n1,bad,0\n", "text,label,\ngood,1,\nbad,0,\n"])
def test_a_column_without_a_name_is_left_out(wrote, content):
    assert [(e.text, e.label) for e in read_labelled_csv(wrote(content))] == [("good", 1), ("bad", 0)]
