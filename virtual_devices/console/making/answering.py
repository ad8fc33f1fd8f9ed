"""A draft from the few questions that ``virtual-devices new`` asks too; what is not answered is as usual there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from virtual_devices.answers.starting.answered import unasked
from virtual_devices.answers.starting.draft import HomeDraft
from virtual_devices.answers.starting.household import drafted
from virtual_devices.answers.starting.questions import QUESTIONS, answered
from virtual_devices.kit.errors import VirtualDevicesError


@dataclass(frozen=True, slots=True)
class ReadAnswers:
    """draft: None where something is wrong.  wrong: by question.  usual: what is taken where nobody answers, by question; empty for what is not asked."""

    draft: HomeDraft | None
    wrong: Mapping[str, str]
    usual: Mapping[str, str]


def read_answers(texts: Mapping[str, str], now: int) -> ReadAnswers:
    """What texts by question come to; an empty one is none. now: UTC seconds."""
    so_far, wrong, usual = unasked(), dict[str, str](), dict[str, str]()
    for question in QUESTIONS:
        usual[question.name] = question.usual(so_far) if question.asked(so_far) else ""
        try:
            so_far = answered(question, texts.get(question.name, "").strip() or None, so_far)
        except VirtualDevicesError as error:
            wrong[question.name] = str(error)
            so_far = answered(question, None, so_far)
    return ReadAnswers(None if wrong else drafted(so_far, now, with_files=False), wrong, usual)
