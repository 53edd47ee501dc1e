"""The Python side of the labs: what the browser gets from the kernel, and what the kernel gets back."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray
from safetensors.numpy import save

from digitlib.data import FILES
from digitlib.labs.keeping import answer_about_work
from digitlib.labs.mistakes import answers_and_images, check_digits
from digitlib.model import PRETRAINED_FILE, checkpoint_file, checkpoint_steps, pack_network

if TYPE_CHECKING:
    import keras

STATIC = Path(__file__).parent / "static"
# Where a chapter finds the still pictures; the site's build puts its own address in this one's place.
STILLS = "../digitlib/labs/static/stills"


def files_for_pages() -> dict[str, Path]:
    """Name the files that a lab may ask for: the shipped network, its checkpoints, the labs' own data, the quizzes."""
    checkpoints = [checkpoint_file(step) for step in checkpoint_steps()]
    data = [*sorted(FILES.glob("lab-*")), *sorted(FILES.glob("quiz-*.json"))]
    return {file.name: file for file in [PRETRAINED_FILE, *checkpoints, *data]}


class Lab(anywidget.AnyWidget):
    """What all labs share. A lab is shown by naming it in the last line of a cell."""

    _css = STATIC / "labs.css"
    name: ClassVar[str]
    title: ClassVar[str]
    still: ClassVar[str]  # what the still picture shows, for who cannot see it; none with a `fallback` of its own

    settings = traitlets.Dict().tag(sync=True)
    network = traitlets.Bytes(b"").tag(sync=True)

    def __init__(self, model: keras.Sequential | None = None, **settings: Any) -> None:
        super().__init__(settings=settings, network=b"" if model is None else _packed(model))
        self.on_msg(self._answer)

    def __repr__(self) -> str:
        """Return the same text in every run, as the checks of the stored outputs need it."""
        return f"{self.title}: alive on the book's page, and in a notebook"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle, metadata = super()._repr_mimebundle_(**kwargs)
        return bundle | {"text/html": page_element(type(self), self.settings)}, metadata

    @classmethod
    def fallback(cls, settings: dict[str, Any]) -> str:
        """Write the HTML that stands in the lab's place until it has started, and where no script runs."""
        return (
            f"<p><b>{cls.title}.</b> This lab is alive on the book's pages, where scripts may run, and in a notebook "
            f'once its cell has run. Here is a picture of it.</p><img src="{STILLS}/{cls.name}.png" '
            f'alt="{escape(cls.still)}">'
        )

    def _answer(self, _: Lab, content: dict[str, Any], buffers: list[memoryview]) -> None:
        """Send a file that the front end asks for, or answer about the reader's work."""
        if "work" in content:
            self.send(answer_about_work(content, buffers))
            return
        name = content.get("want")
        if not isinstance(name, str) or (file := files_for_pages().get(name)) is None:
            self.send({"file": name, "error": f"there is no file {name} for the labs."})
        else:
            self.send({"file": name}, [file.read_bytes()])


def page_element(lab: type[Lab], settings: dict[str, Any]) -> str:
    """Write the HTML that stands for a lab on a page: the site's host starts the lab of that name in it."""
    return (
        f'<div class="digits-lab-here" data-lab="{lab.name}" data-settings="{escape(json.dumps(settings))}">'
        f'<div class="lab-still">{lab.fallback(settings)}</div></div>'
    )


def _packed(model: keras.Sequential) -> bytes:
    """Pack a network for the browser, or say why the labs cannot show it."""
    if model.input_shape[1:] != (28, 28, 1) or model.output_shape[1:] != (10,):
        raise ValueError(
            f"the network takes {model.input_shape[1:]} and gives {model.output_shape[1:]}, but a lab needs one that "
            "takes pictures (28, 28, 1) and gives ten probabilities (10,)"
        )
    last = model.layers[-1].get_config()
    if type(model.layers[-1]).__name__ != "Softmax" and last.get("activation") != "softmax":
        raise ValueError(
            f"the last layer, {model.layers[-1].name}, is not a softmax, so its outputs are no probabilities: end the "
            'network with Dense(10, activation="softmax")'
        )
    return pack_network(model, {}, precision="float32")


class DrawingLab(Lab):
    """Draw a digit and see what each layer of a network makes of it. Chapter *Your own digits*.

    Parameters
    ----------
    model
        Any Sequential of the kinds of layers that this book teaches; takes (28, 28, 1), gives ten probabilities.

    Raises
    ------
    ValueError
        If the network has other shapes, no softmax at its end, or a layer that the labs cannot compute.
    """

    _esm = STATIC / "draw.js"
    name = "draw"
    title = "Draw a digit"
    still = (
        "A sheet with a drawn 7; beside it ten bars with the probability of each digit, the one of the 7 nearly full; "
        "below it the first feature maps."
    )

    drawn = traitlets.List(traitlets.Int()).tag(sync=True)
    answer = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(self, model: keras.Sequential) -> None:
        super().__init__(model)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The drawing as the network gets it, uint8 (28, 28); all zeros while nothing is drawn."""
        return np.array(self.drawn or [0] * 784, np.uint8).reshape(28, 28)

    @property
    def probabilities(self) -> NDArray[np.float64] | None:
        """The ten probabilities, float64 (10,), as computed in the browser; None while nothing is drawn."""
        return np.array(self.answer) if self.answer else None


class MistakesLab(Lab):
    """Open the cells of a confusion matrix, and set the threshold below which a digit is rejected.

    Chapter *Error analysis*. On the book's page it shows the shipped network's answers to the test digits; in a
    notebook those of the network and the digits that it is given, computed in the kernel by the same function.

    Parameters
    ----------
    model
        Any Sequential of the kinds of layers that this book teaches; takes (28, 28, 1), gives ten probabilities.
    images, labels
        The digits to judge it by: grey values, uint8 (N, 28, 28), and whole numbers from 0 to 9 (N,).
    threshold
        The confidence below which a digit is rejected, from 0 to 1, fitted on validation digits.
    temperature
        By what the logits are divided before softmax, fitted on validation digits; 1 leaves them as they are.

    Raises
    ------
    ValueError
        If the network has other shapes, no softmax at its end, or a layer that the labs cannot compute; if images
        and labels do not belong together; or if a number is outside its range.
    """

    _esm = STATIC / "mistakes.js"
    name = "mistakes"
    title = "The mistake explorer"
    still = (
        "A confusion matrix of the 10,000 test digits with 43 mistakes; beside it a slider for the threshold, with the "
        "share of digits that are read and the accuracy among them; below it the misread digits, the least sure first, "
        "each with what it is, what it was taken for and the confidence."
    )

    data = traitlets.Bytes(b"").tag(sync=True)

    def __init__(
        self,
        model: keras.Sequential,
        images: NDArray[np.uint8],
        labels: NDArray[np.integer],
        threshold: float,
        temperature: float,
    ) -> None:
        super().__init__(model)
        check_digits(np.asarray(images), np.asarray(labels))
        probabilities = model.predict(np.asarray(images)[..., np.newaxis], batch_size=500, verbose=0)
        self.data = save(answers_and_images(images, labels, probabilities, threshold, temperature))


class TimeMachineLab(Lab):
    """Follow the shipped network through its training: filters, maps and answers. Chapter *Filters and feature maps*.

    It shows the checkpoints that `digitlib.model.checkpoint_steps` lists, on the page and in a notebook alike.
    """

    _esm = STATIC / "time-machine.js"
    name = "time-machine"
    title = "The training time machine"
    still = (
        "A slider over ten moments of the training; a curve of the validation accuracy, which rises from 9 % at the "
        "start to 92 % after 100 steps and 99.4 % after 5,160; the filters of layer 1, a drawn digit with ten "
        "probabilities, its feature maps and a confusion matrix, all of the chosen moment."
    )


class OptimiserLab(Lab):
    """Let SGD, momentum, RMSProp and Adam walk down a surface over two weights. Chapter *Training with Adam*."""

    _esm = STATIC / "optimiser.js"
    name = "optimiser"
    title = "The optimiser race"
    still = (
        "A map of a long, narrow valley with four paths from the same start: SGD reaches its floor and creeps, "
        "momentum swings to and fro, RMSProp goes nearly straight to the lowest point, Adam swings round it once; "
        "beside it a table of their losses and what to notice, below it buttons to play and to step."
    )

    def __init__(self) -> None:
        super().__init__()


class JudgeLab(Lab):
    """Judge thirty test digits blind, then compare with labels, network and crowd. Chapter *Error analysis*.

    Parameters
    ----------
    model
        Any Sequential of the kinds of layers that this book teaches; takes (28, 28, 1), gives ten probabilities.
    right
        How many of the 10,000 test digits that network answers as they are labelled.

    Raises
    ------
    ValueError
        If the network has other shapes, no softmax at its end, or a layer that the labs cannot compute; or if `right`
        is not a whole number from 0 to 10,000.
    """

    _esm = STATIC / "judge.js"
    name = "judge"
    title = "Judge the label"
    still = (
        "A handwritten digit, image 1 of 30, with buttons for 0 to 9 and for cannot tell; below them buttons to go "
        "back, to go on, and to show the verdicts."
    )

    def __init__(self, model: keras.Sequential, right: int) -> None:
        if isinstance(right, bool) or not isinstance(right, int | np.integer) or not 0 <= right <= 10_000:
            raise ValueError(f"right is the number of right answers, a whole number from 0 to 10,000, not {right!r}")
        super().__init__(model, right=int(right))


class MicroscopeLab(Lab):
    """Take any value of a convolution apart: patch, filter, products, sum. Chapter *Building the network*.

    Parameters
    ----------
    model
        Any Sequential of the kinds of layers that this book teaches; takes (28, 28, 1), gives ten probabilities.
    image
        The picture that goes through it, uint8 (28, 28), 0 paper to 255 ink.

    Raises
    ------
    ValueError
        If the network has other shapes, no softmax at its end, no convolution, or a layer that the labs cannot compute;
        or if the image is not uint8 (28, 28).
    """

    _esm = STATIC / "microscope.js"
    name = "microscope"
    title = "The convolution microscope"
    still = (
        "A picture of a 4 with a frame around the 5 by 5 pixels that one value depends on; beside it a feature map of "
        "layer 1, drawn large, with that value framed; below them three tables of 5 by 5 numbers, patch, filter and "
        "products, and the sum of the products, which is the value."
    )

    def __init__(self, model: keras.Sequential, image: NDArray[np.uint8]) -> None:
        image = np.asarray(image)
        if image.shape != (28, 28) or image.dtype != np.uint8:
            raise ValueError(
                "the image should be uint8 of shape (28, 28), such as x_train[0], "
                f"but is {image.dtype} of shape {image.shape}"
            )
        if not any(type(layer).__name__ == "Conv2D" for layer in model.layers):
            raise ValueError("the network has no Conv2D layer, so there is no convolution to look at")
        super().__init__(model, image=image.ravel().tolist())


class StressLab(Lab):
    """Turn, shift, blur or hide a digit until a network reads another one. Chapter *Your own digits*.

    Parameters
    ----------
    model
        Any Sequential of the kinds of layers that this book teaches; takes (28, 28, 1), gives ten probabilities.

    Raises
    ------
    ValueError
        If the network has other shapes, no softmax at its end, or a layer that the labs cannot compute.
    """

    _esm = STATIC / "stress.js"
    name = "stress"
    title = "Stress test"
    still = (
        "A handwritten 7 before and after all changes, the answer, and ten bars with the probability of each digit; "
        "below them a slider for each change, and a curve that shows which digit the network reads at each angle."
    )

    def __init__(self, model: keras.Sequential) -> None:
        super().__init__(model)
