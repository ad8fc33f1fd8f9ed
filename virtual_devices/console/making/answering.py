"""A draft from the few questions that ``virtual-devices new`` asks too; what is not answered is as usual there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from virtual_devices.answers.starting.answered import Answered, unasked
from virtual_devices.answers.starting.draft import HomeDraft
from virtual_devices.answers.starting.household import drafted
from virtual_devices.answers.starting.presets import Preset
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
    return ReadAnswers(None if wrong else form_draft(so_far, now), wrong, usual)


def form_draft(told: Answered, now: int, begun: Preset | None = None) -> HomeDraft:
    """A draft as a form shows one: it begins when it is started, and has no files beside it. begun: the preset that it was begun with."""
    draft = drafted(told, now, begun, with_files=False)
    draft.clock = {"start": "now"}
    draft.remarks.pop("clock", None)
    return draft
