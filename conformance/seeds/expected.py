"""Compares what a page shows with what came out."""

import re

# What differs from run to run: what stands before it, and what it looks like.
KINDS = [
    ("", r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} (?!1970)\d{4} \d\d:\d\d:\d\d GMT"),
    ("", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d)?"),
    ("", r"\b[0-9a-f]{32}\b"),
    ('"tag":"', r"\d+"),
    ("W/", r"\d+"),
    ('"hostname": "', r'[^"]+'),
    ('"pid": "', r"\d+"),
    ('"worker":', r"\d+"),
    ('"connection":', r"\d+"),
    ('"uptime": ', r"\d+"),
    ("outpour/", r"[\d.]+"),
]
VARYING = re.compile("|".join(f"((?<={before}){pattern})" for before, pattern in KINDS))
DATE = re.compile(KINDS[0][1])
WRITTEN_DATE = re.compile(KINDS[0][1].replace(" ", "(?: |%20)"))  # in an address, too
TAG = re.compile(r"(?<=W/)\d+|(?<=tag=)\d+|(?<=If-None-Match: )\d+")


class Values:
    """What came in the place of the dates and tags that a page shows; a tag has a meaning only beside its date."""

    def __init__(self):
        self.dates, self.tags = {}, {}

    def learn(self, shown, came):
        self.dates.update((one, other) for one, other in zip(shown, came) if DATE.fullmatch(one))
        places = zip(places_of(shown), places_of(came))
        self.tags.update((one, other[1]) for one, other in places)

    def real(self, text):
        dates = [date.replace("%20", " ") for date in WRITTEN_DATE.findall(text)]
        if dates:
            text = TAG.sub(lambda tag: self.tags.get((dates[0], tag[0]), tag[0]), text)
        return WRITTEN_DATE.sub(self._date, text)

    def _date(self, found):
        blank = "%20" if "%20" in found[0] else " "
        date = found[0].replace("%20", " ")
        return self.dates.get(date, date).replace(" ", blank)


def places_of(values):
    """Date and tag of each message among the values of a text."""
    dates = [value for value in values if DATE.fullmatch(value)]
    tags = [value for value in values if value.isdigit()]
    return zip(dates, tags) if len(dates) == len(tags) else []


def matches(shown, lines, values):
    """Whether the lines are those shown; remembers what came in the place of varying values."""
    parts, kept, lengths = [], [], []
    for line in without_end(shown):
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
            continue
        rest = line.endswith("...")
        before = len(kept)
        parts.append(expression(line.removesuffix("..."), kept) + (".*" if rest else "") + r"\n")
        lengths.append(len(kept) - before)
    found = re.fullmatch("".join(parts), "".join(line + "\n" for line in without_end(lines)))
    if found:
        came = list(found.groups())
        for length in lengths:
            values.learn(kept[:length], came[:length])
            kept, came = kept[length:], came[length:]
    return bool(found)


def without_end(lines):
    """Lines without the blank ones at the end."""
    count = max((index + 1 for index, line in enumerate(lines) if line.strip()), default=0)
    return lines[:count]


def expression(line, kept):
    """A shown line as an expression with a group for each varying value."""
    result, end = "", 0
    for value in VARYING.finditer(line):
        result += f"{re.escape(line[end : value.start()])}({KINDS[value.lastindex - 1][1]})"
        kept.append(value[0])
        end = value.end()
    return result + re.escape(line[end:])
