"""A browser's User-Agent in plain words."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

# The first that matches is meant: most browsers also claim to be those further down.
_BROWSERS = (
    (r"MicroMessenger/(\d+)", "WeChat"),
    (r"AlipayClient/(\d+)", "Alipay"),
    (r"DingTalk/(\d+)", "DingTalk"),
    (r"Edg(?:e|A|iOS)?/(\d+)", "Edge"),
    (r"(?:OPR|Opera)/(\d+)", "Opera"),
    (r"SamsungBrowser/(\d+)", "Samsung Internet"),
    (r"HuaweiBrowser/(\d+)", "Huawei Browser"),
    (r"MiuiBrowser/(\d+)", "MIUI Browser"),
    (r"UCBrowser/(\d+)", "UC Browser"),
    (r"M?QQBrowser/(\d+)", "QQ Browser"),
    (r"(?:Firefox|FxiOS)/(\d+)", "Firefox"),
    (r"(?:Chrome|CriOS|HeadlessChrome)/(\d+)", "Chrome"),
    (r"Version/(\d+)[\d.]*.* Safari/", "Safari"),
)
_SYSTEMS = (
    (r"HarmonyOS|OpenHarmony", "HarmonyOS"),
    (r"iPhone|iPod", "iOS"),
    (r"iPad", "iPadOS"),
    (r"Android", "Android"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "macOS"),
    (r"CrOS", "ChromeOS"),
    (r"Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Device:
    """What somebody sits before: names as their makers write them, '' where unknown."""

    browser: str
    system: str

    def __str__(self) -> str:
        if self.browser and self.system:
            facts = {"browser": self.browser, "system": self.system}
            return _("%(browser)s on %(system)s") % facts
        return self.browser or self.system


def device_of(user_agent: object) -> Device:
    """The browser and system behind a User-Agent header; unknown ones stay empty."""
    text = user_agent[:500] if isinstance(user_agent, str) else ""
    system = next((name for sign, name in _SYSTEMS if re.search(sign, text)), "")
    for sign, name in _BROWSERS:
        if found := re.search(sign, text):
            return Device(f"{name} {found[1]}", system)
    return Device("", system)
