"""The held-out part: 2,400 texts, written and frozen before the first rule was. Nothing here may be changed to suit a rule.

The checksum in held_out.sha256 was committed together with this file; a test compares them. Whoever tunes rules looks at
development.py and at the figures of this part, never at its single texts.
"""

from __future__ import annotations

from .prose import Chance, Part, bare, nir_key

COUNT = 2400

FAMILY = (
    (
        "Aubertin Baudouin Cordier Delattre Escoffier Fontenay Garrigue Hennequin Imbert Jacquemin Kerdoncuff Lagarde Maillot Navarro Ollivier Pasquier Quéméneur "
        "Rousselot Sabatier Tessier Urbain Vasseur Wattel Yvon Ziani Benhaddou Diallo Nguyen Kowalski Ferreira Da·Silva Ait·Ouali El·Mansouri Le·Goff De·Villiers "
        "D’Hondt Saint-Martin Roche-Bernard Lévêque Müller Çelik Traoré Haddad Marchand Boulanger Meunier Blanc Petit Rose Roy Noël Ndiaye Öztürk Brisset Chauvet "
        "Dufresne Gaillard Héraud Jouanneau Lemarchand Moreau Perrot Rigaud Tanguy Vidal"
    )
    .replace("·", "\u00a0")
    .split(" ")
)
FAMILY = [name.replace("\u00a0", " ") for name in FAMILY]
FIRST = [
    "Solène",
    "Bastien",
    "Yasmina",
    "Étienne",
    "Chloé",
    "Karim",
    "Maëlle",
    "Gérard",
    "Josiane",
    "Anaïs",
    "Jean-Luc",
    "Marie-Thérèse",
    "Mohamed",
    "Fatoumata",
    "Raymond",
    "Ginette",
    "Théo",
    "Lina",
    "Aïcha",
    "Bernard",
    "Odile",
    "Hugo",
    "Rachida",
    "Pierrick",
    "Huguette",
    "Sacha",
    "Inès",
    "Léopold",
    "Nadège",
    "Ousmane",
]
TOWN_SMALL = "Saint-Plaisir Montcuq Villedômain Trémouille Bourg-Achard Plounéour-Ménez Lamotte-Beuvron Aubepierre Castelnau-Magnoac Les·Estables Ruoms Le·Faouët".replace(
    "·", "\u00a0"
).split()
TOWN_SMALL = [t.replace("\u00a0", " ") for t in TOWN_SMALL]
TOWN = "Orléans Dijon Angers Limoges Pau Colmar Brest Nîmes Lorient Vannes Bourges Le·Mans".replace("·", "\u00a0").split()
TOWN = [t.replace("\u00a0", " ") for t in TOWN]
STREET = [
    "Victor Hugo", "des Lilas", "du Général Leclerc", "Jean Jaurès", "de la République", "du Moulin", "Pasteur", "des Acacias", "de l’Église", "Gambetta",
    "des Frères Lumière", "du 8 mai 1945", "Émile Zola", "aux Herbes", "de Verdun",
]  # fmt: skip
WAY = ["rue", "avenue", "boulevard", "bd", "av.", "allée", "impasse", "chemin", "place", "route", "quai", "square", "cours"]
MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"]
DRUGS = [
    "paracétamol",
    "amoxicilline",
    "Augmentin",
    "Doliprane",
    "Kardégic",
    "apixaban",
    "Eliquis",
    "metformine",
    "Lasilix",
    "bisoprolol",
    "ramipril",
    "Tahor",
    "Lévothyrox",
    "prednisone",
    "Solupred",
    "Xarelto",
    "Inexium",
    "méthotrexate",
    "Humira",
    "rituximab",
    "colchicine",
    "Ventoline",
    "Seretide",
    "Plavix",
    "amlodipine",
    "Lovenox",
    "Rivotril",
    "Keppra",
    "Laroxyl",
    "tramadol",
]
EPONYMS = [
    "maladie de Crohn", "maladie de Horton", "maladie de Basedow", "syndrome de Gougerot-Sjögren", "signe de Babinski", "maladie de Parkinson", "phénomène de Raynaud",
    "syndrome de Guillain-Barré", "maladie de Dupuytren", "maladie de Hodgkin", "syndrome de Cushing", "signe de Murphy", "score de Glasgow à 15", "thyroïdite de Hashimoto",
    "maladie de Still", "syndrome de Lyell", "fracture de Pouteau-Colles", "maladie de Verneuil", "signe de Lasègue négatif", "triangle de Scarpa libre", "maladie de Paget",
    "purpura de Henoch-Schönlein", "maladie de Kaposi", "corps de Lewy", "tumeur de Wilms", "point de Mac Burney", "syndrome de Turner", "manœuvre de Dix et Hallpike",
]  # fmt: skip
HOSPITALS = [
    "à la Pitié-Salpêtrière", "au CHU de Nantes", "à l’hôpital Saint-Louis", "à Cochin", "à Necker", "au CH de Vannes", "à l’hôpital Édouard Herriot", "à la Timone",
    "à l’institut Gustave Roussy", "à la clinique Pasteur", "à l’hôpital Robert Debré", "à Bichat-Claude Bernard", "à l’hôpital Henri Mondor", "au CHRU de Lille", "à Lariboisière",
]  # fmt: skip
LABS = [
    "CRP 145 mg/L", "plaquettes 98 000/mm3", "Hb 8,4 g/dL", "créatinine 132 µmol/L", "BNP 1 250 pg/mL", "TSH 0,02 mUI/L", "leucocytes 12 400/mm3", "troponine 0,06 ng/mL",
    "HbA1c 9,2 %", "ferritine 1 845 µg/L", "charge virale 1 250 000 copies/mL", "D-dimères 2 340", "natrémie 128", "K+ 5,9", "pH 7,28, pCO2 55, HCO3- 19", "TA 178/96",
    "lipase 01 250 UI/L", "ASAT 06 12 fois la normale", "PSA 4,12", "DFG 38 mL/min/1,73 m2", "sat 91 % en AA", "Sp02 92-94-93-95-96", "glycémies 1,12 1,45 1,80 2,10", "T° 38,5-39-38,2",
]  # fmt: skip
SINCE = [
    "depuis J3",
    "à J+3",
    "à J10 post-op",
    "à S+6",
    "à 3 mois",
    "depuis 48 h",
    "depuis 3 semaines",
    "à M+12",
    "depuis lundi",
    "depuis mars",
    "depuis 2019",
    "le 12/03",
    "vers 18h30",
]
JOBS = [
    "maire de sa commune",
    "éleveur d’autruches",
    "dompteur de fauves",
    "gardien de phare",
    "ancien ministre",
    "souffleur de verre",
    "trapéziste",
    "champion olympique",
    "astronaute",
]


def _spaced(chance: Chance, pairs: list[str]) -> str:
    return chance.one([" ", " ", " ", ".", "-", "", "\u00a0", "/"]).join(pairs)


def phone(chance: Chance) -> str:
    first, rest = chance.number(1, 9), chance.digits(8)
    pairs = [rest[i : i + 2] for i in range(0, 8, 2)]
    kind = chance.number(0, 11)
    if kind == 0:
        return f"+33 {first} " + " ".join(pairs)
    if kind == 1:
        return f"+33{first}{rest}"
    if kind == 2:
        return f"0033 {first} " + " ".join(pairs)
    if kind == 3:
        return f"+33 (0){first} " + " ".join(pairs)
    if kind == 4:
        return f"0{first}{rest[:2]} {rest[2:5]} {rest[5:]}"
    return _spaced(chance, [f"0{first}", *pairs])


def _thirteen(chance: Chance) -> str:
    place = chance.one(["2A", "2B"]) + chance.digits(3) if chance.happens(0.06) else f"{chance.number(1, 95):02d}".replace("20", "21") + f"{chance.number(1, 990):03d}"
    return f"{chance.one('12')}{chance.digits(2)}{chance.number(1, 12):02d}{place}{chance.number(1, 999):03d}"


def _nir_written(chance: Chance, n: str) -> str:
    kind = chance.number(0, 4)
    if kind == 0:
        return n
    if kind == 1:
        return f"{n[:13]} {n[13:]}"
    if kind == 2:
        return f"{n[0]}.{n[1:3]}.{n[3:5]}.{n[5:7]}.{n[7:10]}.{n[10:13]}.{n[13:]}"
    return " ".join([n[0], n[1:3], n[3:5], n[5:7], n[7:10], n[10:13], n[13:]])


def nir(chance: Chance) -> str:
    n = _thirteen(chance)
    return _nir_written(chance, n + nir_key(n))


def nir_like(chance: Chance) -> str:
    n = _thirteen(chance)
    if chance.happens(0.5):
        return chance.one([n, " ".join([n[0], n[1:3], n[3:5], n[5:7], n[7:10], n[10:13]])])
    return _nir_written(chance, n + f"{(int(nir_key(n)) + chance.number(1, 90)) % 97 + 1:02d}".replace(nir_key(n), "97"))


def email(chance: Chance) -> str:
    first, last = bare(chance.one(FIRST)).lower(), bare(chance.one(FAMILY)).lower().replace(" ", "").replace("'", "")
    who = chance.one([f"{first}.{last}", f"{first[0]}{last}", f"{last}{chance.number(1, 99)}", f"{first}_{last}", f"{last}-{first}"])
    return f"{who}@{chance.one(['gmail.com', 'orange.fr', 'wanadoo.fr', 'free.fr', 'laposte.net', 'hotmail.fr', 'sfr.fr', 'proton.me', 'ac-lyon.fr', 'mail.chu-nantes.fr'])}"


def email_said(chance: Chance) -> str:
    first, last = bare(chance.one(FIRST)).lower(), bare(chance.one(FAMILY)).lower().replace(" ", "").replace("'", "")
    return f"{first} point {last} arobase {chance.one(['gmail point com', 'orange point fr', 'free point fr'])}"


def address(chance: Chance) -> str:
    number = f"{chance.number(1, 240)}{chance.one(['', '', '', ' bis', ' ter', 'B'])}"
    line = f"{number}{chance.one([' ', ' ', ', '])}{chance.one(WAY)} {chance.one(STREET)}"
    return line + chance.one(
        [
            "",
            f", {chance.number(1, 95):02d}{chance.number(0, 9)}00 {chance.one(TOWN)}",
            f" {chance.number(1, 95):02d}{chance.digits(3)} {chance.one(TOWN_SMALL)}",
            f" à {chance.one(TOWN)}",
        ]
    )


def record(chance: Chance) -> str:
    return chance.one(
        [
            chance.digits(8),
            chance.digits(10),
            chance.digits(7),
            f"{chance.one('ABEPX')}{chance.digits(7)}",
            f"{chance.digits(2)}-{chance.digits(6)}",
            f"20{chance.digits(2)}{chance.digits(6)}",
        ]
    )


def rpps(chance: Chance) -> str:
    body = "10" + chance.digits(8)
    total = 0
    for n, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if n % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def family(chance: Chance) -> str:
    name = chance.one(FAMILY)
    return name.upper() if chance.happens(0.35) else name


def full_name(chance: Chance) -> str:
    first, last = chance.one(FIRST), family(chance)
    return chance.one([f"{first} {last}", f"{last} {first}", last, last, last])


def _day(chance: Chance, low: int, high: int) -> str:
    day, month, year = chance.number(1, 28), chance.number(1, 12), chance.number(low, high)
    return chance.one(
        [
            f"{day:02d}/{month:02d}/{year}", f"{day:02d}/{month:02d}/{year}", f"{day}/{month}/{year}", f"{day:02d}.{month:02d}.{year}", f"{day:02d}-{month:02d}-{year}",
            f"{day} {MONTHS[month - 1]} {year}", f"{day:02d}/{month:02d}/{year % 100:02d}", f"{year}-{month:02d}-{day:02d}",
        ]
    )  # fmt: skip


def birth(chance: Chance) -> str:
    return _day(chance, 1931, 2023)


def date(chance: Chance) -> str:
    day, month, year = chance.number(1, 28), chance.number(1, 12), chance.number(2019, 2026)
    return chance.one([f"{day:02d}/{month:02d}/{year}", f"{day} {MONTHS[month - 1]} {year}", f"{day:02d}.{month:02d}.{year}"])


SLOTS = {
    "name": full_name, "doctor": family, "civ": lambda c: c.one(["M.", "Mr", "Mme", "Mme", "Monsieur", "Madame", "Mlle", "M", "Mme.", "mr", "mme"]),
    "dr": lambda c: c.one(["Dr", "Dr.", "docteur", "Pr", "Docteur"]),
    "phone": phone, "nir": nir, "nir_like": nir_like, "email": email, "email_said": email_said, "address": address, "record": record, "rpps": rpps, "birth": birth, "date": date,
    "old": lambda c: f"{c.number(90, 103)} ans", "town": lambda c: c.one(TOWN_SMALL), "job": lambda c: c.one(JOBS),
    "age": lambda c: f"{c.number(18, 88)} ans", "sex": lambda c: c.one(["Homme", "Femme", "Patient", "Patiente", "H", "F"]), "drug": lambda c: c.one(DRUGS), "drug2": lambda c: c.one(DRUGS),
    "eponym": lambda c: c.one(EPONYMS), "hospital": lambda c: c.one(HOSPITALS), "lab": lambda c: c.one(LABS), "lab2": lambda c: c.one(LABS), "since": lambda c: c.one(SINCE),
    "dose": lambda c: c.one(["1 g x 3/j", "5 mg", "20 mg le matin", "0,5 mg/kg", "4000 UI/0,4 mL", "1 cp matin et soir", "75 mg/j", "500 mg 2 fois par jour"]),
}  # fmt: skip
LABELLED = {
    "name": "name", "doctor": "name", "phone": "phone", "nir": "nir", "nir_like": "nir_like", "email": "email", "email_said": "email", "address": "address", "record": "record", "rpps": "rpps",
    "birth": "birth_date", "date": "date", "old": "age", "town": "town", "job": "job",
}  # fmt: skip

NEUTRAL = [
    "{sex} de {age}, antécédent de {eponym}, sous {drug} {dose}.", "Avis sur cette lésion du bras, apparue {since} ?", "{lab}, {lab2}, pas de fièvre.", "Bilan : {lab} ; {lab2}.",
    "Traitement habituel : {drug} {dose}, {drug2}.", "Vous en pensez quoi ? Merci d’avance.", "Plutôt {eponym} à mon avis, mais l’évolution {since} me gêne.", "Pas d’allergie connue, sauf {drug}.",
    "J’ai introduit {drug} {since} sans amélioration.", "Hospitalisé {hospital} {since}, retour au domicile hier.", "Scanner fait {hospital} : pas d’embolie, micronodules de 4 mm.",
    "Est-ce que quelqu’un a l’habitude de {drug} chez l’insuffisant rénal ?", "ECG : rythme sinusal, PR 210 ms, QRS 96 ms, QTc 460.", "Le patient est stable, Glasgow 15, EVA 4/10.",
    "La patiente refuse l’hospitalisation, le mari est d’accord.", "Monsieur tout le monde, tabac 30 PA, sevré {since}.", "Je verrais bien un avis spécialisé {hospital}.", "Ce monsieur de {age} tousse {since}.",
    "Cette dame de {age} vit seule, autonome, GIR 5.", "Madame se plaint de douleurs {since}, résistantes au {drug}.", "Échographie : foie de 16 cm, VBP 7 mm, rate normale.", "Reco HAS 2023 page 12, tableau 3.",
    "Pas mieux sous {drug} {dose} ; ajout de {drug2} ?", "Alerte du service : délai de rendez-vous 06 semaines, puis 12 à 18 mois.", "G2P1, 28 SA + 3 j, MAF +, pas de contraction.", "Poids 3 450 g, taille 51 cm, PC 35 cm, Apgar 10/10/10.",
    "Constantes : TA 12/8, FC 78, FR 16, {lab}.", "Merci Docteur, je vais suivre votre conseil.", "Les collègues de l’étage ont vu la même chose {since}.", "Biopsie cutanée n° 3 : infiltrat lymphocytaire, IFD négative.",
    "Vaccins à jour : DTP 2018, ROR x 2.", "Radio du {since} : fracture non déplacée.", "Code CIM L40.0, acte QZHA001, GHS 1234.", "Bon, résumé rapide : {age}, HTA, DNID, {eponym}, et maintenant {lab}.",
    "Sérologies : VIH nég., VHB Ag HBs nég., Ac anti-HBs 120.", "Voir DOI 10.1016/j.annder.2021.03.012 et https://www.has-sante.fr/jcms/c_2801939.", "Score de Wells 4,5 ; {lab}.", "Dose cumulée 1 200 mg, soit 12 34 56 gouttes selon le tableau.",
    "Mme la patiente est d’accord pour la photo.", "M. et Mme sont venus ensemble en consultation.", "Professeur de sport, {age}, sportif, sans antécédent.", "Test de Lachman +, ressaut +, IRM à prévoir.",
]  # fmt: skip
TELLING = {
    "name": [
        "{civ} {name}, {age}, m’est adressé pour {eponym}.", "J’ai vu {civ} {name} {since}.", "Nouvelle consultation de {civ} {name} : {lab}.", "{civ} {name} va mieux sous {drug}.",
        "Le fils de {civ} {name} s’inquiète.", "Patient : {civ} {name}", "Avis pour {civ} {name} svp, {lab}.", "Vu avec le {dr} {doctor} ce matin.", "Courrier du {dr} {doctor} reçu {since}.",
        "Suivi par {dr} {doctor} {hospital}.",
    ],
    "phone": [
        "Joignable au {phone}.", "Tél {phone} si besoin.", "Vous pouvez rappeler la famille ({phone}).", "Son portable : {phone}, répond le soir.", "Numéro de sa fille {phone}", "tel:{phone}",
        "La patiente attend un appel, {phone}, merci.",
    ],
    "nir": ["NIR {nir}.", "N° de sécu : {nir}", "Son numéro de sécurité sociale est le {nir}.", "Assurée {nir}, ALD 30.", "{nir} pour la prise en charge.", "SS {nir}, {age}"],
    "nir_like": ["N° SS {nir_like}.", "Sécu : {nir_like}", "Immatriculation {nir_like}, à vérifier."],
    "email": ["Écrire à {email}.", "Mail : {email}", "Photos envoyées depuis {email} {since}.", "Contact {email}, réponse rapide.", "son adresse mail c’est {email_said}"],
    "address": ["Domiciliée {address}.", "Habite {address}.", "Adresse : {address}", "Visite à domicile {address}, {since}.", "Elle loge au {address}, 3e étage."],
    "record": ["IPP {record}.", "IPP : {record}", "NDA {record}, sortie prévue.", "N° de dossier {record}.", "Dossier n° {record}, {lab}.", "ipp n°{record}", "(NIP {record})", "Numéro de dossier : {record}"],
    "rpps": ["RPPS {rpps}.", "Prescripteur {rpps}.", "N° RPPS du confrère : {rpps}"],
    "birth_date": [
        "Né le {birth}.", "Patiente née le {birth}, {eponym}.", "DDN {birth}.", "Date de naissance : {birth}", "née {birth}, {lab}.", "{sex}, ddn : {birth}, sous {drug}.", "(né le {birth})", "Naissance le {birth} à terme.",
    ],
    "date": ["Opéré le {date}.", "Scanner du {date} : normal.", "Accident le {date}, douleur persistante.", "Chimio débutée le {date}."],
    "age": ["Patiente de {old}, GIR 2.", "{sex}, {old}, chute au domicile.", "Il a {old} et vit seul."],
    "town": ["Habite {town}.", "Elle vit à {town}, loin de tout.", "Originaire de {town}, {age}.", "Médecin traitant à {town}."],
    "job": ["Il est {job}.", "Profession : {job}.", "Le patient, {job}, dort mal."],
}  # fmt: skip
WEIGHTS = (
    ["name"] * 8
    + ["phone"] * 5
    + ["nir"] * 4
    + ["nir_like"] * 2
    + ["email"] * 4
    + ["address"] * 3
    + ["record"] * 3
    + ["rpps"]
    + ["birth_date"] * 4
    + ["date"] * 2
    + ["age", "town", "job"]
)
TYPOS = [
    ("antécédent", "antecedant"),
    ("traitement", "traitemnt"),
    ("apparue", "aparue"),
    ("est ", "es "),
    ("consultation", "consutlation"),
    ("douleur", "douelur"),
    ("sous ", "sosu "),
    ("adressé", "adréssé"),
    ("née ", "nee "),
]
ABBREVIATIONS = [
    ("Patiente", "Pte"),
    ("Patient", "Pt"),
    ("antécédent", "atcd"),
    ("Traitement", "TTT"),
    ("consultation", "cs"),
    ("hospitalisation", "hospit"),
    (" pour ", " pr "),
    (" avec ", " avc "),
    ("Hospitalisé", "Hospit"),
    ("rendez-vous", "rdv"),
]

PART = Part(20261127, NEUTRAL, TELLING, SLOTS, LABELLED, WEIGHTS, TYPOS, ABBREVIATIONS)
