"""Texts that read like a clinician's, from a fixed seed: words drawn as they are in real texts, few of them often and most of them rarely."""

# ruff: noqa: SIM905  words read better as text

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

OFTEN = (
    "patient lésion traitement avis depuis examen douleur biopsie bilan antécédent évolution peau clinique diagnostic consultation semaine famille suivi résultat "
    "photographie conduite indication dose chirurgie prurit dermoscopie contrôle hypothèse urgence fièvre ganglion corticoïde visage avant-bras jambe main éruption "
    "bulle plaque nodule ulcération cicatrice allergie infection antibiotique imagerie échographie scanner tolérance surveillance récidive prélèvement anticorps"
).split()
LITTLE = "le la les de du des un une et à en pour avec sans chez sur dans par qui ce cette il elle est a plus pas".split()
STARTS = "derm céph néphr cardi hémat gastr pneum neur ost arthr myo angi lip kérat mélan leuc lymph hépat cyst rhin ot opht trach aden fibr".split()
MIDDLES = "o i a é u ori ato oli eno imo".split()
ENDS = "pathie ite ose ome algie scopie tomie logie graphie plasie ectasie lyse génie trophie pénie rragie sclérose phagie ique aire euse".split()
VOCABULARY = 4_000


def vocabulary() -> list[str]:
    """All words, the most frequent first."""
    made = [a + b + c for a, b, c in itertools.product(STARTS, MIDDLES, ENDS)]
    random.Random(7).shuffle(made)
    return [*OFTEN, *made][:VOCABULARY]


def texts(count: int) -> Iterator[str]:
    """So many texts, of 6 to 30 words; the word of rank k comes about k times more rarely than the first (Zipf's law)."""
    chance = random.Random(11)
    words = vocabulary()
    weights = list(itertools.accumulate(1 / (rank + 2) for rank in range(len(words))))
    for _ in range(count):
        drawn = chance.choices(words, cum_weights=weights, k=chance.randint(4, 20))
        for at in range(0, len(drawn), 2):
            drawn[at] = f"{chance.choice(LITTLE)} {drawn[at]}"
        yield " ".join(drawn).capitalize() + "."
