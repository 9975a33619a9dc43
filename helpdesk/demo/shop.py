"""What the demonstration shop sells."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Product:
    picture: str  # a static file
    name: str | Promise
    line: str | Promise
    price: int
    flag: str | Promise = ""


PRODUCTS = (
    Product(
        "demo/teapot.svg",
        _("Moss teapot"),
        _("Stoneware, 600 ml, pours without a drip"),
        68,
        _("New"),
    ),
    Product("demo/cups.svg", _("Pair of morning cups"), _("Thin rim, thick base, 180 ml each"), 34),
    Product(
        "demo/kettle.svg", _("Gooseneck kettle"), _("Brushed steel, holds 85 °C for an hour"), 119
    ),
    Product(
        "demo/bowls.svg",
        _("Nesting bowls, set of three"),
        _("Glazed inside, bare clay outside"),
        54,
    ),
    Product(
        "demo/canister.svg",
        _("Tea canister"),
        _("Airtight lid, keeps 200 g fresh"),
        29,
        _("Few left"),
    ),
    Product("demo/tray.svg", _("Ash tray for tea"), _("Solid ash with a hidden drain"), 46),
)
