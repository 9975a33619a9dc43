"""Files that people of the demo attach: drawn and written here, so that none is carried along."""

import io
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw, ImageFont

CLAY, MOSS, DARK, PAPER, GREY = "#b98f6c", "#7f8f6a", "#3b3a36", "#fbfaf7", "#8b8880"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _saved(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, quality=88)
    return out.getvalue()


def chipped_lid() -> bytes:
    """A photo of a teapot on a table whose lid lost a piece of its rim."""
    image = Image.new("RGB", (960, 720), "#d8cdbd")
    draw = ImageDraw.Draw(image)
    for row in range(720):  # light from the window above
        shade = 232 - row // 9
        draw.line([(0, row), (960, row)], fill=(shade, shade - 10, shade - 28))
    draw.rectangle([0, 520, 960, 720], fill="#a17c5b")
    draw.ellipse([250, 500, 720, 580], fill="#7d5f45")
    draw.arc([600, 250, 830, 470], 250, 110, fill=MOSS, width=34)
    draw.polygon([(280, 400), (140, 300), (170, 285), (330, 350)], fill=MOSS)
    draw.ellipse([260, 230, 700, 560], fill=MOSS)
    draw.ellipse([300, 250, 560, 420], fill="#8f9f79")
    draw.ellipse([340, 205, 620, 285], fill="#6d7c59")
    draw.ellipse([455, 165, 505, 220], fill="#6d7c59")
    draw.polygon([(540, 268), (606, 236), (622, 262), (584, 286), (562, 279)], fill=CLAY)
    draw.ellipse([505, 210, 660, 315], outline="#c23b3b", width=6)
    return _saved(image, "JPEG")


def _page(title: str, to: str, rows: list[tuple[str, int, int]]) -> Image.Image:
    image = Image.new("RGB", (1000, 1300), PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((80, 80), "Kettle & Kiln", font=_font(44), fill=DARK)
    draw.text((80, 140), "Stoneware from a workshop of four", font=_font(22), fill=GREY)
    draw.text((80, 260), title, font=_font(34), fill=DARK)
    draw.text((80, 320), f"To: {to}", font=_font(24), fill=DARK)
    y, total = 430, 0
    for name, count, price in rows:
        draw.text((80, y), f"{count} x {name}", font=_font(24), fill=DARK)
        draw.text((800, y), f"EUR {count * price}", font=_font(24), fill=DARK)
        draw.line([(80, y + 44), (920, y + 44)], fill="#dedad2", width=2)
        y, total = y + 64, total + count * price
    draw.text((80, y + 20), "Total, VAT included", font=_font(28), fill=DARK)
    draw.text((800, y + 20), f"EUR {total}", font=_font(28), fill=DARK)
    return image


def wrong_invoice() -> bytes:
    """A screenshot of the invoice of order A-20931 with its wrong title marked."""
    image = _page("Invoice A-20931", "Chen Yutong (private)", [("Moss teapot", 3, 68)])
    ImageDraw.Draw(image).rectangle([70, 308, 420, 360], outline="#c23b3b", width=5)
    return _saved(image.crop((0, 0, 1000, 720)), "PNG")


def quotation() -> bytes:
    """A one-page offer for a café, as PDF."""
    rows = [("Pair of morning cups", 20, 29), ("Moss teapot", 6, 58), ("Ash tray for tea", 6, 39)]
    return _saved(_page("Quotation T-0417", "Harbour Light Coffee", rows), "PDF")


def readings() -> bytes:
    """What a kettle's owner wrote down, minute by minute."""
    lines = ["minute,set,shown,by thermometer"]
    measured = (22, 41, 63, 79, 85, 91, 96, 98, 99)
    lines += [f"{minute},85,{min(now, 85)},{now}" for minute, now in enumerate(measured)]
    return "\n".join(lines).encode()


FILES: Mapping[str, Callable[[], bytes]] = {
    "lid.jpg": chipped_lid,
    "invoice-A-20931.png": wrong_invoice,
    "quotation-T-0417.pdf": quotation,
    "kettle-readings.csv": readings,
}
