"""A case on paper: who asked, who answered what and when, marks, votes by name, references, and the hash of it all on every page."""

from __future__ import annotations

import io
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any
from xml.sax.saxutils import escape

from PIL import Image as Pixels
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer

from consult.cases.export.record import Picture, Record
from consult.cases.export.words import words

FACES = {"Record": "Roboto-Regular", "Record-Bold": "Roboto-Bold", "Record-Italic": "Roboto-Italic"}
MARGIN = 18 * mm
WIDEST, HIGHEST = 120 * mm, 110 * mm  # of a picture


@cache
def _glyphs() -> frozenset[int]:
    """Registers the font once; the characters it can draw."""
    folder = files("font_roboto") / "files"
    for name, face in FACES.items():
        pdfmetrics.registerFont(TTFont(name, io.BytesIO((folder / f"{face}.ttf").read_bytes())))
    pdfmetrics.registerFontFamily("Record", normal="Record", bold="Record-Bold", italic="Record-Italic", boldItalic="Record-Bold")
    return frozenset(pdfmetrics.getFont("Record").face.charToGlyph)


def plain(text: str) -> str:
    """Text as markup of a paragraph. A character that the font lacks is named, never left out; what cannot be seen anyway is."""
    drawn = []
    for char in unicodedata.normalize("NFC", text):
        if char == "\n":
            drawn.append("<br/>")
        elif unicodedata.category(char) in ("Cc", "Cf", "Cs"):
            continue
        elif ord(char) in _glyphs():
            drawn.append(escape(char))
        else:
            drawn.append(escape(f"[{unicodedata.name(char, f'U+{ord(char):04X}')}]"))
    return "".join(drawn)


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=more.pop("font", "Record"), fontSize=size, leading=size * 1.4, spaceAfter=4, **more)


STYLES = {
    "title": _style("title", 16, font="Record-Bold"),
    "head": _style("head", 12, font="Record-Bold", spaceBefore=10),
    "who": _style("who", 9, font="Record-Bold", spaceBefore=6),
    "text": _style("text", 10),
    "small": _style("small", 8.5),
    "gone": _style("gone", 10, font="Record-Italic"),
}


def person(card: dict[str, Any] | None) -> str:
    """Dr Nadia Ferrand (Dermatologie)"""
    if card is None:
        return "–"
    told = ", ".join(part for part in (card.get("specialty_label"), card.get("level")) if part)
    return (card["name"] or "–") + (f" ({told})" if told else "")


def moment(at: str) -> str:
    """2026-11-28 00:30 UTC"""
    return f"{at[:10]} {at[11:16]} UTC"


def picture(webp: bytes) -> Flowable:
    """As JPEG, which is what a PDF holds without growing; no wider than WIDEST, no higher than half a page."""
    jpeg = io.BytesIO()
    with Pixels.open(io.BytesIO(webp)) as pixels:
        pixels.convert("RGB").save(jpeg, "JPEG", quality=85)
        scale = min(WIDEST / pixels.width, HIGHEST / pixels.height, 1)
        return Image(jpeg, pixels.width * scale, pixels.height * scale, hAlign="LEFT")


def render(record: Record) -> bytes:
    """The PDF. Raises nothing of its own: whatever the words are, they are drawn or named."""
    _glyphs()
    said = words(record.locale)
    out = io.BytesIO()
    title = record.sheet["title"] or said["untitled"]
    document = SimpleDocTemplate(out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=22 * mm, title=title, author="Consult", lang=record.locale)

    def foot(canvas: Any, _: Any) -> None:
        canvas.setFont("Record", 7)
        canvas.drawString(MARGIN, 14 * mm, f"{said['by']} {person(record.by)}, {moment(record.at)} · {said['page']} {canvas.getPageNumber()}")
        canvas.drawString(MARGIN, 10 * mm, f"{said['hash']} : {record.digest}")

    document.build([*_head(record, said), *_exchange(record, said), *_diagnoses(record, said)], onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _line(label: str, value: str, style: str = "text") -> Paragraph:
    return Paragraph(f"<b>{plain(label)}</b> : {plain(value)}", STYLES[style])


def _head(record: Record, said: dict[str, str]) -> list[Flowable]:
    page = record.sheet
    lines: list[Flowable] = [
        Paragraph(plain(page["title"] or said["untitled"]), STYLES["title"]),
        Paragraph(plain(said["notice"]), STYLES["small"]),
        _line(said["asked"], f"{person(page['asker'])}, {said['on']} {moment(page['opened_at'])}"),
        _line(said["urgency"], said[page["urgency"]]),
        _line(said["status"], f"{said[page['status']]}, {moment(page['status_at'])}"),
    ]
    lines += [_line(said[name], value) for name, value in (page["template"] or {}).items() if value]
    if consent := page["consent"]:
        gone = f", {said['withdrawn_at']} {moment(consent['withdrawn_at'])}" if consent["withdrawn_at"] else ""
        lines.append(_line(said["consent"], f"{said[consent['recorded']]}, {moment(consent['at'])}{gone}"))
    if declared := page["consensus"]["declared"]:
        lines.append(_line(said["declared"], moment(declared["at"])))
    return lines


def _exchange(record: Record, said: dict[str, str]) -> list[Flowable]:
    about = {answer["message"]: answer for answer in record.sheet["answers"]}
    accepted = (record.sheet["accepted"] or {}).get("message")
    verdicts = {outcome["message"]: outcome["verdict"] for outcome in record.sheet["outcomes"]}
    lines: list[Flowable] = [Paragraph(plain(said["exchange"]), STYLES["head"])]
    for message in record.messages:
        acting = f", {said['moderator']}" if message["actor"] and message["actor"]["as"] else ""
        edited = f" · {said['edited']}" if message["edited"] else ""
        verdict = f" · {said[verdicts[message['message']]]}" if message["message"] in verdicts else ""
        lines.append(Paragraph(plain(f"{said[message['form']]} · {person(message['actor'])}{acting} · {moment(message['at'])}{edited}{verdict}"), STYLES["who"]))
        if message["message"] == accepted:
            lines.append(Paragraph(plain(f"✓ {said['accepted']}" if ord("✓") in _glyphs() else said["accepted"]), STYLES["who"]))
        if message["doubt"]:
            lines.append(Paragraph(plain(said[message["doubt"]]), STYLES["gone"]))
        lines.append(Paragraph(plain(said[message["withheld"]]), STYLES["gone"]) if message["withheld"] else Paragraph(plain(message["body"]), STYLES["text"]))
        for image in message["images"]:
            lines += _shown(record.pictures[image], said)
        if message["unseen"]:
            lines.append(_line(said["unseen"], str(message["unseen"]), "small"))
        if answer := about.get(message["message"]):
            lines += _said_of(answer, said)
    if record.missing:
        lines.append(_line(said["missing"], str(record.missing)))
    return lines


def _shown(one: Picture, said: dict[str, str]) -> list[Flowable]:
    """A picture, and under it what it shows, for who cannot see it."""
    told = [_line(said["shows"], one.description, "small")] if one.description else []
    return [KeepTogether([picture(one.webp), *told])]


def _said_of(answer: dict[str, Any], said: dict[str, str]) -> list[Flowable]:
    lines: list[Flowable] = []
    if answer["amended"] and answer["amended"]["former"]:
        lines.append(_line(said["former"], answer["amended"]["former"], "small"))
    for side in ("agree", "disagree"):
        votes = answer["votes"][side]
        if votes["count"]:
            lines.append(_line(f"{said[side]} ({votes['count']})", _people(votes), "small"))
    if answer["references"]:
        lines.append(_line(said["references"], " ; ".join(r["link"] for r in answer["references"]), "small"))
    return lines


def _people(counted: dict[str, Any]) -> str:
    more = counted["count"] - len(counted["people"])
    return ", ".join(person(p) for p in counted["people"]) + (f" + {more}" if more > 0 else "")


def _diagnoses(record: Record, said: dict[str, str]) -> list[Flowable]:
    found = record.sheet["differentials"]
    if not found:
        return []
    lines: list[Flowable] = [Spacer(1, 4), Paragraph(plain(said["differentials"]), STYLES["head"])]
    for one in found:
        label = one["label"] if one["label"] is not None else said[one["withheld"]]
        lines.append(_line(label, f"{said['backed']} {_people(one['backers'])} ({one['backers']['count']})"))
    return lines
