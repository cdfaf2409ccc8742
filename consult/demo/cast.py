"""Who plays in the demo. Invented people; every password is `demo-` and the first part of the address."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """`key` is the first part of the e-mail address; `groups` are codes of specialty groups."""

    key: str
    given_name: str
    family_name: str
    says: str  # what the list of accounts says of them
    profession: str = "10"
    specialty: str = ""
    title: str = "Dr"
    level: str = ""
    place: str = ""
    groups: tuple[str, ...] = ()
    verified: bool = True
    moderates: tuple[str, ...] = ()  # groups, by their codes; "*" is everywhere

    @property
    def email(self) -> str:
        return f"{self.key}@example.org"

    @property
    def password(self) -> str:
        return f"demo-{self.key}"

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.title, self.given_name, self.family_name) if part)

    @property
    def short(self) -> str:
        """How colleagues write this name after an @."""
        return f"{self.title} {self.family_name}" if self.title else f"{self.given_name} {self.family_name}"


# The first four share exactly two groups, and the pharmacist is in neither: tests/conformance/users.json relies on it.
CAST = (
    Member("camille", "Camille", "Aubrac", "médecine générale", specialty="SM54", place="Maison de santé, Riantec", groups=("DER", "MG")),
    Member("nadia", "Nadia", "Ferrand", "dermatologie", specialty="SM15", place="Centre hospitalier, Port-Louis", groups=("DER", "MG")),
    Member("idris", "Idris", "Vallon", "dermatologie", specialty="SM15", place="Cabinet, Lorient", groups=("DER", "MG")),
    Member(
        "helene", "Hélène", "Morvan", "interne en dermatologie", specialty="SM15", title="", level="Interne, 3e année", place="Centre hospitalier, Port-Louis", groups=("DER", "MG")
    ),
    Member("soizic", "Soizic", "Le Bihan", "pharmacienne", profession="21", title="", place="Officine, Auray", groups=("PHA",)),
    Member("sacha", "Sacha", "Delmont", "médecine générale, modératrice", specialty="SM54", place="Vannes", groups=("DER", "MG", "OPH"), moderates=("*",)),
    Member("aline", "Aline", "Tessard", "ophtalmologie, modératrice", specialty="SM38", place="Clinique, Quimper", groups=("OPH",), moderates=("*",)),
    Member("marc", "Marc", "Roussin", "médecine générale", specialty="SM53", place="Cabinet, Ploemeur", groups=("DER", "MG", "OPH", "CAR", "PHA")),
    Member("yves", "Yves", "Le Guen", "médecine générale", specialty="SM54", place="Maison de santé, Groix", groups=("DER", "MG", "OPH", "CAR", "PED", "PHA"), moderates=("*",)),
    Member("anne", "Anne", "Maurel", "cardiologie", specialty="SM73", place="Centre hospitalier, Lorient", groups=("CAR", "PHA")),
    Member("gwen", "Gwenaëlle", "Kerdoncuff", "médecine d’urgence", specialty="SM59", place="Urgences, Quimperlé", groups=("MG", "RAD", "CAR", "OPH", "PED")),
    Member("theo", "Théo", "Pasquier", "dermatologie", specialty="SM15", place="Cabinet, Hennebont", groups=("DER", "INF"), moderates=("DER",)),
    Member("maelle", "Maëlle", "Brossard", "dermatologie pédiatrique", specialty="SM15", place="Cabinet, Auray", groups=("DER", "PED")),
    Member("karim", "Karim", "Haddad", "pédiatrie", specialty="SM40", place="Centre hospitalier, Vannes", groups=("PED",)),
    Member("ines", "Inès", "Colas", "radiologie", specialty="SM74", place="Centre d’imagerie, Lorient", groups=("RAD",)),
    Member("bruno", "Bruno", "Tanguy", "infirmier", profession="60", title="", place="Cabinet infirmier, Guidel", groups=("INF", "DER")),
    Member("solenn", "Solenn", "Riou", "sage-femme", profession="50", title="", place="Maternité, Pontivy", groups=("SF", "PED", "INF")),
    Member("yann", "Yann", "Kervella", "infirmier, pas encore vérifié", profession="60", title="", place="Pont-Aven", verified=False),
)
BY_KEY = {member.key: member for member in CAST}
