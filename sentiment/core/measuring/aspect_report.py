"""Measures how well aspects are found and read, and what each of the means contributes."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sentiment.core.corpus.annotated import Annotated
from sentiment.core.corpus.data import DataError
from sentiment.core.critic.aspects import ASPECTS, FEATURES, Cue, Floats, TokenLogits, find_cues, judgements, weigh
from sentiment.core.critic.encoding import length_sorted_batches, token_budget
from sentiment.core.critic.evidence import Sentence, sentence_shares
from sentiment.core.critic.scorer import Scorer
from sentiment.core.evaluation import wilson_interval
from sentiment.core.files import whole_file
from sentiment.core.text import sentence_spans

RESAMPLES: Final = 1_000
ONE_LINER: Final = "one_liner"
Weights = Mapping[str, float]
Table = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Read:
    """A row as a critic read it: its cues, and the mean state of its tokens for each sentence [sentences, hidden]."""

    row: Annotated
    cues: tuple[Cue, ...]
    states: Floats


def read_rows(scorer: Scorer, rows: Sequence[Annotated]) -> list[Read]:
    """Read the rows with their token states, which a Scorer does not hand out."""
    critic = scorer.critic
    texts = [row.example.text for row in rows]
    encoded = critic.text_encoder.encode(texts)
    found: dict[int, Read] = {}
    for positions in length_sorted_batches(encoded, token_budget(scorer.device)):
        batch = critic.text_encoder.collate([encoded[i] for i in positions], scorer.device)
        output = scorer.engine.read(batch)
        with torch.inference_mode():
            states_of = critic.encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask)[0].float().cpu()
        for row, i in enumerate(positions):
            of = encoded[i]
            own = output.contributions[row, : len(of.ids)][of.own]
            sentences = sentence_shares(sentence_spans(texts[i]), of.starts, of.head, of.tail, own)
            tokens = TokenLogits.of(of.starts, of.head, of.tail, own, critic.bias, critic.temperature)
            states = states_of[row, : len(of.ids)].numpy()[of.own]
            cues = tuple(find_cues(texts[i], sentences, tokens))
            found[i] = Read(rows[i], cues, _sentence_means(sentences, tokens, states))
    return [found[i] for i in range(len(rows))]


def _sentence_means(sentences: Sequence[Sentence], tokens: TokenLogits, states: npt.NDArray[np.float32]) -> Floats:
    means = np.zeros((len(sentences), states.shape[1]))
    for position, sentence in enumerate(sentences):
        inside = (tokens.starts >= sentence.start) & (tokens.starts < sentence.end)
        if inside.any():
            means[position] = states[inside].mean(axis=0)
    return means


def fit(rows: Sequence[Read], features: Sequence[str] = FEATURES) -> dict[str, float]:
    """Return the logistic regression's weights of `features` and its intercept; features left out weigh nothing.

    Each judgement counts once, however many sentences make it. Raises DataError without judgements of both kinds.
    """
    columns = [FEATURES.index(name) for name in features]
    known = [
        (cue, read.row.aspects[cue.aspect], read)
        for read in rows
        for cue in read.cues
        if read.row.aspects.get(cue.aspect) is not None
    ]
    favourable = [value for _, value, _ in known]
    if len(set(favourable)) < 2:
        raise DataError("Polarity is learnt from aspects judged favourably and unfavourably; there are not both.")
    sentences = [sum(other.aspect == cue.aspect for other in read.cues) for cue, _, read in known]
    x = np.array([cue.features for cue, _, _ in known])[:, columns]
    model = LogisticRegression().fit(x, favourable, sample_weight=1 / np.array(sentences))
    weights = dict.fromkeys(FEATURES, 0.0) | dict(zip(features, model.coef_[0].round(3).tolist(), strict=True))
    return {"intercept": round(float(model.intercept_[0]), 3), **weights}


def write_weights(rows: Sequence[Read], path: Path) -> None:
    """Fit on `rows` and write what aspects.polarity_weights reads; the file appears whole or not at all."""
    judged = sum(len(read.row.aspects) for read in rows)
    content = {"reviews": len(rows), "judgements": judged, "weights": fit(rows)}
    with whole_file(path) as handle:
        handle.write(f"{json.dumps(content, indent=2)}\n".encode())


def report(rows: Sequence[Read], weights: Weights) -> dict[str, Any]:
    """Judge what is found per judgement: one review × one aspect. JSON-safe; raises DataError without any."""
    gold, found = _judged(rows), _table([mention.aspect for mention in weigh(read.cues, weights)] for read in rows)
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
            "aspects": {
                name: {"n": n, "precision": hits / max(p, 1), "recall": hits / max(n, 1), "f1": f1}
                for name, n, p, hits, f1 in per_aspect
            },
        },
        "polarity": _polarity(rows, weights),
    }


def compare(learnt: Sequence[Read], judged: Sequence[Read]) -> dict[str, Any]:
    """Judge the means alone and together on `judged`, fitted on `learnt`.

    Macro-F1 of finding by what the lexicon names, by the critic's states, and by both; polarity by words, by the
    critic, and by both, each of which is unsure of others.
    """
    gold, taught = _judged(judged), _judged(learnt)
    lexicon = [_table([cue.aspect for cue in read.cues] for read in rows) for rows in (learnt, judged)]
    speaks = _by_state(learnt, taught, judged)
    states, together = np.zeros_like(gold), np.zeros_like(gold)
    for k in range(len(ASPECTS)):
        states[:, k] = _by_regression([found[:, [k]] for found in speaks], taught[:, k])
        both = [np.column_stack([named[:, k], found[:, k]]) for named, found in zip(lexicon, speaks, strict=True)]
        together[:, k] = _by_regression(both, taught[:, k])
    means = {"words": ("praise", "complaint"), "critic": ("critic", "contrast"), "both": FEATURES}
    return {
        "judged": {
            "lexicon": float(_f1(gold, lexicon[1]).mean()),
            "states": float(_f1(gold, states).mean()),
            "both": float(_f1(gold, together).mean()),
        },
        "polarity": {name: _polarity(judged, fit(learnt, features)) for name, features in means.items()},
    }


def _by_state(learnt: Sequence[Read], taught: Table, judged: Sequence[Read]) -> list[Floats]:
    """Return for the rows of both, how much the most telling sentence speaks of each aspect [rows, aspects].

    No label says which sentence judges an aspect, so linear heads on the states learn from those that name one in a
    review that judges it, against those that do not in reviews that do not.
    """
    owner = np.repeat(np.arange(len(learnt)), [len(read.states) for read in learnt])
    named = np.concatenate([_named_by_sentence(read) for read in learnt])
    scaler = StandardScaler().fit(np.concatenate([read.states for read in learnt]))
    x = scaler.transform(np.concatenate([read.states for read in learnt]))
    speaks = [np.full((len(rows), len(ASPECTS)), -10.0) for rows in (learnt, judged)]
    for k in range(len(ASPECTS)):
        known = named[:, k] == taught[owner, k]
        head = LogisticRegression(C=0.01, max_iter=1000).fit(x[known], named[known, k])
        for rows, found in zip((learnt, judged), speaks, strict=True):
            for i, read in enumerate(rows):
                if len(read.states):
                    found[i, k] = head.decision_function(scaler.transform(read.states)).max()
    return speaks


def _named_by_sentence(read: Read) -> Table:
    named = np.zeros((len(read.states), len(ASPECTS)), dtype=np.bool_)
    for cue in read.cues:
        named[cue.sentence, ASPECTS.index(cue.aspect)] = True
    return named


def _by_regression(inputs: Sequence[Floats], taught: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Fit on the first inputs, with the threshold that gives them the best F1; decide the second."""
    model = LogisticRegression(C=10.0).fit(inputs[0], taught)
    fitted, asked = (model.predict_proba(x)[:, 1] for x in inputs)
    thresholds = np.unique(fitted)
    best = max(thresholds, key=lambda t: float(_f1(taught[:, None], (fitted >= t)[:, None])[0]))
    return np.asarray(asked >= best)


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
        for aspect, mention in judgements(weigh(read.cues, weights)).items()
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
    judged, polarity, means = found["judged"], found["polarity"], found["means"]
    kinds = [
        ("all that were found", polarity),
        ("against the review's label", polarity["against_review"]),
        ("with the review's label", polarity["with_review"]),
        ("in plain reviews", polarity["plain"]),
        ("in hard reviews", polarity["hard"]),
    ]
    lines = [
        f"{found['judgements']:,} judgements (one review × one aspect) in {found['reviews']} reviews. Aspect judged: "
        f"macro-F1 {judged['macro_f1']:.3f} ({judged['low']:.3f} to {judged['high']:.3f}).",
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
    lines += ["", "| aspect judged, by | macro-F1 |", "| --- | --- |"]
    lines += [f"| {name} | {value:.3f} |" for name, value in means["judged"].items()]
    lines += ["", "| polarity, by | found | right of those | against the review's label | right of all |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    for name, read in means["polarity"].items():
        of_all = (read["accuracy"] or 0) * read["n"] / found["judgements"]
        against = _interval(read["against_review"])
        lines.append(f"| {name} | {read['n']} | {_interval(read)} | {against} | {of_all:.1%} |")
    return "\n".join(lines) + "\n"


def _interval(share: Mapping[str, Any]) -> str:
    if not share["n"]:
        return "–"
    return f"{share['accuracy']:.1%} ({share['low']:.1%} to {share['high']:.1%})"
