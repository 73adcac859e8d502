"""Measures how well aspects are found and read, and what each of the means contributes."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from sentiment.core.corpus.annotated import Annotated
from sentiment.core.corpus.data import DataError
from sentiment.core.critic.analysis import annotated
from sentiment.core.critic.aspects import ASPECTS, FEATURES, Floats, TokenLogits
from sentiment.core.critic.encoding import length_sorted_batches, token_budget
from sentiment.core.critic.evidence import sentence_shares
from sentiment.core.critic.mentions import FAVOURS, JUDGES, LARGEST, Candidate, Weights, candidates, judgements, weigh
from sentiment.core.critic.scorer import Scorer
from sentiment.core.evaluation import wilson_interval
from sentiment.core.files import whole_file
from sentiment.core.text import sentence_spans

RESAMPLES: Final = 1_000
ONE_LINER: Final = "one_liner"
INPUTS: Final[Mapping[str, tuple[Sequence[str], Sequence[str]]]] = {
    "words": (("named",), FEATURES),
    "annotator": (JUDGES, ("polarity", "praise", "complaint", "contrast")),
}
"""By which inputs aspects are found, and read, without an annotator and with one.

Beside an annotator's polarity, what the critic makes of the review draws judgements against its verdict to that side
(of them 68 % were right on gold's `validation`, 75 % without it), and what it makes of the words adds nothing.
"""
MEANS: Final = {
    "words alone": (("named",), ("praise", "complaint")),
    "critic alone": (("named",), ("critic", "contrast")),
    "words and critic": INPUTS["words"],
    "annotator alone": (("vote",), ("polarity",)),
    "all": INPUTS["annotator"],
}
"""What may be left out of them."""
Table = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Read:
    """A row, and the sentences that may judge an aspect, as critic and annotator read them."""

    row: Annotated
    candidates: tuple[Candidate, ...]


def read_rows(scorer: Scorer, rows: Sequence[Annotated]) -> list[Read]:
    """Read the rows with what a Scorer weighs and does not hand out."""
    critic, texts = scorer.critic, [row.example.text for row in rows]
    encoded = critic.text_encoder.encode(texts)
    found: dict[int, Read] = {}
    for positions in length_sorted_batches(encoded, token_budget(scorer.device)):
        part = [encoded[i] for i in positions]
        batch = critic.text_encoder.collate(part, scorer.device)
        contributions = scorer.engine.read(batch).contributions
        notes = scorer.notes([texts[i] for i in positions], part, batch)
        for row, (i, of, note) in enumerate(zip(positions, part, notes, strict=True)):
            own, spans = contributions[row, : len(of.ids)][of.own], sentence_spans(texts[i])
            sentences = sentence_shares(spans, of.starts, of.head, of.tail, own)
            tokens = TokenLogits.of(of.starts, of.head, of.tail, own, critic.bias, critic.temperature)
            annotations = annotated(note, spans) if note else None
            found[i] = Read(rows[i], tuple(candidates(texts[i], sentences, tokens, annotations)))
    return [found[i] for i in range(len(rows))]


def fit(rows: Sequence[Read], judges: Sequence[str] = JUDGES, favours: Sequence[str] = FAVOURS) -> Weights:
    """Return two logistic regressions' weights and intercepts; inputs that are not named weigh nothing.

    That a review judges an aspect is learnt from its likeliest sentence; its polarity from all that may judge it, each
    judgement counting once. Raises DataError without judgements of both kinds.
    """
    judged = _judged(rows)
    inputs = np.array([_likeliest(read) for read in rows]).reshape(-1, len(JUDGES))
    known = [
        (candidate, read.row.aspects[candidate.aspect], sum(_same(candidate, other) for other in read.candidates))
        for read in rows
        for candidate in read.candidates
        if read.row.aspects.get(candidate.aspect) is not None and _may_judge(candidate)
    ]
    if len({value for _, value, _ in known}) < 2 or judged.all() or not judged.any():
        raise DataError("Aspects are learnt from ones that are judged, both ways, and ones that are not.")
    return {
        "judges": _regression(inputs, judged.ravel(), JUDGES, judges),
        "favours": _regression(
            np.array([candidate.favours for candidate, _, _ in known]),
            np.array([value for _, value, _ in known]),
            FAVOURS,
            favours,
            1 / np.array([count for _, _, count in known]),
        ),
    }


def _likeliest(read: Read) -> list[tuple[float, ...]]:
    """Return for each aspect the largest of each input of its sentences."""
    of = {aspect: [c.judges for c in read.candidates if c.aspect == aspect] for aspect in ASPECTS}
    return [tuple(map(max, zip(*found, strict=True))) if found else (-LARGEST, 0.0) for found in of.values()]


def _may_judge(candidate: Candidate) -> bool:
    vote, named = candidate.judges
    return vote > 0 or named > 0


def _same(one: Candidate, other: Candidate) -> bool:
    return one.aspect == other.aspect and _may_judge(other)


def _regression(
    inputs: Floats,
    truth: npt.NDArray[np.bool_],
    names: Sequence[str],
    chosen: Sequence[str],
    counts: Floats | None = None,
) -> dict[str, float]:
    columns = [names.index(name) for name in chosen]
    model = LogisticRegression().fit(inputs[:, columns], truth, sample_weight=counts)
    found = dict.fromkeys(names, 0.0) | dict(zip(chosen, model.coef_[0].round(3).tolist(), strict=True))
    return {"intercept": round(float(model.intercept_[0]), 3), **found}


def write_weights(rows: Sequence[Read], path: Path, by: str) -> None:
    """Fit on `rows` and write what mentions.weights reads `by`; the file appears whole or not at all."""
    judged = sum(len(read.row.aspects) for read in rows)
    content = json.loads(path.read_text("utf-8"))
    sure = {"sure": content[by]["weights"]["sure"]}
    content[by] = {"reviews": len(rows), "judgements": judged, "weights": {**fit(rows, *INPUTS[by]), **sure}}
    with whole_file(path) as handle:
        handle.write(f"{json.dumps(content, indent=2)}\n".encode())


def report(rows: Sequence[Read], weights: Weights) -> dict[str, Any]:
    """Judge what is found per judgement: one review × one aspect. JSON-safe; raises DataError without any."""
    gold = _judged(rows)
    found = _table([mention.aspect for mention in weigh(read.candidates, weights)] for read in rows)
    if not gold.any():
        raise DataError("No row says which aspects it judges.")
    right, both, predicted = gold.sum(axis=0), (gold & found).sum(axis=0), found.sum(axis=0)
    low, high = _bootstrap(gold, found)
    per_aspect = zip(ASPECTS, right.tolist(), predicted.tolist(), both.tolist(), _f1(gold, found).tolist(), strict=True)
    return {
        "reviews": len(rows),
        "judgements": int(gold.sum()),
        "judged": {
            "macro_f1": float(_f1(gold, found).mean()),
            "low": low,
            "high": high,
            "precision": _share((gold & found)[found]),
            "recall": _share((gold & found)[gold]),
            "aspects": {
                name: {"n": n, "precision": hits / max(p, 1), "recall": hits / max(n, 1), "f1": f1}
                for name, n, p, hits, f1 in per_aspect
            },
        },
        "polarity": _polarity(rows, weights),
    }


def compare(learnt: Sequence[Read], judged: Sequence[Read], by: str) -> dict[str, Any]:
    """Judge on `judged` each of MEANS that there is `by` words or annotator, fitted on `learnt`."""
    there = {*INPUTS[by][0], *INPUTS[by][1]}
    return {
        name: report(judged, {**fit(learnt, *inputs), "sure": {"against": 0.0}})
        for name, inputs in MEANS.items()
        if there >= {*inputs[0], *inputs[1]}
    }


def _judged(rows: Iterable[Read]) -> Table:
    return _table(read.row.aspects for read in rows)


def _table(names: Iterable[Collection[str]]) -> Table:
    return np.array([[aspect in named for aspect in ASPECTS] for named in names], dtype=np.bool_)


def _f1(gold: Table, found: Table) -> Floats:
    return np.asarray(2 * (gold & found).sum(axis=0) / np.maximum(gold.sum(axis=0) + found.sum(axis=0), 1))


def _bootstrap(gold: Table, found: Table) -> tuple[float, float]:
    """Return the 95 % percentile interval of macro-F1 over resampled reviews."""
    draws = np.random.default_rng(0).integers(len(gold), size=(RESAMPLES, len(gold)))
    low, high = np.percentile([_f1(gold[rows], found[rows]).mean() for rows in draws], [2.5, 97.5])
    return float(low), float(high)


def _polarity(rows: Sequence[Read], weights: Weights) -> dict[str, Any]:
    """Judge the polarity of judgements that were found, beside what needs no reading of the aspect."""
    judged = [
        (read.row, aspect, mention.positive > 0.5)
        for read in rows
        for aspect, mention in judgements(weigh(read.candidates, weights)).items()
        if read.row.aspects.get(aspect) is not None
    ]
    truth = np.array([row.aspects[aspect] for row, aspect, _ in judged], dtype=np.bool_)
    right = truth == np.array([read for _, _, read in judged], dtype=np.bool_)
    # A row without a label has nothing that its aspects could go against.
    with_review = truth == np.array([row.example.label == 1 for row, _, _ in judged], dtype=np.bool_)
    hard = np.array([bool(set(row.example.tags) - {ONE_LINER}) for row, _, _ in judged], dtype=np.bool_)
    of = np.array([ASPECTS.index(aspect) for _, aspect, _ in judged], dtype=np.intp)
    return {
        **_share(right),
        "same_as_review": _share(with_review)["accuracy"],
        "always_positive": _share(truth)["accuracy"],
        "against_review": _share(right[~with_review]),
        "with_review": _share(right[with_review]),
        "plain": _share(right[~hard]),
        "hard": _share(right[hard]),
        "aspects": {aspect: _share(right[of == k]) for k, aspect in enumerate(ASPECTS)},
    }


def _share(right: npt.NDArray[np.bool_]) -> dict[str, Any]:
    low, high = wilson_interval(int(right.sum()), len(right))
    return {"n": len(right), "accuracy": float(right.mean()) if len(right) else None, "low": low, "high": high}


def in_markdown(found: Mapping[str, Any]) -> str:
    """Write a report, with what compare found under `means`, as tables."""
    judged, polarity = found["judged"], found["polarity"]
    kinds = [
        ("all that were found", polarity),
        ("against the review's label", polarity["against_review"]),
        ("with the review's label", polarity["with_review"]),
        ("in plain reviews", polarity["plain"]),
        ("in hard reviews", polarity["hard"]),
    ]
    lines = [
        f"{found['judgements']:,} judgements (one review × one aspect) in {found['reviews']} reviews. Aspect judged: "
        f"macro-F1 {judged['macro_f1']:.3f} ({judged['low']:.3f} to {judged['high']:.3f}), precision "
        f"{_interval(judged['precision'])}, recall {_interval(judged['recall'])}.",
        "",
        "| aspect | judged | precision | recall | F1 | found | polarity right |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, of in judged["aspects"].items():
        read = polarity["aspects"][name]
        lines.append(
            f"| {name} | {of['n']} | {of['precision']:.2f} | {of['recall']:.2f} | {of['f1']:.2f} | {read['n']} | "
            f"{_interval(read)} |"
        )
    lines += ["", "| polarity | right | n |", "| --- | --- | --- |"]
    lines += [f"| {name} | {_interval(kind)} | {kind['n']} |" for name, kind in kinds]
    lines += [f"| *same as the review* | {polarity['same_as_review']:.1%} | {polarity['n']} |"]
    lines += [f"| *always positive* | {polarity['always_positive']:.1%} | {polarity['n']} |"]
    lines += ["", "| by | macro-F1 | precision | recall | polarity right | against the review's label |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    for name, of in found["means"].items():
        against = _interval(of["polarity"]["against_review"])
        lines.append(
            f"| {name} | {of['judged']['macro_f1']:.3f} | {of['judged']['precision']['accuracy']:.1%} | "
            f"{of['judged']['recall']['accuracy']:.1%} | {_interval(of['polarity'])} | {against} |"
        )
    return "\n".join(lines) + "\n"


def _interval(share: Mapping[str, Any]) -> str:
    if not share["n"]:
        return "–"
    return f"{share['accuracy']:.1%} ({share['low']:.1%} to {share['high']:.1%})"
