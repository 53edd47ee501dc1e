"""From any drawing or photograph of one digit to a picture like those of MNIST.

Used in the chapter *Your own digits*, and by the book's drawing pads.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

_SIDE = 28  # pixels along a side of the picture
_BOX = 20  # pixels along the longest side of the digit
_MIDDLE = 14  # the row and the column on which the centre of mass shall lie

_MOST_PIXELS = 50_000_000
_LONGEST_SIDE = 800  # larger pictures are shrunk to this first: a stroke is still many pixels wide
_SMALLEST_DIGIT = 6
_MAP_SIDE = 96  # the paper's brightness is estimated on a map of about this many points along the longest side

# Pillow knows more formats. They are rare, or programs rather than pictures (EPS is run by Ghostscript).
_FORMATS = ("PNG", "JPEG", "MPO", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM", "ICO")


class NoDigitError(ValueError):
    """There is no digit to be found: the sheet is blank, nearly all ink, or what is on it cannot be one digit."""


class NotAnImageError(ValueError):
    """What was given is not a picture, is damaged, or holds something else than grey values or colours."""


class Drawing(NamedTuple):
    """A digit that was read from a drawing: `picture` (28, 28) and the cleaned `ink` (H, W), both uint8, and `notes`.

    In both, 0 is paper and 255 is ink. The notes are sentences that say, in order, what was done.
    """

    picture: NDArray[np.uint8]
    ink: NDArray[np.uint8]
    notes: tuple[str, ...]


class _Box(NamedTuple):
    """A part of a sheet: its first row and column, and how many there are of them."""

    top: int
    left: int
    height: int
    width: int


# The common core: the same steps, number for number, as labs/src/drawing.js. All numbers are whole and stay below
# 2 ** 53, where JavaScript's arithmetic is exact too.


def prepare(
    ink: NDArray[np.uint8], *, crop: bool = True, smooth: bool = True, centre: bool = True
) -> NDArray[np.uint8]:
    """Turn a clean drawing of one digit into a picture like those of MNIST.

    The digit is cut out, shrunk or enlarged to fit a box of 20 x 20 pixels, and moved by whole pixels until its
    centre of mass lies on row 14 and column 14 of 28 x 28. What then lies outside is cut off.

    Parameters
    ----------
    ink
        The drawing, uint8 of shape (H, W): 0 is paper, 255 is ink. For anything else there is `read_drawing`.
    crop
        If False, the whole sheet is fitted into the 28 x 28 pixels instead, and nothing is centred.
    smooth
        If False, a small pixel is not the mean of the drawing under it, but the drawing's pixel under its middle,
        black or white. Thin lines can get lost.
    centre
        If False, the digit goes to where it was on the sheet, as far as it then lies inside.

    Returns
    -------
    ndarray
        The picture, uint8 of shape (28, 28).

    Raises
    ------
    NoDigitError
        If there is no ink at all.
    ValueError
        If the array does not have two axes, or no pixels.
    TypeError
        If it is not uint8.

    Notes
    -----
    Introduced in the chapter *Your own digits*. The steps are those of Y. LeCun, C. Cortes and C. J. C. Burges, *The
    MNIST database of handwritten digits*. A digit from MNIST whose longest side is 20, blown up by a whole number,
    comes back as it was.
    """
    ink = np.asarray(ink)
    if ink.dtype != np.uint8:
        raise TypeError(
            f"the drawing must be an array of uint8, 0 for paper to 255 for ink, but is {ink.dtype}. "
            "digitlib.drawing.read_drawing takes anything else."
        )
    if ink.ndim != 2 or ink.size == 0:
        raise ValueError(
            f"the drawing must have the shape (height, width), neither of them 0, but has {ink.shape}. "
            "For one with colours use digitlib.drawing.read_drawing."
        )
    digit = _ink_box(ink)
    if digit is None:
        raise NoDigitError("there is no ink on the sheet: every pixel is 0. Draw a digit; 0 is paper and 255 is ink.")
    return _fitted(ink, digit, crop=crop, smooth=smooth, centre=centre)[0]


def _fitted(
    ink: NDArray[np.uint8], digit: _Box, *, crop: bool = True, smooth: bool = True, centre: bool = True
) -> tuple[NDArray[np.uint8], _Box]:
    """Return the picture, and the box in it that the digit went to (which may stick out)."""
    box = digit if crop else _Box(0, 0, *ink.shape)
    longest = max(box.height, box.width)
    rows = max(1, _divided((_BOX if crop else _SIDE) * box.height, longest))
    columns = max(1, _divided((_BOX if crop else _SIDE) * box.width, longest))
    part = ink[box.top : box.top + box.height, box.left : box.left + box.width]
    small = (_averaged if smooth else _sampled)(part, rows, columns)

    top, left = (_SIDE - rows) // 2, (_SIDE - columns) // 2
    if crop and centre:
        top, left = _centred(small) or (top, left)
    elif crop:
        sheet = max(ink.shape)
        top = _place_on_sheet(box.top, box.height, ink.shape[0], sheet, rows)
        left = _place_on_sheet(box.left, box.width, ink.shape[1], sheet, columns)

    picture = np.zeros((_SIDE, _SIDE), dtype=np.uint8)
    inside = picture[max(0, top) : max(0, top + rows), max(0, left) : max(0, left + columns)]
    cut_top, cut_left = max(0, -top), max(0, -left)
    inside[:] = small[cut_top : cut_top + inside.shape[0], cut_left : cut_left + inside.shape[1]]
    return picture, _Box(top, left, rows, columns)


def _divided(a: Any, b: int) -> Any:
    """Divide whole numbers, or an array of them, and round to the nearest, halves upwards."""
    return (2 * a + b) // (2 * b)


def _ink_box(ink: NDArray) -> _Box | None:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return None
    top, left = int(rows[0]), int(columns[0])
    return _Box(top, left, int(rows[-1]) - top + 1, int(columns[-1]) - left + 1)


def _averaged(part: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """Make each small pixel the mean of the part of the drawing under it."""
    narrow = np.stack(list(_sums(part.T, columns)), axis=1)
    return _divided(np.stack(list(_sums(narrow, rows))), part.size).astype(np.uint8)


def _sums(values: NDArray, m: int) -> Iterator[NDArray[np.int64]]:
    """Make m rows of n. On a ruler of n * m marks, each of the n covers m marks and each of the m covers n."""
    n = len(values)
    for to in range(m):
        start = np.arange(to * n // m, -(-(to + 1) * n // m))
        overlap = np.minimum((start + 1) * m, (to + 1) * n) - np.maximum(start * m, to * n)
        yield overlap @ values[start[0] : start[-1] + 1].astype(np.int64)


def _sampled(part: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """Make each small pixel the drawing's pixel under its middle, black or white."""
    height, width = part.shape
    y = (2 * np.arange(rows) + 1) * height // (2 * rows)
    x = (2 * np.arange(columns) + 1) * width // (2 * columns)
    return np.where(part[np.ix_(y, x)] >= 128, 255, 0).astype(np.uint8)


def _centred(small: NDArray[np.uint8]) -> tuple[int, int] | None:
    """Find the row and column for the first small pixel that bring the centre of mass to the middle."""
    mass = int(small.sum(dtype=np.int64))
    if mass == 0:  # thin or faint lines can get lost on the way
        return None
    moment_y = int(small.sum(axis=1, dtype=np.int64) @ np.arange(small.shape[0]))
    moment_x = int(small.sum(axis=0, dtype=np.int64) @ np.arange(small.shape[1]))
    return _divided(_MIDDLE * mass - moment_y, mass), _divided(_MIDDLE * mass - moment_x, mass)


def _place_on_sheet(start: int, length: int, room: int, sheet: int, small: int) -> int:
    """Find where along one axis the digit starts if the sheet, its longest side given, becomes the whole picture.

    The middle of the digit stays at its place, as far as the digit then lies inside.
    """
    twice_middle = 2 * start + length + sheet - room
    return min(max(_divided(_SIDE * twice_middle - small * sheet, 2 * sheet), 0), _SIDE - small)


# From here on: everything that a user may bring.


def read_drawing(source: str | os.PathLike[str] | bytes | Any) -> Drawing:
    """Read one handwritten digit from a drawing or a photograph, and prepare it as MNIST was prepared.

    Dark ink on light paper and light ink on dark paper are both understood, as are colours, transparent paper,
    shadows, noise and the rotation that a camera notes in its file.

    Parameters
    ----------
    source
        A path, an open binary file, the bytes of a file, a picture of Pillow's, or an array of shape (H, W),
        (H, W, 1), (H, W, 3) or (H, W, 4): Boolean, whole numbers from 0 to 255, or floats from 0 to 1 or 0 to 255.

    Returns
    -------
    Drawing
        The picture of 28 x 28 pixels, the cleaned ink that it was made from, and what was done.

    Raises
    ------
    NoDigitError
        If the sheet is blank or nearly all ink, or if what is on it is too small or too far apart to be one digit.
    NotAnImageError
        If the file is no picture or is damaged, or the picture is too large, or the array is none of the above.
        Like `NoDigitError`, this is a `ValueError`.
    FileNotFoundError
        If there is no such file.
    TypeError
        If `source` is of another type, or the array does not hold numbers.

    Notes
    -----
    Introduced in the chapter *Your own digits*. The threshold between paper and ink is that of N. Otsu, *A threshold
    selection method from gray-level histograms*, IEEE Trans. Systems, Man, and Cybernetics 9 (1979), 62-66, taken
    where both are near.
    """
    notes: list[str] = []
    pixels = _working_size(_pixels(source, notes), notes)
    ink = _even_ink(pixels, notes)
    if ink is None:
        ink = _uneven_ink(pixels, notes)
    if max(ink.shape) > 64:  # a picture of MNIST's size has no specks: each of its pixels counts
        ink = _without_specks(ink, notes)

    digit = _ink_box(ink)
    if digit is None:
        raise NoDigitError(_BLANK)
    if np.count_nonzero(ink >= 128) > 0.7 * ink.size:
        raise NoDigitError(
            f"the sheet is nearly all ink: {np.count_nonzero(ink >= 128) / ink.size:.0%} of it. Expected one digit "
            "with paper around it; leave a margin on all sides."
        )
    if max(digit.height, digit.width) < _SMALLEST_DIGIT:
        raise NoDigitError(
            f"what is on the sheet is too small to be read: {digit.width} x {digit.height} pixels. Expected a digit at "
            f"least {_SMALLEST_DIGIT} pixels tall; draw it larger or take the photograph from nearer."
        )
    _refuse_several(ink[digit.top : digit.top + digit.height, digit.left : digit.left + digit.width])

    picture, place = _fitted(ink, digit)
    right = place.left - (_SIDE - place.width) // 2
    down = place.top - (_SIDE - place.height) // 2
    notes += [
        f"The digit was cropped to {digit.width} x {digit.height} pixels.",
        f"It was scaled to {place.width} x {place.height} pixels.",
        f"Its centre of mass was brought to the middle: moved {_moved(right, 'right', 'left')} and "
        f"{_moved(down, 'down', 'up')}.",
    ]
    return Drawing(picture, ink, tuple(notes))


_BLANK = "the sheet is blank: nothing on it differs clearly from the paper. Draw a digit, or use a darker pen."


def _moved(by: int, forwards: str, backwards: str) -> str:
    return f"{abs(by)} {forwards if by >= 0 else backwards}"


def _pixels(source: Any, notes: list[str]) -> NDArray[np.uint8]:
    """Get the pixels of whatever was given: grey values (H, W, 1) or colours (H, W, 3), or (H, W, 4) with alpha."""
    from PIL import Image

    if isinstance(source, Image.Image):
        return _of_image(source, notes)
    if isinstance(source, np.ndarray | np.generic) or hasattr(source, "__array__"):
        return _of_array(np.asarray(source), notes)
    if isinstance(source, bytes | bytearray | memoryview):
        return _of_file(io.BytesIO(source), "these bytes", notes)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if path.is_dir():
            raise NotAnImageError(f"{path} is a folder, not a picture. Name a file in it.")
        try:
            file = path.open("rb")
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"there is no file {path}. The path is looked for from the folder {Path.cwd()}; check its spelling."
            ) from error
        with file:
            return _of_file(file, path.name, notes)
    if hasattr(source, "read"):
        content = source.read()
        if not isinstance(content, bytes | bytearray):
            raise TypeError(f"the file gives {type(content).__name__}, not bytes: open it with mode 'rb'")
        return _of_file(io.BytesIO(content), "the open file", notes)
    raise TypeError(
        f"cannot read a drawing from {type(source).__name__}. Expected: a path, an open binary file, the bytes of "
        "a file, a picture of Pillow's, or an array of NumPy's."
    )


def _of_file(file: Any, name: str, notes: list[str]) -> NDArray[np.uint8]:
    from PIL import Image

    # Pillow warns of large pictures; here those that are too large are refused below, before they are decoded.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.init()
        try:
            image = Image.open(file, formats=[known for known in _FORMATS if known in Image.OPEN])
        except Image.DecompressionBombError as error:
            raise NotAnImageError(_too_large(name)) from error
        except Exception as error:
            # Damaged headers fail in many ways, not only as unidentified.
            raise NotAnImageError(
                f"{name} cannot be read as a picture. Expected: a PNG, JPEG, GIF, BMP, TIFF or WebP file that is "
                "complete. Save anything else (HEIC, SVG, PDF) as PNG or JPEG first."
            ) from error
        with image:
            _refuse_too_large(image.width, image.height, name)
            if image.format == "JPEG":  # then it can be decoded at a fraction of its size
                image.draft(None, (_LONGEST_SIDE, _LONGEST_SIDE))
            return _of_image(image, notes, name)


def _of_image(image: Image, notes: list[str], name: str = "the picture") -> NDArray[np.uint8]:
    from PIL import ImageOps

    if 0 in image.size:
        raise NotAnImageError(f"{name} has no pixels: it is {image.width} x {image.height}")
    _refuse_too_large(image.width, image.height, name)
    try:
        several = bool(getattr(image, "is_animated", False))
        if several:
            image.seek(0)
        image.load()
    except Exception as error:
        # Truncated, corrupt, closed, out of memory: Pillow has another exception for each.
        raise NotAnImageError(f"{name} is damaged or cut short ({error}). Save or download it again.") from error
    if several:
        notes.append("The file holds several pictures: the first one was taken.")
    try:
        upright = ImageOps.exif_transpose(image)
    except Exception:
        upright = image  # what the camera noted cannot be read; the pixels could
    if image.getexif().get(0x0112, 1) in range(2, 9):
        notes.append("The photograph was turned upright, as the camera noted.")

    mode = upright.mode
    if mode == "F" or mode.startswith("I"):
        return _of_array(_sixteen_bits(np.asarray(upright), name), notes)
    if mode == "1":
        upright = upright.convert("L")
    if upright.has_transparency_data:
        return np.asarray(upright.convert("RGBA"))
    return np.asarray(upright if upright.mode == "L" else upright.convert("RGB")).reshape(
        upright.height, upright.width, -1
    )


def _sixteen_bits(values: NDArray, name: str) -> NDArray:
    """Bring grey values of 16 bits to 0 to 255."""
    if np.issubdtype(values.dtype, np.floating) or values.max() <= 255:
        return values
    if values.min() < 0 or values.max() > 65535:
        raise NotAnImageError(
            f"the grey values of {name} go from {values.min()} to {values.max()}. Expected 0 to 65535 at most; save it "
            "with 8 bits for each pixel."
        )
    return _divided(values.astype(np.int64), 257)


def _of_array(array: NDArray, notes: list[str]) -> NDArray[np.uint8]:
    if not (np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating) or array.dtype == bool):
        raise TypeError(f"the array must hold Booleans, whole numbers or floats, but holds {array.dtype}")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise NotAnImageError(
            f"the array has the shape {array.shape}. Expected one picture: (height, width), grey; or (height, width, "
            "channels) with 1 channel (grey), 3 (red, green, blue) or 4 (and alpha)."
        )
    if array.size == 0:
        raise NotAnImageError(f"the array has no pixels: its shape is {array.shape}")
    _refuse_too_large(array.shape[1], array.shape[0], "the array")
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.dtype == bool:
        return array.astype(np.uint8) * np.uint8(255)
    low, high = array.min(), array.max()
    if not np.isfinite(low) or not np.isfinite(high):
        raise NotAnImageError("the array holds values that are not finite numbers (NaN or infinity)")
    if low < 0 or high > 255:
        raise NotAnImageError(
            f"the array's values go from {low:g} to {high:g}. Expected 0 to 255, or 0 to 1; scale them first."
        )
    if high <= 1:
        if np.issubdtype(array.dtype, np.integer) and high == 1:
            notes.append("Values 0 and 1 were taken as black and white.")
        array = array * 255.0
    return np.floor(array + 0.5).astype(np.uint8) if array.dtype != np.uint8 else array


def _refuse_too_large(width: int, height: int, name: str) -> None:
    if width * height > _MOST_PIXELS:
        raise NotAnImageError(_too_large(name, f": it has {width} x {height} pixels"))


def _too_large(name: str, how: str = "") -> str:
    return (
        f"{name} is too large{how}. Expected at most {_MOST_PIXELS // 1_000_000} million pixels; a digit needs no more "
        "than 1,000 x 1,000. Make the picture smaller or crop it."
    )


def _working_size(pixels: NDArray[np.uint8], notes: list[str]) -> NDArray[np.uint8]:
    """Shrink a large picture, then settle transparency: what is left is grey (H, W, 1) or coloured (H, W, 3)."""
    from PIL import Image

    height, width = pixels.shape[:2]
    if max(height, width) > _LONGEST_SIDE:
        scale = _LONGEST_SIDE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        # For RGBA, Pillow weighs colours by alpha, as it should.
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        pixels = np.asarray(image.resize(size, Image.Resampling.BOX)).reshape(size[1], size[0], -1)
        notes.append(f"The picture was shrunk from {width} x {height} to {size[0]} x {size[1]} pixels.")
    if pixels.shape[2] != 4:
        return pixels

    colours, alpha = pixels[..., :3], pixels[..., 3:]
    if alpha.min() == 255:
        return colours
    visible = colours[alpha[..., 0] >= 128]
    if not len(visible):
        raise NoDigitError("the sheet is blank: it is transparent all over. Draw a digit on it.")
    spread = (np.percentile(visible, 95, axis=0) - np.percentile(visible, 5, axis=0)).max()
    if spread < 60 and len(visible) < 0.9 * alpha.size:
        notes.append("The transparent ground was taken as paper, and what is drawn on it as ink.")
        return 255 - alpha
    notes.append("The transparent parts were filled with the colour of the paper.")
    paper = np.median(visible, axis=0)
    share = alpha / 255.0
    return np.floor(colours * share + paper * (1 - share) + 0.5).astype(np.uint8)


def _even_ink(pixels: NDArray[np.uint8], notes: list[str]) -> NDArray[np.uint8] | None:
    """Get the ink of a picture made on a computer, whose paper has one exact colour; None if it has not."""
    whole = (pixels.astype(np.int64) @ (256 ** np.arange(pixels.shape[2]))).astype(np.int64)
    colours, counts = np.unique(_border(whole), return_counts=True)
    border_share = counts.max() / counts.sum()
    is_paper = whole == colours[counts.argmax()]
    if border_share + is_paper.mean() <= 1:
        return None
    paper = pixels[is_paper][0].astype(int)
    difference = pixels.astype(int) - paper
    ink = np.abs(difference).max(axis=2)
    peak = int(ink.max())
    if peak < 25:
        raise NoDigitError(_BLANK)
    faint = np.count_nonzero((ink > 0) & (ink < 0.1 * peak))
    if max(ink.shape) > 64 and faint > 0.25 * np.count_nonzero(ink):
        return None  # paper that looks even but is not: compression leaves faint ripples around the strokes
    notes.append(_about_ground(light=difference.sum() < 0))
    if peak < 200:
        notes.append(f"The ink was pale, at most {peak} of 255: it was made stronger.")
        ink = _divided(ink * 255, peak)
    return ink.astype(np.uint8)


def _about_ground(light: bool) -> str:
    return "Dark ink on light paper: it was turned over." if light else "Light ink on dark paper: as in MNIST."


def _border(values: NDArray) -> NDArray:
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])


def _uneven_ink(pixels: NDArray[np.uint8], notes: list[str]) -> NDArray[np.uint8]:
    """Get the ink of a photograph or scan: estimate the paper everywhere, subtract it, and set a threshold."""
    from scipy import ndimage

    values = pixels.astype(np.float32)
    light = _paper_is_light(values)
    if not light:
        values = 255 - values
    height, width = values.shape[:2]
    blur = max(height, width) / 700  # less than a tenth of a thin stroke: it takes away noise, not the edge
    values = ndimage.gaussian_filter(values, (blur, blur, 0))
    paper = _paper(values)
    darkness = _darkness(values, paper)

    middle = float(np.median(darkness))
    # The standard deviation of the paper, from its lighter half: in the other lie ink and ruled lines.
    noise = middle - float(np.percentile(darkness, 15.87))
    candidates = darkness > middle + max(5 * noise, 0.08)
    candidates = _large_enough(candidates, 0.0001 * candidates.size)
    if not candidates.any():
        raise NoDigitError(_BLANK)
    # Otsu's threshold is best where both classes are about equally common: near the strokes, not the ruled lines.
    inside = ndimage.distance_transform_edt(np.pad(candidates, 1))[1:-1, 1:-1]
    thick = inside >= 0.3 * inside.max()
    reach = round(max(height, width) / 100 + 0.3 * float(inside.max())) + 1
    threshold = _otsu(darkness[ndimage.binary_dilation(thick, np.ones((3, 3)), iterations=reach)])
    strong = candidates & (darkness > threshold)
    if not strong.any():
        raise NoDigitError(_BLANK)
    contrast = float(np.median(darkness[strong])) - middle
    levels = contrast * float(np.median(paper[strong].max(axis=1)))
    # The faintest pencil has more; what a shadow's edge or a dark photograph's noise leaves has less.
    if contrast < max(5 * noise, 0.18) or levels < 15:
        raise NoDigitError(_BLANK)

    notes.append(_about_ground(light))
    brightness = paper.mean(axis=2)
    spread = float(brightness.max() - brightness.min())
    if spread > 12:
        notes.append(f"The paper was uneven, by {spread:.0f} of 255 grey levels: it was evened out.")
    notes.append("Paper and ink were told apart by a threshold (Otsu's).")
    low, high = middle + (threshold - middle) / 2, threshold + (threshold - middle) / 2
    grey = np.clip((darkness - low) / (high - low), 0, 1)
    # Faint grey counts only as the edge of a stroke.
    edge = ndimage.binary_dilation(strong, np.ones((3, 3)), iterations=2)
    ink = np.floor(255 * grey * edge + 0.5).astype(np.uint8)
    return _without_surroundings(_without_thin_lines(ink, notes), notes)


def _paper_is_light(values: NDArray[np.float32]) -> bool:
    """Tell whether the thin things on the sheet are darker than what is around them."""
    from scipy import ndimage

    # On a logarithmic scale a shadow is as strong on light as on dark paper, and weaker than a pen.
    grey = np.log(16 + ndimage.gaussian_filter(_map(values.mean(axis=2, keepdims=True))[..., 0], 0.7))
    dark = light = 0.0
    # Strokes are thinner than the paper that they enclose, so they show at more of these widths. A broad shadow, even
    # a sharp one, shows at none.
    for share in (32, 24, 16, 12, 8):
        window = max(grey.shape) // share + 1
        dark += np.sum((ndimage.grey_closing(grey, (window, window), mode="nearest") - grey) ** 2)
        light += np.sum((grey - ndimage.grey_opening(grey, (window, window), mode="nearest")) ** 2)
    return bool(dark >= light)


def _paper(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Estimate what the paper would look like without the (darker) ink."""
    from scipy import ndimage

    small = ndimage.gaussian_filter(_map(values), (0.7, 0.7, 0))
    # Closing fills what is dark and narrower than its window, and leaves what is wider: a shadow, however sharp. The
    # window starts wider than any stroke and is then fitted to the strokes that are found.
    window = max(small.shape[:2]) // 4
    for _ in range(2):
        # Beyond the edge the light goes on changing as it did, so that a dark corner is not filled.
        wider = np.pad(small, ((window, window), (window, window), (0, 0)), mode="reflect", reflect_type="odd")
        closed = ndimage.grey_closing(wider, (window, window, 1), mode="nearest")
        paper = closed[window : window + small.shape[0], window : window + small.shape[1]]
        darkness = _darkness(small, paper)
        stroke = ndimage.distance_transform_edt(np.pad(darkness > _otsu(darkness.ravel()), 1)).max()
        window = max(1, min(window, int(4 * stroke) + 3))
    height, width = values.shape[:2]
    y = (np.arange(height) + 0.5) * small.shape[0] / height - 0.5
    x = (np.arange(width) + 0.5) * small.shape[1] / width - 0.5
    places = np.meshgrid(y, x, indexing="ij")
    layers = [ndimage.map_coordinates(paper[..., c], places, order=1, mode="nearest") for c in range(paper.shape[2])]
    return np.stack(layers, axis=2)


def _darkness(values: NDArray, paper: NDArray) -> NDArray:
    """Measure how much darker than the paper each pixel is, in the colour in which it differs most."""
    # A shadow takes the same share of light from paper and ink, so the difference is divided by the paper's light.
    # One colour at a time: along an axis this short, NumPy's own max is slow.
    return reduce(np.maximum, np.moveaxis(paper - values, 2, 0)) / np.maximum(
        reduce(np.maximum, np.moveaxis(paper, 2, 0)), 1
    )


def _map(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Shrink a picture to the map on which the paper is estimated, by averaging."""
    height, width = values.shape[:2]
    step = max(1, max(height, width) // _MAP_SIDE)
    for axis in (0, 1):
        starts = np.arange(0, values.shape[axis], step)
        counts = np.diff([*starts, values.shape[axis]])
        sums = np.add.reduceat(values.astype(np.float64), starts, axis=axis)
        values = sums / counts.reshape([-1 if a == axis else 1 for a in range(3)])
    return values


def _otsu(values: NDArray) -> float:
    """Find the threshold that splits values into two classes so that the variance between them is largest."""
    counts, edges = np.histogram(values, 256)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    between = np.nan_to_num(between[:-1])
    # Between two well separated classes any threshold is as good: take the middle of them.
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return float(edges[1:-1][best].mean())


def _large_enough(mask: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """Keep the connected parts that have at least so many pixels."""
    from scipy import ndimage

    parts, _ = ndimage.label(mask, np.ones((3, 3)))
    keep = np.bincount(parts.ravel()) >= least
    keep[0] = False
    return keep[parts]


def _without_thin_lines(ink: NDArray[np.uint8], notes: list[str]) -> NDArray[np.uint8]:
    """Remove parts much thinner than the thickest one: ruled lines, the edge of the paper or of a shadow."""
    from scipy import ndimage

    parts, count = ndimage.label(ink > 0, np.ones((3, 3)))
    if count < 2:
        return ink
    inside = ndimage.distance_transform_edt(np.pad(ink > 0, 1))[1:-1, 1:-1]
    thickness = np.concatenate([[np.inf], ndimage.maximum(inside, parts, np.arange(1, count + 1))])
    thin = thickness < 0.25 * thickness[1:].max()
    if not thin.any():
        return ink
    notes.append("Lines much thinner than the strokes were removed.")
    return np.where(thin[parts], 0, ink).astype(np.uint8)


def _without_surroundings(ink: NDArray[np.uint8], notes: list[str]) -> NDArray[np.uint8]:
    """Remove what lies along the edge of a photograph: the table beside the paper, or a shadow."""
    from scipy import ndimage

    parts, count = ndimage.label(ink > 0, np.ones((3, 3)))
    sides = (parts[0], parts[-1], parts[:, 0], parts[:, -1])
    outside = np.max([np.bincount(side, minlength=count + 1) / len(side) for side in sides], axis=0) >= 0.3
    outside[0] = False
    if not outside.any():
        return ink
    found = enumerate(ndimage.find_objects(parts), start=1)
    if not any(_is_long(part, ink) for number, part in found if not outside[number]):
        raise NoDigitError(
            "what is on the sheet lies along its edge: a shadow, the table beside the paper, or a digit that is cut "
            "off. Expected one digit with paper around it on all sides."
        )
    notes.append("What lies along the edge of the picture was removed.")
    return np.where(outside[parts], 0, ink).astype(np.uint8)


def _is_long(part: tuple[slice, ...], ink: NDArray) -> bool:
    return max(side.stop - side.start for side in part) >= 0.1 * max(ink.shape)


def _without_specks(ink: NDArray[np.uint8], notes: list[str]) -> NDArray[np.uint8]:
    """Remove parts that are tiny beside the largest one."""
    from scipy import ndimage

    parts, count = ndimage.label(ink > 0, np.ones((3, 3)))
    if count < 2:
        return ink
    mass = np.bincount(parts.ravel(), weights=ink.ravel())
    speck = mass < 0.02 * mass.max()
    speck[0] = False
    if not speck.any():
        return ink
    number = np.count_nonzero(speck)
    notes.append(f"{number} specks were removed." if number > 1 else "1 speck was removed.")
    return np.where(speck[parts], 0, ink).astype(np.uint8)


def _refuse_several(ink: NDArray[np.uint8]) -> None:
    """Refuse two things side by side with a wide gap between them, both tall enough to be a digit."""
    height = ink.shape[0]
    empty = ~ink.any(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], empty, [0]]).astype(int)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        halves = ink[:, :start], ink[:, stop:]
        if stop - start >= 0.3 * height and all(
            half.any(axis=1).sum() >= 0.5 * height and half.sum() >= 0.2 * ink.sum() for half in halves
        ):
            raise NoDigitError(
                f"there are several things on the sheet, with {stop - start} empty columns between them. Expected one "
                "digit; crop the picture to it."
            )
