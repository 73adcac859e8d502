"""The models of the learning curve, for the experiment and for the page that shows it, which must not load torch."""

from typing import Final, NamedTuple


class CurveModel(NamedTuple):
    """A model's name in the figure, and what it does, to be read after the name."""

    name: str
    does: str


MODELS: Final = {
    "critic": CurveModel(
        "critic", "an encoder that has read reviews without their labels, and whose upper layers learn, too"
    ),
    "critic-mpnet": CurveModel("critic on mpnet", "a larger encoder as it came, whose upper layers learn, too"),
    "probe": CurveModel("probe", "an encoder as it came, and one simple rule on top that learns"),
    "ulmfit": CurveModel("ULMFiT", "a language model of 2018"),
    "nb-svm": CurveModel("NB-SVM", "counts words and pairs of words"),
    "word2vec": CurveModel("word2vec from the corpus", "averages what words mean, as learnt from unlabelled reviews"),
    "word-vectors": CurveModel("pretrained word vectors", "averages what words mean, as learnt elsewhere"),
}
"""By the names that the experiment's rows call them, in the order in which they are shown."""

SHIPPED_NAME: Final = "the critic that comes with Textflix"
