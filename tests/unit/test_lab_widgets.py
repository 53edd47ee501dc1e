"""The Python side of the labs: what they take, what they refuse, what they store in a notebook."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import digitlib
from digitlib import labs
from digitlib.labs.widgets import STATIC, Lab, files_for_pages, page_element
from digitlib.model import PRETRAINED_FILE

ALL_LABS = [lab for lab in vars(labs).values() if isinstance(lab, type) and issubclass(lab, Lab)]
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def model():
    return digitlib.load_pretrained()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list:
    messages = []
    monkeypatch.setattr(
        labs.DrawingLab, "send", lambda self, content, buffers=None: messages.append((content, buffers))
    )
    return messages


class _Element(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_there_are_eleven_labs() -> None:
    assert len({lab.name for lab in ALL_LABS}) == len(ALL_LABS) == 11


@pytest.mark.parametrize("lab", ALL_LABS, ids=lambda lab: lab.name)
def test_each_lab_has_its_bundle_and_something_for_where_it_cannot_start(lab: type[Lab]) -> None:
    assert (STATIC / f"{lab.name}.js").is_file()
    assert hasattr(lab, "still") != ("fallback" in vars(lab))


@pytest.mark.parametrize("lab", [lab for lab in ALL_LABS if hasattr(lab, "still")], ids=lambda lab: lab.name)
def test_a_lab_has_its_still_and_its_element(lab: type[Lab]) -> None:
    assert (STATIC / "stills" / f"{lab.name}.png").is_file()
    assert len(lab.still) > 40
    tags = _Element(page_element(lab, {"text": "<&\"'>"})).tags
    here = dict(tags[0][1])
    assert here["data-lab"] == lab.name
    assert json.loads(here["data-settings"]) == {"text": "<&\"'>"}
    (image,) = [attributes for tag, attributes in tags if tag == "img"]
    assert image["alt"] == lab.still


def test_the_stored_form_is_the_same_in_every_run(model) -> None:
    first, second = labs.DrawingLab(model), labs.DrawingLab(model)
    assert repr(first) == repr(second) == "Draw a digit: alive on the book's page, and in a notebook"
    bundles = [lab._repr_mimebundle_()[0] for lab in (first, second)]
    assert set(bundles[0]) == {"text/plain", "text/html", VIEW}
    assert all(bundles[0][kind] == bundles[1][kind] for kind in ("text/plain", "text/html"))
    assert not re.search(r"[0-9a-f]{12}", bundles[0]["text/html"]), "no random ids"


def test_the_drawing_comes_back(model) -> None:
    lab = labs.DrawingLab(model)
    assert lab.pixels.shape == (28, 28)
    assert not lab.pixels.any()
    assert lab.probabilities is None
    drawn = digitlib.load_mnist()[2][0]
    lab.set_state({"drawn": drawn.ravel().tolist(), "answer": [0.1] * 10})
    assert lab.pixels.dtype == np.uint8
    assert np.array_equal(lab.pixels, drawn)
    assert lab.probabilities.shape == (10,)


def test_the_readers_network_is_sent_whole(model, tmp_path) -> None:
    file = tmp_path / "sent.safetensors"
    file.write_bytes(labs.DrawingLab(model).network)
    again = digitlib.load_network(file)
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("name", ["cnn.safetensors", "cnn-step-00100.safetensors", "lab-sample.safetensors"])
def test_files_are_sent_when_asked_for(model, sent: list, name: str) -> None:
    lab = labs.DrawingLab(model)
    lab._handle_custom_msg({"want": name}, [])
    ((content, buffers),) = sent
    assert content == {"file": name}
    assert buffers == [files_for_pages()[name].read_bytes()]


@pytest.mark.parametrize("name", ["../model.py", "mnist.npz", "/etc/passwd", None, 7, ["cnn.safetensors"]])
def test_no_other_file_is_sent(model, sent: list, name: object) -> None:
    labs.DrawingLab(model)._handle_custom_msg({"want": name}, [])
    ((content, buffers),) = sent
    assert "there is no file" in content["error"]
    assert buffers is None


def _network(*layers):
    from keras import Input, Sequential

    return Sequential([Input((28, 28, 1)), *layers])


def _refused() -> dict:
    from keras import Input, Sequential, layers

    dense = lambda **given: layers.Dense(10, name="scores", **given)  # noqa: E731
    return {
        "no softmax": (_network(layers.Flatten(), dense()), "scores, is not a softmax"),
        "other digits": (_network(layers.Flatten(), layers.Dense(7, "softmax")), r"gives \(7,\)"),
        "other pictures": (Sequential([Input((32, 32, 1)), layers.Flatten(), dense(activation="softmax")]), r"32, 32"),
        "unknown layer": (
            _network(layers.GaussianNoise(0.1, name="fog"), layers.Flatten(), dense(activation="softmax")),
            "the layer fog is a GaussianNoise",
        ),
        "setting": (
            _network(layers.Conv2D(2, 3, dilation_rate=2, name="wide"), layers.Flatten(), dense(activation="softmax")),
            "wide has dilation_rate",
        ),
        "leaky": (
            _network(layers.ReLU(negative_slope=0.1, name="leak"), layers.Flatten(), dense(activation="softmax")),
            "leak has negative_slope",
        ),
    }


@pytest.mark.parametrize("case", ["no softmax", "other digits", "other pictures", "unknown layer", "setting", "leaky"])
def test_what_the_page_cannot_compute_is_refused_by_name(case: str) -> None:
    network, said = _refused()[case]
    with pytest.raises(ValueError, match=said):
        labs.DrawingLab(network)


def test_the_pages_may_ask_for_the_shipped_network() -> None:
    assert files_for_pages()[PRETRAINED_FILE.name] == PRETRAINED_FILE
    assert all(file.is_file() for file in files_for_pages().values())
