"""What is said in the demo, in French and without a single patient: questions with their answers, group talk, one private talk.

Times are minutes: `ago` before now for the first word, then `after` the word before. Names after an @ become mentions.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Say:
    """One message. `key` lets a later one answer it (`reply`); `agree` … name who reacts, by key, separated by spaces."""

    who: str
    body: str
    after: float = 4
    key: str = ""
    reply: str = ""
    edited: str = ""  # what it says after an edit one minute later
    retracted: bool = False
    agree: str = ""
    useful: str = ""
    thanks: str = ""
    discuss: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """The asker sets the case's status."""

    status: str
    after: float = 6


@dataclass(frozen=True, slots=True)
class Do:
    """An act on the case by its command's type: on the answer `on`, with a vote, a label, a link or words (`says`)."""

    who: str
    type: str
    says: str = ""
    on: str = ""
    verdict: str = ""
    after: float = 1

    @property
    def speaks(self) -> bool:
        """Whether it posts a message."""
        return self.type == "outcome.tell"


@dataclass(frozen=True, slots=True)
class Ask:
    """A case and its thread, asked in a group's room, or of everyone where `group` is empty."""

    key: str
    asker: str
    group: str
    specialty: str
    urgency: str
    title: str
    question: str
    ago: float
    thread: list[Say | Mark | Do] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Talk:
    """What is said in a group's room besides its cases."""

    group: str
    ago: float
    thread: list[Say]


@dataclass(frozen=True, slots=True)
class Private:
    """A conversation of two."""

    between: tuple[str, str]
    ago: float
    thread: list[Say]


@dataclass(frozen=True, slots=True)
class Flag:
    """Somebody reports a message of a thread, by its key."""

    where: str
    key: str
    who: str
    category: str
    ago: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Hiding:
    """A moderator hides a message, and its author appeals."""

    where: str
    key: str
    by: str
    reason: str
    ago: float
    author: str
    appeal: str


HOUR, DAY = 60, 24 * 60

CASES = [
    Ask(
        "pemphigoide",
        "camille",
        "DER",
        "SM15",
        "today",
        "Pemphigoïde sous gliptine ?",
        "Femme, 70–79 ans. Éruption prurigineuse depuis 3 semaines, bulles tendues depuis 5 jours sur avant-bras et cuisses. Gliptine introduite il y a 4 mois, "
        "metformine et amlodipine au long cours. Pemphigoïde ? Faut-il arrêter la gliptine avant l’avis en présentiel ? #doctoctoc",
        38,
        [
            Say(
                "idris",
                "Bulles tendues, prurit, plus de 70 ans : on y pense d’abord. Nikolsky ? Muqueuses ? Éosinophiles si vous avez une NFS récente ?",
                3,
                key="nikolsky",
                agree="nadia helene theo camille",
                useful="yves marc",
            ),
            Say(
                "camille",
                "Nikolsky négatif, muqueuses indemnes.",
                2,
                reply="nikolsky",
                edited="Nikolsky négatif, muqueuses indemnes, pas de fièvre. Éosinophiles à 1,1 G/L le mois dernier.",
            ),
            Say(
                "idris",
                "Pemphigoïde en premier. Stopper la gliptine avec un relais par le médecin traitant, c’est-à-dire vous ; biopsies avant tout corticoïde.",
                2,
                key="arret",
                agree="nadia theo maelle",
                useful="camille marc",
            ),
            Say("marc", "La même chose chez une de mes patientes l’an dernier, suivie par le Dr M. à côté d’ici.", 2, retracted=True),
            Say("helene", "@Dr Ferrand l’IFD reste-t-elle lisible après quelques jours de dermocorticoïde ?", 3, key="ifd"),
            Say(
                "nadia",
                "@Hélène Morvan oui, quelques jours de topique ne la négativent pas en peau péri-lésionnelle ; mieux vaut tout de même prélever avant.",
                3,
                reply="ifd",
                useful="helene camille",
            ),
            Say(
                "nadia",
                "Deux biopsies : bord de bulle récente pour l’histologie, peau voisine saine (sérum physiologique ou Michel, pas de formol) pour l’IFD. Ajouter anti-BP180 et BP230. Je peux la voir demain à 8 h 30.",
                2,
                agree="idris theo helene",
                thanks="camille",
            ),
            Do("idris", "differential.propose", "Pemphigoïde bulleuse sous gliptine", after=0.5),
            Do("theo", "differential.propose", "Toxidermie bulleuse", after=0.2),
            Do("nadia", "differential.propose", "Pemphigoïde bulleuse sous gliptine", after=0.3),
            Do("nadia", "vote.give", "agree", "arret", after=0.2),
            Do("theo", "vote.give", "agree", "arret", after=0.2),
            Do("helene", "vote.give", "agree", "arret", after=0.2),
            Say("camille", "Merci à tous. J’arrête la gliptine ce soir, glycémies rapprochées, et je vous l’adresse demain.", 1, useful="nadia"),
            Do("camille", "answer.accept", on="arret", after=0.4),
            Mark("answered", 0.5),
        ],
    ),
    Ask(
        "oeil",
        "yves",
        "OPH",
        "SM38",
        "hour",
        "Œil rouge douloureux, lentilles",
        "Homme, 20–29 ans, porteur de lentilles souples mensuelles, dort parfois avec. Œil rouge unilatéral très douloureux depuis ce matin, photophobie, larmoiement. "
        "Pas de lampe à fente ici, je suis sur l’île : bateau dans 1 h 30. Collyre avant, ou rien ?",
        27,
        [
            Say(
                "aline",
                "Kératite infectieuse jusqu’à preuve du contraire. Lentilles retirées et gardées dans leur boîtier (mise en culture). Acuité chiffrée, même approximative ? Tache blanche visible à l’œil nu ?",
                4,
                key="acuite",
                agree="gwen marc",
            ),
            Say("yves", "Compte les doigts à 2 m de ce côté, 10/10 l’autre. Oui, petit point blanc paracentral à la lampe, fluorescéine positive dessus.", 5, reply="acuite"),
            Say(
                "aline",
                "Abcès probable. Ni corticoïde ni anesthésique à emporter, pas de pansement occlusif. Qu’il prenne ce bateau : prélèvement d’abord, puis collyres renforcés. Je préviens la garde à Quimper.",
                3,
                agree="gwen sacha",
                useful="yves marc",
            ),
            Say("gwen", "Si le bateau est annulé, appelez-moi : on organise le transport, ne pas attendre demain.", 4, thanks="yves"),
            Say("yves", "@Dr Tessard il embarque, courrier et lentilles avec lui. Antalgiques oraux seulement.", 6),
        ],
    ),
    Ask(
        "talon",
        "marc",
        "DER",
        "SM15",
        "week",
        "Plaque pigmentée du talon, 40–49 ans",
        "Plaque brune asymétrique du talon, 9 mm, découverte par hasard, ancienneté inconnue. Phototype V. En #dermoscopie je vois plutôt un patron parallèle, mais je ne sais pas dire si ce sont les crêtes ou les sillons.",
        2 * HOUR,
        [
            Say(
                "idris",
                "Toute la question est là : sillons rassurant, crêtes inquiétant. Repère : les orifices sudoraux, en points blancs alignés, sont sur les crêtes. Le pigment est-il entre eux ou dessus ?",
                11,
                key="cretes",
                useful="marc helene camille",
            ),
            Say("marc", "Dessus, je crois : les points blancs sont au milieu des bandes brunes.", 16, reply="cretes"),
            Say(
                "theo",
                "Patron parallèle des crêtes et 9 mm sur un talon : exérèse, sans surveillance préalable. Passez-le-moi cette semaine, je garde un créneau jeudi.",
                9,
                agree="idris nadia",
                thanks="marc",
            ),
            Say(
                "helene",
                "Pour l’anatomopathologiste : préciser site acral et sens des crêtes, sinon la coupe se fait dans le mauvais axe. #dermoscopie",
                7,
                useful="marc idris theo",
            ),
        ],
    ),
    Ask(
        "annulaire",
        "marc",
        "DER",
        "SM15",
        "week",
        "Plaque annulaire de la main, 10–19 ans",
        "Anneau rosé de 3 cm au dos de la main depuis deux mois, bord ferme, sans squame ni démangeaison. Un antifongique local de trois semaines n’a rien changé. "
        "Granulome annulaire, ou faut-il encore prélever ?",
        7,
        [],
    ),
    Ask(
        "alopecie",
        "yves",
        "DER",
        "SM15",
        "week",
        "Alopécie en plaques, 6–11 ans",
        "Deux plaques du cuir chevelu depuis un mois chez un enfant de 6–11 ans. Un peu de squames sur l’une. Pelade ou teigne ? Il y a un chaton à la maison.",
        5 * HOUR,
        [
            Say(
                "maelle",
                "Squames et chaton : prélèvement mycologique avant tout traitement. La pelade laisse une peau lisse, avec des cheveux en point d’exclamation en bordure.",
                14,
                agree="nadia idris",
                useful="yves marc bruno",
            ),
            Say("nadia", "D’accord. Lampe de Wood si vous en avez une : vert vif évoque un Microsporum, mais négative elle n’exclut rien.", 8, agree="maelle helene"),
            Say("yves", "Wood positive, vert vif ! Prélèvement parti. Je commence sans attendre ?", 35, key="wood"),
            Say(
                "maelle",
                "Oui une fois le prélèvement fait : griséofulvine au repas, 6 à 8 semaines, et un imidazolé local. École possible avec certificat de traitement. Le chaton chez le vétérinaire, la fratrie examinée.",
                9,
                reply="wood",
                agree="nadia idris theo helene",
                thanks="yves",
            ),
            Mark("answered", 5),
            Mark("consensus", 20),
        ],
    ),
    Ask(
        "prurit",
        "bruno",
        "DER",
        "SM15",
        "today",
        "Prurit nocturne en établissement",
        "EHPAD : trois résidents du même couloir se grattent la nuit depuis 15 jours, et maintenant deux soignantes. Lésions entre les doigts chez l’un. Avant d’appeler le médecin coordonnateur : que préparer ?",
        6 * HOUR,
        [
            Say(
                "idris",
                "Gale à traiter comme une épidémie dès le deuxième cas. À préparer : liste des cas et des contacts sur 6 semaines, soignants et familles compris, et une date unique de traitement pour tous.",
                12,
                agree="nadia theo camille",
                useful="bruno marc",
            ),
            Say(
                "camille",
                "Chez nous ce qui avait manqué la première fois : le linge. 60 °C le jour J et le lendemain du traitement, ou sac fermé 72 h à température de la pièce.",
                9,
                agree="idris bruno",
                useful="marc yves",
            ),
            Say(
                "nadia",
                "Un dermoscope suffit souvent au diagnostic : le deltaplane au bout du sillon. Ivermectine J0 et J7–J14 ; chercher une forme profuse chez les plus fragiles, tout autre contagiosité. #dermoscopie",
                15,
                agree="idris helene",
                useful="camille theo",
            ),
            Say("bruno", "Merci, c’est très clair. Liste commencée, mesures contact posées, le médecin passe à 17 h.", 22, agree="idris"),
            Mark("answered", 3),
        ],
    ),
    Ask(
        "qt",
        "yves",
        "CAR",
        "SM73",
        "today",
        "QT long sous citalopram, 60–69 ans",
        "Citalopram 40 mg depuis des années. ECG fait pour lipothymies : QTc 512 ms (Fridericia). Dompéridone ajoutée il y a 10 jours par un confrère. Kaliémie 3,3. J’arrête tout ?",
        8 * HOUR,
        [
            Say(
                "anne",
                "Au-dessus de 500 avec des lipothymies : arrêt de la dompéridone et du citalopram aujourd’hui, scope et potassium. Cela se passe à l’hôpital, pas au cabinet.",
                6,
                key="arret",
                agree="gwen marc",
                useful="yves",
            ),
            Say("gwen", "Nous l’attendons. Viser K+ au-dessus de 4,5, magnésium d’office ; ni ondansétron, ni macrolide en route.", 5, agree="anne"),
            Say("yves", "Parti par le 15. Et pour l’humeur ensuite ? C’est une dépression récidivante équilibrée.", 18, key="relais"),
            Say(
                "anne",
                "Relais par sertraline une fois le QTc sous 460, ECG à J7. Et retenir la dose : citalopram 20 mg au plus après 65 ans. Surveiller les signes d’arrêt brutal dans les jours qui suivent.",
                12,
                reply="relais",
                agree="marc gwen",
                thanks="yves",
            ),
            Do("gwen", "vote.give", "agree", "arret", after=3),
            Do("marc", "vote.give", "agree", "arret", after=2),
            Mark("answered", 5),
            Do("yves", "answer.accept", on="arret", after=2),
            Mark("consensus", 38),
        ],
    ),
    Ask(
        "poignet",
        "gwen",
        "RAD",
        "SM74",
        "hour",
        "Poignet douloureux, 6–11 ans",
        "Chute sur la main, douleur à 3 cm au-dessus du poignet, pas de déformation. Face et profil : je vois une corticale dorsale un peu bombée, rien d’autre. Fracture ou normal ?",
        DAY + 3 * HOUR,
        [
            Say(
                "ines",
                "Bombement cortical métaphysaire des deux côtés sur le profil : fracture en motte de beurre. Rien au cartilage de croissance.",
                9,
                agree="gwen",
                useful="gwen",
            ),
            Say("gwen", "Merci. Attelle amovible 3 semaines, sans radio de contrôle ?", 4, key="attelle"),
            Say("ines", "Oui, stable : pas de contrôle si l’évolution est simple. Revoir si la douleur augmente.", 6, reply="attelle", thanks="gwen"),
            Do("gwen", "outcome.tell", "Revu ce matin : plus de douleur, attelle bien supportée. Pas de radio de contrôle.", verdict="confirmed", after=2 * HOUR),
            Mark("closed", HOUR),
        ],
    ),
    Ask(
        "avk",
        "yves",
        "PHA",
        "",
        "today",
        "Antivitamine K et gel antifongique",
        "Patient de 80–89 ans sous warfarine, INR stable à 2,4 depuis des mois, 5,8 ce matin sans saignement. Seule nouveauté : un gel buccal de miconazole depuis 8 jours. Un gel peut-il faire cela ?",
        DAY + 6 * HOUR,
        [
            Say(
                "soizic",
                "Oui : le miconazole buccal est absorbé et inhibe le CYP2C9. L’association est contre-indiquée, gel compris. À arrêter tout de suite.",
                7,
                key="miconazole",
                agree="anne marc",
                useful="yves",
            ),
            Say(
                "anne",
                "INR entre 4 et 6 sans saignement : sauter une prise, pas de vitamine K d’emblée, INR demain. Puis reprise à dose réduite et INR rapprochés : l’inhibition dure après l’arrêt du gel.",
                9,
                agree="soizic",
                useful="yves",
            ),
            Say(
                "soizic",
                "Pour la bouche : suspension de nystatine ou d’amphotéricine B, non absorbées. Je note l’interaction au dossier pharmaceutique, et une déclaration de pharmacovigilance est utile.",
                6,
                reply="miconazole",
                agree="anne",
                thanks="yves",
            ),
            Do("soizic", "reference.add", "https://ansm.sante.fr/", "miconazole", after=5),
            Do("anne", "vote.give", "agree", "miconazole", after=5),
            Do("yves", "answer.accept", on="miconazole", after=10),
            Say("yves", "INR à 3,1 aujourd’hui, gel arrêté. Déclaration faite.", 19 * HOUR, agree="soizic anne"),
            Mark("closed", 10),
        ],
    ),
    Ask(
        "toux",
        "solenn",
        "PED",
        "SM40",
        "today",
        "Toux du nourrisson, 0–1 an",
        "Nourrisson de 7 semaines, toux depuis 6 jours, quintes la nuit avec rougeur puis une pause. Pas de fièvre, tète encore bien. Mère non revaccinée pendant la grossesse. Coqueluche à cet âge : où l’adresser ?",
        4 * HOUR,
        [
            Say(
                "karim",
                "Moins de 3 mois avec quintes et pauses : hospitalisation pour surveillance, aujourd’hui. PCR nasopharyngée. Saturation et couleur pendant une quinte ?",
                5,
                key="sat",
                agree="maelle gwen",
            ),
            Say("solenn", "96 % à l’éveil, je n’ai pas pu mesurer pendant la quinte. Les parents partent avec le SAMU.", 8, reply="sat"),
            Say(
                "karim",
                "Parfait. Azithromycine dès le prélèvement, isolement gouttelettes ; antibioprophylaxie de la famille, et rattrapage vaccinal des parents et de la fratrie.",
                6,
                agree="maelle",
                useful="solenn yves gwen",
            ),
            Mark("answered", 12),
        ],
    ),
    Ask(
        "voyage",
        "camille",
        "MG",
        "SM54",
        "hour",
        "Fièvre au retour de voyage, 30–39 ans",
        "39,4 °C depuis hier, retour du Cameroun il y a 12 jours, prophylaxie arrêtée dès le vol. Frissons, céphalées, bon état général. Le laboratoire du coin ferme dans 40 minutes. #doctoctoc",
        9 * HOUR,
        [
            Say(
                "gwen",
                "Paludisme jusqu’à preuve du contraire, résultat dans les 4 heures. S’il n’est pas possible en ville : aux urgences, sans attendre demain.",
                3,
                agree="yves nadia marc sacha",
                useful="camille",
            ),
            Say(
                "yves",
                "Frottis, goutte épaisse et test rapide, NFS-plaquettes, créatinine, bilirubine, glycémie. Et demander ce qu’il a pris depuis : un antipyrétique masque la courbe.",
                5,
                agree="gwen helene",
            ),
            Say("camille", "Il est parti aux urgences de Quimperlé avec un courrier. Merci de votre vitesse.", 11, thanks="gwen"),
            Say(
                "gwen",
                "Vu : P. falciparum 0,8 %, pas de critère de gravité. Traité par dérivé de l’artémisinine, surveillé 24 h.",
                2 * HOUR,
                agree="camille yves idris",
                useful="helene",
            ),
            Mark("answered", 6),
            Mark("consensus", 10),
        ],
    ),
    Ask(
        "ulcere",
        "bruno",
        "INF",
        "",
        "week",
        "Ulcère de jambe qui stagne",
        "Ulcère malléolaire interne de 4 cm², 5 mois, pouls perçus, IPS 0,95. Fibrine 40 %, exsudat moyen. Alginate un jour sur deux, bande posée par la famille. Qu’est-ce qui m’échappe ?",
        DAY,
        [
            Say(
                "theo",
                "Sans doute la bande. IPS normal : compression multicouche, posée par vous, 30 à 40 mmHg à la cheville. C’est elle qui cicatrise, le pansement accompagne.",
                25,
                key="bande",
                agree="bruno",
                useful="solenn",
            ),
            Say("bruno", "Et pour la fibrine ? La détersion au bistouri lui fait mal malgré la lidocaïne.", 14, reply="bande"),
            Say(
                "theo",
                "Lidocaïne-prilocaïne 45 minutes sous film, vraiment 45. Hydrogel entre les séances. Au-delà de 6 mois, ou si le bord bourgeonne : biopsie.",
                10,
                thanks="bruno",
            ),
            Mark("answered", 8),
        ],
    ),
    Ask(
        "gadolinium",
        "solenn",
        "",
        "SM74",
        "week",
        "Allaitement et IRM avec gadolinium",
        "Une mère allaite un bébé de 2 mois et a une IRM injectée jeudi. On lui a dit de jeter son lait 24 heures. Est-ce encore la règle ? #doctoctoc",
        7 * HOUR,
        [
            Say(
                "ines",
                "Non : avec les produits macrocycliques que nous utilisons, l’allaitement peut continuer sans pause. Le passage dans le lait est infime, et l’absorption par le bébé plus encore.",
                13,
                agree="soizic karim",
                useful="solenn",
            ),
            Say(
                "soizic",
                "Le CRAT dit de même : allaitement possible. Qu’elle précise au centre qu’elle allaite, pour le choix du produit.",
                17,
                agree="ines",
                useful="solenn karim",
            ),
            Say("solenn", "Merci, elle va être soulagée. Je corrige notre fiche de la maternité.", 9, agree="ines soizic"),
            Mark("answered", 2),
        ],
    ),
]

TALKS = [
    Talk(
        "DER",
        3 * DAY,
        [
            Say("nadia", "Bienvenue dans la salle. On y parle de peau entre soignants ; pour un cas, « Poser une question » ouvre sa propre salle.", 0, agree="idris theo maelle"),
            Say("theo", "Congrès régional le 12 décembre à Lorient : atelier #dermoscopie le matin, débutants bienvenus.", 5 * HOUR, useful="camille marc helene"),
            Say("helene", "Je cherche des images de nævus acraux pour un cours d’externes. Anonymes, avec accord, bien sûr.", 90),
            Say("maelle", "J’en ai une dizaine, je vous envoie ça ce week-end.", 35, thanks="helene"),
            Say("bruno", "Question pratique : qui fait encore des pansements à la vaseline sous compression ?", DAY),
            Say("idris", "Moi, et souvent. Simple, pas cher, ne colle pas.", 22, agree="bruno theo nadia"),
            Say("idris", "Qui a un laboratoire qui rend une IFD sous 48 h ? @Dr Ferrand ?", DAY + 4 * HOUR, key="ifd"),
            Say("nadia", "Nous, si le prélèvement arrive avant 10 h, du lundi au jeudi.", 16, reply="ifd", useful="idris theo camille"),
        ],
    ),
    Talk(
        "MG",
        2 * DAY,
        [
            Say(
                "sacha",
                "Rappel de la modération : une tranche d’âge plutôt qu’un âge, jamais de nom ni de lieu précis. Merci à tous, c’est de mieux en mieux.",
                0,
                agree="camille yves marc nadia",
            ),
            Say("marc", "Épidémie de gastro-entérites ici depuis lundi, deux EHPAD touchés. Et chez vous ?", 6 * HOUR, key="gastro"),
            Say("camille", "Riantec pareil depuis mercredi, surtout des enfants.", 25, reply="gastro"),
            Say("gwen", "Aux urgences : surtout des déshydratations du sujet âgé. Pensez à suspendre IEC et diurétiques.", 48, agree="yves marc camille", useful="sacha idris"),
            Say("yves", "Quelqu’un a-t-il une bonne fiche patient sur les AINS et la fièvre ?", 20 * HOUR),
            Say("camille", "Je vous en partage une relue par notre pharmacien. @Dr Le Guen dites-moi si la police est assez grande !", 40, thanks="yves"),
        ],
    ),
    Talk(
        "OPH",
        2 * DAY,
        [
            Say("aline", "Pour mémoire : une lentille retirée devant un œil rouge ne se jette pas, elle se cultive.", 0, agree="yves gwen", useful="marc sacha"),
            Say("yves", "La boulangère de la place, opérée chez vous en mars, sort demain : qui peut la revoir lundi ?", 2 * HOUR, key="nom"),
        ],
    ),
    Talk(
        "INF",
        DAY,
        [
            Say("solenn", "Qui se déplace encore à domicile pour des pansements le dimanche, côté Pontivy ?", 0),
            Say("bruno", "Moi jusqu’à Baud. Au-delà, voyez la garde de Locminé.", 30, thanks="solenn"),
            Say("theo", "Un laboratoire offre 20 % sur ses émollients aux lecteurs de cette salle : demandez le code à votre délégué.", 3 * HOUR, key="promo"),
        ],
    ),
    Talk(
        "PED",
        30 * HOUR,
        [
            Say("karim", "Les bronchiolites ont commencé : une unité de plus ouvre lundi à Vannes.", 0, useful="solenn maelle"),
            Say("solenn", "Merci. Je le dis aux sorties de maternité.", 55, agree="karim"),
            Say("karim", "Au passage : chez nous, corticoïdes inhalés d’emblée pour toutes, et on voit après.", 20, key="corticoides"),
        ],
    ),
    Talk(
        "PHA",
        20 * HOUR,
        [
            Say(
                "soizic",
                "Tension sur l’amoxicilline en suspension : 125 mg introuvable, 250 mg disponible. Pensez à préciser la dose en mg par kg.",
                0,
                agree="yves",
                useful="anne",
            ),
        ],
    ),
]

PRIVATE = [
    Private(
        ("camille", "nadia"),
        26,
        [
            Say(
                "nadia",
                "Je garde 8 h 30 pour votre patiente demain. Vous lui dites de venir à jeun de corticoïde, pas de petit-déjeuner ?",
                0,
                edited="Je garde 8 h 30 pour votre patiente demain. Petit-déjeuner permis, mais pas de corticoïde d’ici là.",
            ),
            Say("camille", "Entendu. Sa fille l’accompagne ; je joins la liste des traitements.", 4, thanks="nadia"),
            Say("nadia", "Parfait. Je vous rappelle après les biopsies.", 3, agree="camille"),
        ],
    ),
]

# What waits at the moderators' console. Yann's verification comes by itself.
# None in the rooms the first four share: what two flags hide has no actor, and tests/conformance wants one of every event.
FLAGS = [
    Flag("group-OPH", "nom", "marc", "identifies_patient", 3 * HOUR, "Un métier, un lieu, une date : tout le bourg la reconnaît."),
    Flag("group-INF", "promo", "bruno", "advertising", 2 * HOUR),
    Flag("group-INF", "promo", "solenn", "advertising", 100, "C’est de la réclame."),
]
HIDINGS = [
    Hiding(
        "group-PED",
        "corticoides",
        "aline",
        "Conseil contraire aux recommandations",
        26 * HOUR,
        "karim",
        "C’est une question d’organisation de service, pas un conseil : je peux reformuler.",
    )
]
