"""How the text of a task's function changes, so that it does without Airflow's context."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge_airflow.reading_dag.source_text import Edit

__all__ = ["Asked", "Rewritten"]


@dataclass(frozen=True)
class Asked:
    """What a new argument receives, or stands in a template.

    By ``kind`` it is a ``param``, a param or what a run is given besides (``conf``), a ``fact``, a
    ``pull`` of an XCom, a ``constant``, a ``literal`` (the JSON ``key``), a ``template`` or the
    texts of ``templates_dict`` (``texts``). ``what`` is the name of the parameter or the fact, of
    the task (with ``key``), or of what the task is asked about itself. A ``push`` is none: it is
    shown as None, and pushes the JSON ``key`` under the key ``what``.
    """

    kind: str
    what: str
    key: str = ""
    annotation: str = ""


@dataclass
class Rewritten:
    """How the text of a function changes, and what it takes and gives back then.

    ``gone`` are arguments that it no longer has, ``asked`` those it has instead; ``prelude`` are
    lines for the top of its body, ``ending`` one for its end; ``pushes`` the XComs that it returns
    besides, as key and local name. One that ``skips`` returns, before all else, whether it has not
    done so. Each with its line, ``problems`` say what of the context has no equal here, ``losses``
    what is merely different, ``carried`` what is neither.
    """

    edits: list[Edit] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    asked: dict[str, Asked] = field(default_factory=dict)
    prelude: list[str] = field(default_factory=list)
    ending: str = ""
    pushes: list[tuple[str, str]] = field(default_factory=list)
    problems: list[tuple[str, int]] = field(default_factory=list)
    losses: list[tuple[str, int]] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    carried: list[tuple[str, int]] = field(default_factory=list)
    skips: bool = False
