"""The development part: other templates, names and ways to write than held_out.py; rules are tuned on this one."""

from __future__ import annotations

from .prose import Chance, Part, bare, nir_key

COUNT = 2000

FAMILY = [
    "Alvarez",
    "Barthélemy",
    "Carlier",
    "Delmas",
    "Estève",
    "Fouquet",
    "Grandjean",
    "Hamel",
    "Issaoui",
    "Jourdan",
    "Kervella",
    "Lebrun",
    "Mallet",
    "Nativel",
    "Orsini",
    "Pelletier",
    "Quentin",
    "Ribeiro",
    "Sylla",
    "Tanneau",
    "Umbdenstock",
    "Verdier",
    "Weiss",
    "Yilmaz",
    "Zerrouki",
    "L’Hostis",
    "Dos~Santos",
    "Van~Damme",
    "Ben~Salah",
    "Saint-Paul",
    "Durand-Leroy",
    "Bouguer",
    "Lefort",
    "Thévenot",
    "Coulibaly",
    "Legendre",
    "Martin",
    "Durand",
]
FAMILY = [name.replace("~", " ") for name in FAMILY]
FIRST = [
    "Aurélie",
    "Benoît",
    "Camille",
    "Djibril",
    "Élodie",
    "Fabrice",
    "Geneviève",
    "Henri",
    "Isabelle",
    "Jérôme",
    "Khadija",
    "Ludovic",
    "Marie-Claude",
    "Noémie",
    "Patrick",
    "Rose-Marie",
    "Sébastien",
    "Thérèse",
    "Wassim",
    "Yvette",
]
TOWNS = ["Bazouges-la-Pérouse", "Aumont", "Peyrehorade", "Saulxures", "Chaource", "Mortagne-au-Perche", "Lodève", "Concarneau"]
STREETS = ["Anatole France", "des Tilleuls", "du Maréchal Foch", "de la Gare", "Saint-Jean", "du 11 novembre 1918", "Paul Bert", "de la Fontaine", "aux Ours", "Voltaire"]
WAYS = ["rue", "rue", "avenue", "Bd", "chemin", "allée", "impasse", "place", "résidence", "route", "lotissement"]
MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"]
DRUGS = [
    "Dafalgan",
    "Coversyl",
    "Crestor",
    "Glucophage",
    "Imovane",
    "Previscan",
    "Symbicort",
    "azathioprine",
    "Cortancyl",
    "Stelara",
    "Neurontin",
    "pantoprazole",
    "Skenan",
    "Mopral",
    "Bactrim",
    "Zovirax",
]
EPONYMS = [
    "maladie de Behçet", "maladie de Charcot", "syndrome de Marfan", "maladie de Waldenström", "syndrome de Reiter", "signe de Trousseau", "maladie de Wilson", "M. de Crohn",
    "score de Wells à 3", "syndrome d’Ehlers-Danlos", "névrome de Morton", "maladie de Kienböck", "syndrome de Brugada", "kyste de Baker", "ulcère de Marjolin", "maladie de Ménière",
]  # fmt: skip
HOSPITALS = [
    "à l’hôpital Tenon",
    "au CHU Purpan",
    "à la clinique du Docteur Blanc",
    "au CH Docteur Schaffner",
    "à l’institut Curie",
    "à Saint-Antoine",
    "à l’hôpital Georges Pompidou",
    "à la Conception",
]
LABS = [
    "GB 11 200, CRP 87", "Hb 10,2", "plaquettes 143 000", "créat 98", "NT-proBNP 3 400", "TSH 4,12", "PCR 1 200 000 copies", "TA 13/8", "sat 96 %", "glycémie 1,26", "INR 2,8", "kaliémie 3,1",
    "vit D 18 ng/mL", "PNN 0,8 G/L", "DFG 45", "score 2/5/10", "EVA 6/10", "01 02 03 points de suture", "acte CCAM JVJF004", "lot n° 4567891",
]  # fmt: skip
WHEN = ["J2", "à J+15", "il y a 3 ans", "depuis 5 jours", "à S-2", "en 2021", "l’an dernier", "à 8h", "le 3/4", "en mars 2022", "depuis hier"]
JOBS = ["notaire", "maire", "luthier", "scaphandrier", "sénateur", "danseuse étoile", "magicien"]


def phone(chance: Chance) -> str:
    n = f"{chance.number(1, 9)}{chance.digits(8)}"
    return chance.one(
        [
            f"0{n[0]}.{n[1:3]}.{n[3:5]}.{n[5:7]}.{n[7:]}", f"0{n}", f"0{n[0]} {n[1:3]} {n[3:5]} {n[5:7]} {n[7:]}", f"0{n[0]}-{n[1:3]}-{n[3:5]}-{n[5:7]}-{n[7:]}",
            f"0{n[0]}{n[1:3]}.{n[3:5]}.{n[5:7]}.{n[7:]}", f"+33 {n[0]} {n[1:3]} {n[3:5]} {n[5:7]} {n[7:]}", f"+33.{n[0]}.{n[1:3]}.{n[3:5]}.{n[5:7]}.{n[7:]}", f"(+33) {n}",
            f"0{n[0]} {n[1:5]} {n[5:]}", f"+32 47{n[0]} {n[1:3]} {n[3:5]} {n[5:7]}", f"+41 79 {n[:3]} {n[3:5]} {n[5:7]}", f"0{n[0]}  {n[1:3]}  {n[3:5]}  {n[5:7]}  {n[7:]}", f"0 {n[0]}{n[1:3]} {n[3:6]} {n[6:]}",
        ]
    )  # fmt: skip


def _thirteen(chance: Chance) -> str:
    place = (
        chance.one(["2A", "2B"]) + f"{chance.number(1, 360):03d}"
        if chance.happens(0.1)
        else f"{chance.one([1, 6, 13, 31, 44, 59, 69, 75, 92, 97, 99]):02d}{chance.number(1, 700):03d}"
    )
    return f"{chance.one('12')}{chance.digits(2)}{chance.number(1, 12):02d}{place}{chance.number(1, 400):03d}"


def _parted(n: str, between: str) -> str:
    return between.join([n[0], n[1:3], n[3:5], n[5:7], n[7:10], n[10:13], *([n[13:]] if n[13:] else [])])


def nir(chance: Chance) -> str:
    n = _thirteen(chance)
    n += nir_key(n)
    return chance.one(
        [n, _parted(n, " "), _parted(n, "-"), f"{n[:7]} {n[7:13]} {n[13:]}", f"{n[:13]}/{n[13:]}", f"{n[:13]} clé {n[13:]}", f"{n[:5]} {n[5:10]} {n[10:]}", _parted(n, "\u00a0")]
    )


def nir_like(chance: Chance) -> str:
    n = _thirteen(chance)
    return chance.one([n, _parted(n, " ")])


def email(chance: Chance) -> str:
    first, last = bare(chance.one(FIRST)).lower(), bare(chance.one(FAMILY)).lower().replace(" ", "").replace("'", "")
    return chance.one(
        [
            f"{last}.{first[0]}@yahoo.fr",
            f"{first}{last}@outlook.com",
            f"{first}+sante@{last}.eu",
            f"{first} . {last} @ free.fr".replace(" . ", "."),
            f"{last}{chance.number(50, 99)}(at)gmail.com",
        ]
    )


def address(chance: Chance) -> str:
    line = f"{chance.number(1, 150)}{chance.one(['', '', 'bis', ' ter'])}{chance.one([' ', ', '])}{chance.one(WAYS)} {chance.one(STREETS)}"
    return line + chance.one(
        ["", f" {chance.number(10, 95)}{chance.digits(3)} {chance.one(TOWNS)}", f", {chance.one(TOWNS)}", f" - {chance.number(10, 95)}{chance.digits(3)} {chance.one(TOWNS)}"]
    )


def birth(chance: Chance) -> str:
    day, month, year = chance.number(1, 31), chance.number(1, 12), chance.number(1925, 2024)
    return chance.one(
        [
            f"{day:02d}/{month:02d}/{year}", f"{day} {MONTHS[month - 1]} {year}", f"{day:02d} {month:02d} {year}", f"{day}.{month}.{year}", f"{day:02d}{month:02d}{year}", f"{day:02d}/{month:02d}/{year % 100:02d}",
            f"1er {MONTHS[month - 1]} {year}", f"{day:02d} / {month:02d} / {year}", f"{day} {MONTHS[month - 1][:4]}. {year}",
        ]
    )  # fmt: skip


def date(chance: Chance) -> str:
    return f"{chance.number(1, 28):02d}/{chance.number(1, 12):02d}/{chance.number(2018, 2026)}"


def name(chance: Chance) -> str:
    last = chance.one(FAMILY)
    if chance.happens(0.4):
        last = last.upper()
    return chance.one([last, last, f"{chance.one(FIRST)} {last}", f"{last} {chance.one(FIRST)}"])


SLOTS = {
    "name": name, "doctor": lambda c: c.one(FAMILY), "civ": lambda c: c.one(["M.", "Mr", "Mme", "Mme", "Monsieur", "Madame", "Mlle", "Mr.", "MME"]), "dr": lambda c: c.one(["Dr", "Pr", "docteur", "Dr."]),
    "phone": phone, "nir": nir, "nir_like": nir_like, "email": email, "address": address, "record": lambda c: c.one([c.digits(9), c.digits(6), f"H{c.digits(8)}", c.digits(12), f"{c.digits(4)} {c.digits(4)}"]),
    "rpps": lambda c: f"10{c.digits(9)}", "birth": birth, "date": date, "old": lambda c: f"{c.number(90, 101)} ans", "town": lambda c: c.one(TOWNS), "job": lambda c: c.one(JOBS),
    "age": lambda c: f"{c.number(2, 89)} ans", "drug": lambda c: c.one(DRUGS), "eponym": lambda c: c.one(EPONYMS), "hospital": lambda c: c.one(HOSPITALS), "lab": lambda c: c.one(LABS), "when": lambda c: c.one(WHEN),
}  # fmt: skip
LABELLED = {
    "name": "name",
    "doctor": "name",
    "phone": "phone",
    "nir": "nir",
    "nir_like": "nir_like",
    "email": "email",
    "address": "address",
    "record": "record",
    "rpps": "rpps",
    "birth": "birth_date",
    "date": "date",
    "old": "age",
    "town": "town",
    "job": "job",
}
NEUTRAL = [
    "{age}, ATCD {eponym}, ttt {drug}.", "Bonjour à tous, que feriez-vous devant {lab} ?", "Ne prend rien depuis {when}.", "Il ne le supporte plus, arrêt de {drug} {when}.", "Madame tousse, monsieur fume.",
    "Mme vient pour {eponym}.", "Mr a chuté {when}, pas de TC.", "Merci Docteur Je reste disponible.", "Chère consœur, cher confrère, merci.", "Mme X, {age}, {lab}.", "M. D., {age}.", "Mr Y. consulte {when}.",
    "Hospitalisée {hospital} {when}.", "2 cours de kiné par semaine, 3 routes possibles.", "Il reste 1 place en réanimation.", "Repris : {lab}, puis {lab}, enfin {lab}.", "PR 180 ms, QT 400 ms.", "Dr ou interne, même avis.",
    "Monsieur est agité, Madame est épuisée.", "Le docteur de garde propose {drug}.", "Posologie 12/12 h, 3 x 1 g/24 h.", "Réf. 10.1056/NEJMoa2034577, PMID 33301246.", "Pr info, déjà vu {hospital}.", "Ce M1 en radiologie connaît.", "Classification TNM : T2 N1 M0.",
    "La dame vit à domicile avec son mari.", "Il habite à la campagne.", "Patient vivant en EHPAD.", "Code postal non utile ici.", "Elle mange bien, dort mal.", "Score de Fine 3, {lab}.", "Le profil du patient est connu.", "Mme la Directrice prévenue.", "M le Professeur donnera son avis.",
    "MM. les externes sont là.", "Le code-barres 3400930012345 du flacon.", "Diurèse 1 500 puis 1 200 puis 900 mL sur 24 h.", "Poids 72 71,5 70,8 70 kg sur 4 jours.", "Dernières règles il y a 6 SA.", "PA 120 80 70 aux trois positions.", "Séances 1 2 3 4 5 6 7 8 9 10 faites.",
]  # fmt: skip
TELLING = {
    "name": ["{civ} {name} {age}.", "Appel de {civ} {name} à propos de {eponym}.", "Pour {civ} {name}, {lab} ce jour.", "{civ} {name} est sous {drug} {when}.", "Adressé par le {dr} {doctor}.", "{dr} {doctor}, de garde, est d’accord.", "La femme de {civ} {name} a appelé.", "ordonnance de {civ} {name}"],
    "phone": ["Tel : {phone}", "Merci de rappeler au {phone} après 18h.", "Port. {phone}", "Contact famille {phone}, {phone}.", "numéro {phone}"],
    "nir": ["NIR : {nir}", "n° sécurité sociale {nir}", "num secu {nir} {age}", "Carte vitale {nir}"],
    "nir_like": ["n° de SS : {nir_like}", "secu {nir_like}"],
    "email": ["Son mail : {email}", "me joindre sur {email}", "{email} pour les photos"],
    "address": ["Vit au {address}.", "Adresse {address}", "SAMU envoyé {address}", "demeurant {address}"],
    "record": ["IPP={record}", "NDA : {record}", "numéro de dossier {record}", "dossier {record} {lab}", "n°dossier {record}", "IEP {record}"],
    "rpps": ["RPPS : {rpps}", "n° RPPS {rpps}"],
    "birth_date": ["née le {birth}", "né un {birth}, {eponym}", "DDN: {birth}", "date de naissance {birth}", "né(e) le {birth}", "Née Durand le {birth}", "né à Lyon le {birth}", "D.D.N. {birth} {lab}", "Enfant né le {birth} à 38 SA", "DN {birth}"],
    "date": ["vu le {date}.", "IRM {date} normale", "AVP le {date}"],
    "age": ["{old}, autonome.", "Femme {old} GIR 3"],
    "town": ["Habite à {town}.", "Vient du village de {town}."],
    "job": ["Travaille comme {job}.", "Métier : {job}"],
}  # fmt: skip
WEIGHTS = (
    ["name"] * 8
    + ["phone"] * 5
    + ["nir"] * 4
    + ["nir_like"] * 2
    + ["email"] * 3
    + ["address"] * 3
    + ["record"] * 3
    + ["rpps"]
    + ["birth_date"] * 5
    + ["date"] * 2
    + ["age", "town", "job"]
)
TYPOS = [("Appel", "Apel"), ("numéro", "numero"), ("sécurité", "securité"), ("hospitalisée", "hosptalisée"), ("consulte", "conslute"), ("naissance", "naissnace")]
ABBREVIATIONS = [("depuis", "dps"), ("pour", "pr"), ("avec", "ac"), ("hospitalisée", "hospit"), ("sécurité sociale", "sécu")]

PART = Part(7, NEUTRAL, TELLING, SLOTS, LABELLED, WEIGHTS, TYPOS, ABBREVIATIONS)
