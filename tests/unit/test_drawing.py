"""From any drawing to a picture like MNIST's: what comes back as it was, what is understood, what is refused."""

import io
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image, ImageDraw

import digitlib
from digitlib.drawing import Drawing, NoDigitError, NotAnImageError, prepare, read_drawing

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@pytest.fixture(scope="module")
def digits():
    """Return 1,000 validation digits whose longest side is 20, as MNIST's rule has it, and their labels."""
    mnist = digitlib.load_mnist()
    sides = [max(np.ptp(axis) + 1 for axis in np.nonzero(image)) for image in mnist.x_val[:1100]]
    chosen = np.flatnonzero(np.array(sides) == 20)[:1000]
    assert len(chosen) == 1000
    return mnist.x_val[chosen], mnist.y_val[chosen]


def seven(paper=WHITE, pen=BLACK, size=(300, 260), mode="RGB"):
    image = Image.new(mode, size, paper)
    ImageDraw.Draw(image).line([(90, 60), (200, 60), (130, 210)], fill=pen, width=22, joint="curve")
    return image


def file_of(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def enlarged(digit, size):
    return np.asarray(Image.fromarray(digit).resize((size, size), Image.Resampling.BICUBIC)) / 255


def photograph(digit, rng, paper=(235, 222, 175), pen=(35, 55, 140), noise=6, edge=(20, 80), lines=0, size=(200, 400)):
    """Simulate a photograph: a pen on yellowish paper, a vignette, a shadow across it, and a camera's noise."""
    height, width = 480, 640
    side = int(rng.integers(*size))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    ink = np.zeros((height, width, 1))
    ink[top : top + side, left : left + side, 0] = enlarged(digit, side)
    y, x = np.mgrid[:height, :width]
    sheet = np.broadcast_to(np.array(paper, dtype=float), (height, width, 3)).copy()
    if lines:
        sheet[(y % lines < 2) | (x % lines < 2)] *= (0.75, 0.82, 0.95)
    angle, middle = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.7, 2)
    across = np.cos(angle) * (x - middle[0] * width) + np.sin(angle) * (y - middle[1] * height)
    light = 1 - 0.18 * ((2 * y / height - 1) ** 2 + (2 * x / width - 1) ** 2)
    light *= 1 - 0.4 / (1 + np.exp(-across / rng.uniform(*edge)))
    seen = (sheet * (1 - ink) + np.array(pen) * ink) * light[..., None] + rng.normal(0, noise, (height, width, 3))
    return Image.fromarray(np.clip(seen, 0, 255).astype(np.uint8))


# What prepare does


def test_enlarged_mnist_digits_come_back_exactly(digits):
    for digit in digits[0]:
        np.testing.assert_array_equal(prepare(np.kron(digit, np.ones((10, 10), np.uint8))), digit)


def test_ink_is_cropped_scaled_and_centred():
    sheet = np.zeros((90, 70), np.uint8)
    sheet[10:50, 5:25] = 255
    expected = np.zeros((28, 28), np.uint8)
    expected[5:25, 10:20] = 255  # 10 wide, 20 tall; the middle between 9 and 10 rounds up to 14
    np.testing.assert_array_equal(prepare(sheet), expected)


def test_edges_are_exact_means_rounded_half_up():
    # Each small pixel covers 1.5 x 1.5 pixels of these 30 x 30, or of 40 x 40 exactly 2 x 2.
    sheet = np.full((30, 30), 100, np.uint8)
    sheet[0, 0] = 200
    picture = prepare(sheet)
    assert picture[picture > 0][0] == 144  # (200 + 1.25 * 100) / 2.25 = 144.4
    sheet = np.full((40, 40), 100, np.uint8)
    sheet[0, 0] = 102
    picture = prepare(sheet)
    assert picture[picture > 0][0] == 101  # (102 + 3 * 100) / 4 = 100.5


def test_without_crop_the_whole_sheet_becomes_the_picture():
    sheet = np.zeros((56, 28), np.uint8)
    sheet[8:12, 4:8] = 255
    picture = prepare(sheet, crop=False)
    assert np.argwhere(picture).tolist() == [[4, 9], [4, 10], [5, 9], [5, 10]]


def test_without_smooth_every_pixel_is_black_or_white(digits):
    sheet = np.kron(digits[0][0], np.ones((7, 7), np.uint8))
    assert set(np.unique(prepare(sheet, smooth=False))) == {0, 255}
    assert len(np.unique(prepare(sheet))) > 20


@pytest.mark.parametrize(
    ("top", "left", "row", "column"), [(0, 0, 0, 0), (60, 60, 8, 8), (30, 30, 4, 4), (60, 0, 8, 0), (40, 33, 7, 5)]
)
def test_without_centre_the_digit_stays_where_it_was(top, left, row, column):
    sheet = np.zeros((100, 100), np.uint8)
    sheet[top : top + 40, left : left + 40] = 200
    first = np.argwhere(prepare(sheet, centre=False))[0]
    assert first.tolist() == [row, column]


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 1000), (28, 28), (19, 21)])
def test_any_shape_gives_a_picture(shape):
    sheet = np.full(shape, 255, np.uint8)
    for crop in (True, False):
        for smooth in (True, False):
            picture = prepare(sheet, crop=crop, smooth=smooth)
            assert picture.shape == (28, 28)
            assert picture.max() == 255


def test_ink_that_gets_lost_leaves_an_empty_picture():
    sheet = np.zeros((200, 200), np.uint8)
    sheet[0, 0] = sheet[-1, -1] = 1
    assert not prepare(sheet).any()


@pytest.mark.parametrize(
    ("ink", "error", "says"),
    [
        (np.zeros((5, 5), np.uint8), NoDigitError, "no ink"),
        (np.zeros((5, 5)), TypeError, "float64"),
        (np.zeros((5, 5, 3), np.uint8), ValueError, r"\(5, 5, 3\)"),
        (np.zeros((0, 5), np.uint8), ValueError, r"\(0, 5\)"),
    ],
)
def test_prepare_refuses(ink, error, says):
    with pytest.raises(error, match=says):
        prepare(ink)


# What read_drawing understands


@pytest.mark.parametrize(
    "given",
    [
        lambda digit: digit,
        lambda digit: 255 - digit,
        lambda digit: digit[..., None],
        lambda digit: digit.astype(np.int64),
        lambda digit: digit / 255,
        lambda digit: (digit / 255).astype(np.float32),
        lambda digit: np.stack([digit] * 3, axis=2),
        lambda digit: np.dstack([np.zeros((28, 28, 3), np.uint8), digit]),
        lambda digit: Image.fromarray(digit),
        lambda digit: file_of(Image.fromarray(255 - digit)),
    ],
)
def test_mnist_digits_come_back_exactly_in_any_form(digits, given):
    for digit in digits[0][:50]:
        np.testing.assert_array_equal(read_drawing(given(digit)).picture, digit)


def test_all_mnist_digits_of_usual_size_come_back_exactly(digits):
    assert all(np.array_equal(read_drawing(digit).picture, digit) for digit in digits[0])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_modes_of_pillow(mode):
    expected = prepare(255 - np.asarray(seven().convert("L")))
    image = seven().convert("L")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    elif mode == "P":
        image = seven().convert("P", palette=Image.Palette.ADAPTIVE)
    else:
        image = image.convert("RGB").convert(mode) if mode in ("CMYK", "YCbCr") else image.convert(mode)
    np.testing.assert_array_equal(read_drawing(image).picture, expected)


@pytest.mark.parametrize(
    ("paper", "pen", "says"),
    [
        (WHITE, (0, 0, 255), "turned over"),
        (WHITE, (255, 0, 0), "turned over"),
        ((255, 240, 120), BLACK, "turned over"),
        ((20, 60, 40), WHITE, "as in MNIST"),
        (WHITE, (215, 215, 215), "pale"),
    ],
)
def test_colours(paper, pen, says):
    drawing = read_drawing(seven(paper, pen))
    assert says in " ".join(drawing.notes)
    np.testing.assert_allclose(drawing.picture, read_drawing(seven()).picture, atol=25)


@pytest.mark.parametrize("pen", [BLACK, WHITE, (200, 30, 30)])
def test_transparent_ground_is_paper_whatever_the_pen(pen):
    drawing = read_drawing(file_of(seven((0, 0, 0, 0), (*pen, 255), mode="RGBA")))
    assert "transparent ground" in drawing.notes[0]
    np.testing.assert_array_equal(drawing.picture, read_drawing(seven()).picture)


def test_transparent_margin_around_opaque_paper_is_filled():
    sheet = Image.new("RGBA", (400, 360), (0, 0, 0, 0))
    sheet.paste(seven(), (50, 50))
    drawing = read_drawing(sheet)
    assert "filled with the colour" in drawing.notes[0]
    np.testing.assert_array_equal(drawing.picture, read_drawing(seven()).picture)


def test_every_source_gives_the_same(tmp_path):
    path = tmp_path / "seven.png"
    path.write_bytes(file_of(seven()))
    expected = read_drawing(seven())
    assert isinstance(expected, Drawing)
    with path.open("rb") as file:
        for source in (path, str(path), path.read_bytes(), file, io.BytesIO(path.read_bytes()), np.asarray(seven())):
            np.testing.assert_array_equal(read_drawing(source).picture, expected.picture)
    assert expected.ink.shape == (260, 300)
    assert expected.ink.dtype == expected.picture.dtype == np.uint8


def test_rotation_noted_by_a_camera_is_undone():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    data = file_of(seven().transpose(Image.Transpose.ROTATE_90), exif=exif)
    drawing = read_drawing(data)
    assert "upright" in drawing.notes[0]
    np.testing.assert_array_equal(drawing.picture, read_drawing(seven()).picture)


def test_of_several_pictures_the_first_is_taken():
    data = file_of(seven(), "GIF", save_all=True, append_images=[Image.new("RGB", (300, 260))])
    drawing = read_drawing(data)
    assert "first" in drawing.notes[0]
    np.testing.assert_array_equal(drawing.picture, read_drawing(seven()).picture)


def test_large_pictures_are_shrunk_first():
    drawing = read_drawing(seven().resize((3000, 2600), Image.Resampling.NEAREST))
    assert drawing.ink.shape == (693, 800)
    assert drawing.notes[0] == "The picture was shrunk from 3000 x 2600 to 800 x 693 pixels."


def test_zeros_and_ones_are_black_and_white():
    mask = np.asarray(seven().convert("L")) < 128
    expected = prepare(mask.astype(np.uint8) * np.uint8(255))
    for array in (mask, mask.astype(int), mask.astype(np.uint8), mask.astype(float)):
        np.testing.assert_array_equal(read_drawing(array).picture, expected)


def test_specks_are_removed():
    image = seven()
    draw = ImageDraw.Draw(image)
    for x, y in ((10, 10), (280, 250)):
        draw.rectangle((x, y, x + 3, y + 3), fill=BLACK)
    drawing = read_drawing(image)
    assert "2 specks were removed." in drawing.notes
    np.testing.assert_array_equal(drawing.picture, read_drawing(seven()).picture)


def test_a_table_beside_the_paper_is_removed(digits):
    rng = np.random.default_rng(3)
    pixels = np.asarray(photograph(digits[0][0], rng, size=(200, 201))).copy()
    beside = np.concatenate([pixels, np.full((480, 60, 3), (70, 45, 30), np.uint8)], axis=1)
    drawing = read_drawing(beside)
    assert np.abs(drawing.picture.astype(int) - read_drawing(pixels).picture).mean() < 8


def test_notes_tell_what_was_done():
    assert read_drawing(seven()).notes == (
        "Dark ink on light paper: it was turned over.",
        "The digit was cropped to 121 x 165 pixels.",
        "It was scaled to 15 x 20 pixels.",
        "Its centre of mass was brought to the middle: moved 0 right and 4 down.",
    )


def test_what_is_given_stays_as_it_is():
    array = np.asarray(seven()).copy()
    before = array.copy()
    read_drawing(array)
    np.testing.assert_array_equal(array, before)


# What a network reads in photographs


# Here 50 digits of each kind. Measured on 240 others: 99.6 % right (their originals: 97.5 %), one of the small ones
# refused as blank.
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("blue on yellowish paper, soft shadow", {}),
        ("sharp shadow", {"edge": (3, 8)}),
        ("pencil on squared paper", {"pen": (110, 108, 105), "lines": 24}),
        ("red, noisy", {"pen": (200, 40, 50), "paper": (240, 240, 240), "noise": 15}),
        ("chalk on a board", {"paper": (35, 50, 42), "pen": (220, 220, 210)}),
        ("small", {"size": (80, 110)}),
    ],
)
def test_photographs_are_read_right(digits, name, options):
    rng = np.random.default_rng(1)
    images, labels = digits[0][:1000:20], digits[1][:1000:20]
    exif = Image.Exif()
    exif[0x0112] = 8
    pictures = []
    for image in images:
        turned = photograph(image, rng, **options).transpose(Image.Transpose.ROTATE_270)
        data = file_of(turned, "JPEG", quality=80, exif=exif)
        pictures.append(read_drawing(data).picture)
    scores = digitlib.load_pretrained().predict(np.array(pictures)[..., None], verbose=0)
    assert np.mean(scores.argmax(axis=1) == labels) >= 0.97
    np.testing.assert_array_equal(read_drawing(data).picture, pictures[-1])


# Measured on 300 digits: 99.0 % right.
def test_blue_transparent_drawings_are_read_right(digits):
    images, labels = digits[0][:300], digits[1][:300]
    pictures = []
    for image in images:
        sheet = np.zeros((280, 400, 4), np.uint8)
        sheet[..., :3] = (30, 60, 200)
        sheet[40:240, 170:370, 3] = np.round(255 * np.clip(enlarged(image, 200), 0, 1))
        pictures.append(read_drawing(file_of(Image.fromarray(sheet))).picture)
    scores = digitlib.load_pretrained().predict(np.array(pictures)[..., None], verbose=0)
    assert np.mean(scores.argmax(axis=1) == labels) >= 0.97


# What is refused


def nearly_black():
    image = Image.new("L", (300, 200), 255)
    ImageDraw.Draw(image).rectangle((4, 4, 295, 195), fill=0)
    return image


def far_apart():
    image = Image.new("L", (600, 300), 255)
    draw = ImageDraw.Draw(image)
    draw.line((80, 60, 80, 240), fill=0, width=20)
    draw.line((500, 60, 500, 240), fill=0, width=20)
    return image


def dot():
    image = Image.new("L", (300, 200), 255)
    ImageDraw.Draw(image).rectangle((100, 100, 103, 104), fill=0)
    return image


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (Image.new("L", (300, 200), 255), "sheet is blank"),
        (np.zeros((28, 28)), "sheet is blank"),
        (np.zeros((28, 28, 4), np.uint8), "transparent all over"),
        (nearly_black(), "nearly all ink: 9[0-9]%"),
        (dot(), "too small to be read: 4 x 5 pixels"),
        (far_apart(), "several things"),
    ],
)
def test_no_digit(source, says):
    with pytest.raises(NoDigitError, match=says):
        read_drawing(source)


@pytest.mark.parametrize("noise", [3, 8, 20])
def test_blank_paper_in_a_photograph_is_no_digit(noise):
    rng = np.random.default_rng(5)
    nothing = np.zeros((28, 28), np.uint8)
    for _ in range(5):
        with pytest.raises(NoDigitError, match="blank"):
            read_drawing(file_of(photograph(nothing, rng, noise=noise), "JPEG"))


@pytest.mark.parametrize(
    ("source", "error", "says"),
    [
        (b"", NotAnImageError, "these bytes cannot be read as a picture"),
        (b"GIF89a, or so it says", NotAnImageError, "PNG, JPEG"),
        (file_of(seven())[:400], NotAnImageError, "damaged or cut short|cannot be read"),
        (file_of(seven(), "JPEG")[:1500], NotAnImageError, "damaged or cut short"),
        (np.zeros(784), NotAnImageError, r"\(784,\)"),
        (np.zeros((5, 28, 28, 1)), NotAnImageError, r"\(5, 28, 28, 1\)"),
        (np.zeros((28, 28, 2)), NotAnImageError, r"\(28, 28, 2\)"),
        (np.zeros((0, 28)), NotAnImageError, "no pixels"),
        (np.full((28, 28), np.nan), NotAnImageError, "finite"),
        (np.full((28, 28), np.inf), NotAnImageError, "finite"),
        (np.full((28, 28), -1), NotAnImageError, "-1"),
        (np.full((28, 28), 256), NotAnImageError, "256"),
        (np.broadcast_to(np.uint8(0), (10_000, 10_000)), NotAnImageError, "too large: it has 10000 x 10000"),
        (np.zeros((28, 28), complex), TypeError, "complex"),
        (np.full((28, 28), "a"), TypeError, "<U1"),
        (None, TypeError, "NoneType"),
        ([[0, 1]], TypeError, "list"),
        (io.StringIO("a"), TypeError, "mode 'rb'"),
    ],
)
def test_not_a_picture(source, error, says):
    with pytest.raises(error, match=says):
        read_drawing(source)


@pytest.mark.parametrize("size", [(8000, 7000), (12000, 9000), (20000, 20000)])
def test_huge_files_are_refused_before_they_are_decoded_and_without_a_warning(size):
    data = file_of(Image.new("1", size))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(NotAnImageError, match="too large"):
            read_drawing(data)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape(f"there is no file {tmp_path / 'no.png'}")):
        read_drawing(tmp_path / "no.png")
    with pytest.raises(NotAnImageError, match="is a folder"):
        read_drawing(tmp_path)


def test_importing_does_not_load_scipy_or_pillow():
    code = "import sys, digitlib.drawing; print([name for name in ('scipy', 'PIL') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
