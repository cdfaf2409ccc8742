"""An excerpt tells what a message is about, and of whom it does not."""

from __future__ import annotations

import pytest

from consult.moderation.blackout import blackout


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Mme Dupont a mal", "███ ██████ a mal"),
        ("Monsieur Jean Le Goff revient", "████████ ████ ██ ████ revient"),
        ("Mme D’Artagnan-Étienne, 34 ans", "███ ██████████████████, 34 ans"),
        ("appelez le 06 12 34 56 78 !", "appelez le ██ ██ ██ ██ ██ !"),
        ("NIR 1 85 05 78 006 084 36.", "NIR █ ██ ██ ██ ███ ███ ██."),
        ("né le 12/05/1985", "né le ██████████"),
        ("écrivez à jean@example.org vite", "écrivez à ████████████████ vite"),
        ("dossier 4521, http://exemple.test/a?b", "dossier ████, ███████████████████████"),
        ("J+3, 34 ans, 50 mg", "J+3, 34 ans, 50 mg"),
        ("une maladie de Crohn", "une maladie de Crohn"),
    ],
)
def test_identifiers_are_black_and_the_rest_is_not(said: str, shown: str) -> None:
    assert blackout(said) == shown
    assert len(blackout(said)) == len(said)
