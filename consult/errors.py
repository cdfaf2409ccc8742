"""The one list of refusals: every code a client can be told, with its status, its words in both languages and its why.

A refusal says that nothing was written. `Refusal` is raised anywhere below a door; the doors (socket, HTTP) turn it into a
frame or an answer. A code that is not in `CODES` cannot be raised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Code:
    """What one refusal code means: HTTP status, French and English words, and why it exists (for the documents)."""

    status: int
    fr: str
    en: str
    why: str
    temporary: bool = False


CODES: dict[str, Code] = {
    # frames
    "frame.invalid": Code(
        400,
        "Message illisible ou champ incorrect.",
        "Unreadable message or wrong field.",
        "Not JSON, not an object, or a field is unknown, missing or of the wrong type; `fields` names them.",
    ),
    "frame.ref_reused": Code(400, "Ce numéro de commande attend déjà sa réponse.", "This command number still awaits its answer.", "`ref` must be unique while unanswered."),
    "frame.too_large": Code(413, "Message trop volumineux.", "Message too large.", "Over `limits.frame_bytes`; the socket closes 4413."),
    "frame.flood": Code(
        429,
        "Trop de commandes à la fois. Réessayez dans un instant.",
        "Too many commands at once. Try again in a moment.",
        "Over `limits.commands_*`; with twice the burst owed the socket closes 4429.",
        True,
    ),
    "hello.expected": Code(400, "La première commande doit être hello.", "The first command must be hello.", "Any other first frame closes 4400."),
    "hello.repeated": Code(400, "Connexion déjà ouverte.", "Already connected.", "A second `hello` changes nothing."),
    "hello.protocol": Code(
        400,
        "Version du protocole non prise en charge. Mettez l’application à jour.",
        "Protocol version not supported. Please update the app.",
        "No version in common; closes 4426.",
    ),
    # who speaks
    "session.none": Code(401, "Connectez-vous pour continuer.", "Sign in to continue.", "No session, or it ended; a socket closes 4401."),
    "session.csrf": Code(403, "Vérification de sécurité échouée. Rechargez la page.", "Security check failed. Reload the page.", "A write with a cookie needs the CSRF token."),
    "ticket.unknown": Code(401, "Ticket inconnu, déjà utilisé ou expiré.", "Ticket unknown, used or expired.", "Tickets are single use and last 30 s; closes 4006."),
    "session.other": Code(
        409,
        "Une autre personne est connectée ici.",
        "Somebody else is signed in here.",
        "The request names its person in `X-Consult-Person`, and the session is another's: nothing of one is sent as another.",
    ),
    "account.suspended": Code(403, "Votre compte est suspendu.", "Your account is suspended.", "A sanction holds at once; a socket closes 4403."),
    "account.unverified": Code(403, "Votre compte n’est pas encore vérifié.", "Your account is not verified yet.", "Only verified clinicians open cases, conversations and lists."),
    # rooms
    "room.not_found": Code(404, "Salle introuvable.", "Room not found.", "The room does not exist, or this person may not know of it: alike on purpose."),
    "room.not_member": Code(403, "Rejoignez ce groupe pour y participer.", "Join this group to take part.", "Only for a room that is listed to this person and can be joined."),
    "room.read_only": Code(403, "Cette salle ne se modifie pas.", "This room is read-only.", "The personal room takes no command but `room.enter`."),
    "room.locked": Code(403, "Cette salle est verrouillée.", "This room is locked.", "A moderator closed it to new messages."),
    "room.closed": Code(403, "Ce cas est clos.", "This case is closed.", "A closed case takes no new answers and votes."),
    "room.slow": Code(429, "Mode lent : patientez avant d’écrire à nouveau.", "Slow mode: wait before writing again.", "One message each `slow_mode` seconds.", True),
    "room.silenced": Code(403, "Vous ne pouvez pas écrire ici pour le moment.", "You cannot write here for now.", "A moderator silenced this person in this room."),
    "room.epoch": Code(
        409, "La copie locale de cette salle n’est plus valable.", "The local copy of this room is no longer valid.", "The room's epoch changed: drop the copy and load anew."
    ),
    "room.limit": Code(429, "Trop de salles ouvertes sur cette connexion.", "Too many rooms entered on this connection.", "Over `limits.rooms`; leave one first."),
    "room.not_joinable": Code(
        403, "Cette salle n’est pas ouverte aux demandes.", "This room cannot be joined.", "Private conversations and cases are joined by invitation or audience."
    ),
    "room.last_owner": Code(409, "Nommez d’abord un autre responsable.", "Name another owner first.", "A group keeps at least one owner."),
    "member.not_allowed": Code(
        403, "Vous ne pouvez pas inviter dans cette salle.", "You cannot invite to this room.", "Only members invite, and only verified clinicians are invited."
    ),
    "person.not_found": Code(404, "Personne introuvable.", "Person not found.", "No verified clinician with this id."),
    # messages
    "message.not_found": Code(404, "Message introuvable.", "Message not found.", "No such message in this room."),
    "message.blank": Code(400, "Le message est vide.", "The message is empty.", "Empty, or only white space and invisible characters."),
    "message.too_long": Code(400, "Le message est trop long.", "The message is too long.", "Over `limits.body_chars` code points."),
    "message.characters": Code(400, "Le message contient des caractères de contrôle.", "The message contains control characters.", "U+0000-001F but TAB, LF, CR; U+007F-009F."),
    "message.id_reused": Code(
        409, "Cet identifiant a déjà servi à un autre message.", "This id was already used for another message.", "Same client id with another body, reply or images."
    ),
    "message.changed": Code(409, "Le message a changé entre-temps.", "The message has changed meanwhile.", "`base` is not the latest version."),
    "message.retracted": Code(409, "Ce message a été retiré.", "This message was retracted.", "No edit, reply or reaction on what was retracted."),
    "message.not_author": Code(403, "Seul l’auteur peut le faire.", "Only its author may do this.", "Edits and retractions are the author's."),
    "message.mentions": Code(400, "Mention incorrecte.", "Wrong mention.", "A mention lies outside the body or names nobody who may read the room."),
    "message.no_case": Code(409, "Ce message est déjà une question.", "This message is already a case.", "A message becomes a case once."),
    "content.identifier": Code(
        400,
        "Ce texte contient un numéro de sécurité sociale ou une date de naissance complète. Remplacez-les pour envoyer.",
        "This text holds a social security number or a full birth date. Replace it to send.",
        "A NIR with a valid key, or a full birth date, is never stored; `identifiers` says where each stands.",
    ),
    "content.confirm": Code(
        400,
        "Ce texte contient peut-être de quoi reconnaître un patient. Remplacez-le, ou confirmez qu’il peut rester.",
        "This text may identify a patient. Replace it, or confirm that it may stay.",
        "Only to clients that send `confirmed` (feature `identifiers`): a category found is not in it; `identifiers` says where each stands.",
    ),
    "mark.not_found": Code(404, "Repère introuvable.", "Mark not found.", "No such mark in this room, or it was taken away."),
    "mark.many": Code(409, "Cette photo porte déjà beaucoup de repères.", "This picture has many marks already.", "At most 100 a picture: take some away first."),
    "mark.not_yours": Code(403, "Ce repère n’est pas le vôtre.", "This mark is not yours.", "Its author, the message's author and moderators take a mark away."),
    # pictures
    "image.too_many": Code(
        429,
        "Trop d’images en attente : envoyez ou supprimez-en d’abord.",
        "Too many pictures waiting: send or delete some first.",
        "Over IMAGES_WAITING that are in no message yet.",
    ),
    "image.offset": Code(
        409, "Reprise de l’envoi à un autre endroit.", "The upload goes on elsewhere.", "Not where the upload ends; `offset` says where that is: go on from there."
    ),
    "image.not_ready": Code(409, "Image encore en préparation.", "Image still being prepared.", "It is being uploaded or worked on.", True),
    "image.refused": Code(409, "Cette image a été refusée.", "This image was refused.", "Its own code says why."),
    "image.claimed": Code(409, "Cette image est déjà dans un message.", "This image is already in a message.", "An image belongs to one message."),
    "image.expired": Code(
        409, "Cette image a été supprimée : elle n’a pas été envoyée à temps.", "This image was deleted: it was not sent in time.", "Over IMAGES_WAITING_S, or erased."
    ),
    "image.not_held": Code(409, "Cette image n’est pas retenue.", "This image is not held back.", "Only what is held can be released."),
    "image.not_found": Code(404, "Image introuvable.", "Image not found.", "No such image, or none that this person may see: alike on purpose."),
    "image.too_large": Code(413, "Image trop lourde : 25 Mo au plus.", "Image too large: 25 MB at most.", "More bytes than `limits.image_bytes`, or than were announced."),
    "image.kind": Code(
        400,
        "Ce fichier n’est pas une image que Consult sait lire (JPEG, PNG, WebP, HEIC, DICOM).",
        "This file is no image that Consult can read (JPEG, PNG, WebP, HEIC, DICOM).",
        "Told from the content, never from the name.",
    ),
    "image.pixels": Code(
        400, "Image trop grande : 60 mégapixels au plus.", "Image too large: 60 megapixels at most.", "Refused by the size its header says, before anything is decoded."
    ),
    "image.animated": Code(
        400,
        "Image animée ou à plusieurs vues : envoyez une image fixe.",
        "Moving image, or one of several frames: send a still image.",
        "One frame out of several would pass for the whole.",
    ),
    "image.damaged": Code(400, "Image endommagée ou incomplète.", "Damaged or incomplete image.", "It could not be decoded to its end."),
    "image.too_heavy": Code(
        400, "Cette image demande trop de mémoire ou de temps.", "This image takes too much memory or time.", "Decoding went over IMAGE_MEMORY_MB or IMAGE_SECONDS."
    ),
    "image.no_pixels": Code(400, "Ce fichier DICOM ne contient pas d’image.", "This DICOM file holds no image.", "A report, a structure set or an index."),
    "image.compression": Code(
        400,
        "Compression DICOM non prise en charge : exportez l’image en JPEG ou PNG.",
        "DICOM compression not supported: export the image as JPEG or PNG.",
        "A transfer syntax that cannot be read here.",
    ),
    "rate.posts": Code(429, "Vous écrivez trop vite. Réessayez dans un instant.", "You are writing too fast. Try again in a moment.", "Over `limits.posts_*`.", True),
    "read.future": Code(400, "Position de lecture au-delà de la salle.", "Read position beyond the room.", "A read mark cannot pass the head."),
    # moderation
    "room.pins": Code(409, "Trop de messages épinglés : retirez-en un.", "Too many pinned messages: remove one.", "A room keeps at most 20 in sight."),
    "thread.target": Code(
        409, "Un fil se déplace d’un groupe à un autre.", "A thread moves from one group to another.", "Nowhere else is it sure that nobody gains a right by it."
    ),
    "thread.case": Code(409, "Une question se déplace avec son cas.", "A question moves with its case.", "Its card belongs to the case: see case.move."),
    "thread.too_long": Code(409, "Ce fil est trop long pour être déplacé.", "This thread is too long to be moved.", "At most 200 messages move at once."),
    "moderation.remit": Code(
        403,
        "Cette salle ne relève pas de votre modération.",
        "This room is not yours to moderate.",
        "A tool needs a remit over the room; a sanction on a moderator one everywhere.",
    ),
    "moderation.party": Code(
        403, "Vous êtes concerné : un autre modérateur doit décider.", "You are concerned: another moderator must decide.", "Author, target or asker: nobody moderates their own."
    ),
    "moderation.duration": Code(400, "Durée hors limites.", "Duration out of range.", "A sanction lasts a minute to a year, slow mode at most an hour."),
    "moderation.gone": Code(409, "Il n’y a plus rien à rétablir.", "There is nothing left to restore.", "What the act was about is gone, or the act cannot be reversed."),
    "moderation.last_administrator": Code(
        409, "Nommez d’abord un autre administrateur.", "Name another administrator first.", "The last administrator is neither suspended nor shut out in another way."
    ),
    # devices and notices
    "device.courier": Code(400, "Ce service n’envoie pas de notifications de ce type.", "This service sends no notifications of this kind.", "The courier is not configured."),
    "device.endpoint": Code(
        400, "Adresse de notification refusée.", "Notification address refused.", "Only push services of PUSH_HOSTS, over https, without port, credentials or fragment."
    ),
    "device.keys": Code(400, "Clés de notification incorrectes.", "Wrong notification keys.", "p256dh is a point of P-256 in 65 bytes, auth 16 bytes, both base64url."),
    "device.token": Code(400, "Jeton d’appareil incorrect.", "Wrong device token.", "Not the shape of a token of this push service."),
    "device.expired": Code(400, "Cet abonnement aux notifications a expiré.", "This notification subscription has expired.", "`expires_at` lies in the past: subscribe anew."),
    "device.not_found": Code(404, "Appareil introuvable.", "Device not found.", "No such device of this person."),
    "passkey.password": Code(403, "Donnez d’abord votre mot de passe.", "Give your password first.", "A passkey is added within five minutes of the password."),
    "passkey.host": Code(
        409,
        "Une clé d’accès demande un nom de domaine : cette adresse n’en a pas.",
        "A passkey needs a domain name: this address has none.",
        "WebAuthn knows names (and localhost), not IP addresses.",
    ),
    "passkey.none": Code(404, "Aucune clé d’accès sur ce compte.", "No passkey on this account.", "There is none to sign with."),
    "passkey.not_found": Code(404, "Clé d’accès introuvable.", "Passkey not found.", "No such passkey of this person."),
    "passkey.expired": Code(
        410, "Trop de temps a passé. Recommencez.", "Too much time has passed. Start again.", "The challenge was used, is older than five minutes, or was never asked for."
    ),
    "passkey.refused": Code(
        403,
        "Cette clé d’accès n’a pas été reconnue. Votre mot de passe fonctionne toujours.",
        "This passkey was not recognised. Your password still works.",
        "Another person's, another address's, without a finger, face or code, already in use, with a counter that went back, or not WebAuthn at all.",
    ),
    "passkey.full": Code(409, "Dix clés d’accès au plus. Retirez-en une d’abord.", "Ten passkeys at most. Remove one first.", "Of one person."),
    "psc.off": Code(
        404, "Pro Santé Connect n’est pas proposé ici.", "Pro Santé Connect is not offered here.", "No client of it is configured (for apps: no callback address either)."
    ),
    "psc.expired": Code(
        410,
        "Cette connexion n’est plus valable. Recommencez.",
        "This sign-in is no longer valid. Start again.",
        "The state is not this session's, was used, or is older than ten minutes.",
    ),
    "psc.cancelled": Code(409, "Connexion annulée : rien n’a changé.", "Sign-in cancelled: nothing has changed.", "Pro Santé Connect answers `access_denied`."),
    "psc.declined": Code(
        403, "Pro Santé Connect n’a pas accepté la connexion. Recommencez.", "Pro Santé Connect did not accept the sign-in. Start again.", "It answers any other error."
    ),
    "psc.refused": Code(
        403,
        "La réponse de Pro Santé Connect n’a pas pu être vérifiée. Recommencez.",
        "The answer of Pro Santé Connect could not be verified. Start again.",
        "A code used twice, or an ID token with another signature, issuer, client or nonce, or out of date.",
    ),
    "psc.unavailable": Code(
        503,
        "Pro Santé Connect ne répond pas. Réessayez dans un instant, ou prenez votre mot de passe.",
        "Pro Santé Connect does not answer. Try again in a moment, or use your password.",
        "Down, too slow, or it says what no provider says.",
        True,
    ),
    "psc.no_licence": Code(
        403,
        "Votre Pro Santé Connect ne porte pas de numéro RPPS : Consult ne peut pas vous reconnaître par lui.",
        "Your Pro Santé Connect holds no RPPS number: Consult cannot know you by it.",
        "Neither SubjectNameID nor otherIds name one.",
    ),
    "psc.no_account": Code(
        403,
        "Aucun compte ne correspond, et les inscriptions sont fermées.",
        "No account matches, and registration is closed.",
        "SIGNUP is off: nobody makes an account for themselves.",
    ),
    "psc.email_needed": Code(
        409,
        "Il manque une adresse e-mail pour votre compte.",
        "Your account needs an e-mail address.",
        "The licence is proven and nobody's yet: give an address to the account door.",
    ),
    "psc.email_taken": Code(
        409,
        "Un compte existe déjà avec cette adresse. Connectez-vous par mot de passe, puis reliez Pro Santé Connect dans « Moi ».",
        "An account exists with this address. Sign in by password, then link Pro Santé Connect in “Me”.",
        "An address alone never opens an account that is there.",
    ),
    "psc.account_exists": Code(
        409,
        "Un compte porte déjà votre numéro. Connectez-vous par mot de passe, puis reliez Pro Santé Connect dans « Moi » ; sinon, écrivez à la modération.",
        "An account already has your number. Sign in by password, then link Pro Santé Connect in “Me”; otherwise write to the moderators.",
        "It is not verified now, has another family name or another link, or there are two: it is not certain whose it is.",
    ),
    "psc.other_account": Code(
        409,
        "Ce Pro Santé Connect et ce compte ne vont pas ensemble : l’un des deux est déjà relié, ou porte un autre numéro.",
        "This Pro Santé Connect and this account do not belong together: one of them is linked already, or has another number.",
        "One account a licence, and one licence an account.",
    ),
    "psc.other_name": Code(
        409,
        "Le nom de votre Pro Santé Connect n’est pas celui de ce compte. Corrigez d’abord votre profil.",
        "The name of your Pro Santé Connect is not this account's. Correct your profile first.",
        "Nobody links a colleague's licence to their account.",
    ),
    "psc.closed": Code(403, "Ce compte est fermé.", "This account is closed.", "Closed accounts stay closed, however one signs in."),
    "psc.password": Code(403, "Donnez d’abord votre mot de passe.", "Give your password first.", "A licence is linked within five minutes of the password."),
    "vault.not_found": Code(404, "Appareil introuvable.", "Device not found.", "No such vault of this person."),
    "vault.wiped": Code(410, "Cet appareil a été effacé à distance.", "This device was wiped remotely.", "Its secret is destroyed: delete what was kept, and make a new vault."),
    "wishes.zone": Code(400, "Fuseau horaire inconnu.", "Unknown time zone.", "A name of the IANA database, such as Europe/Paris."),
    "wishes.quiet": Code(400, "Indiquez un début et une fin différents.", "Give a start and an end that differ.", "Quiet hours need both ends, hh:mm, not equal."),
    # cases, search, lists
    "case.vital": Code(
        400, "Urgence vitale : appelez le 15 (112). Consult ne la remplace pas.", "Life-threatening: call 15 (112). Consult is no substitute.", "Vital emergencies are turned away."
    ),
    "case.not_asker": Code(403, "Seule la personne qui a posé la question peut le faire.", "Only the person who asked may do this.", "Status is the asker's (or a moderator's)."),
    "case.audience": Code(400, "Choisissez à qui la question s’adresse.", "Choose whom the question is for.", "A case needs a group, people or everyone."),
    "case.status": Code(409, "Ce changement d’état n’est pas possible.", "This change of status is not possible.", "open, answered, consensus, closed: see the glossary."),
    "case.needed": Code(409, "Cela ne se fait que pour un cas.", "Only a case can be dealt with like this.", "Moving and merging are for rooms of kind case."),
    "case.group_only": Code(409, "Seul un message d’un groupe devient une question.", "Only a group's message can become a case.", "Its group is the audience of the case."),
    "case.not_found": Code(404, "Ce cas n’existe pas.", "No such case.", "The room is no case, or what is named is not in it."),
    "case.full": Code(409, "La liste est pleine.", "The list is full.", "At most 20 diagnoses a case, 10 references an answer, 100 collections of 2,000 cases, 500 follows."),
    "case.no_words": Code(409, "Ce cas n’a plus de contenu.", "This case has no content any more.", "Its question was withheld: nothing is voted on or marked any more."),
    "collection.not_found": Code(404, "Collection introuvable.", "Collection not found.", "No such collection of this person."),
    "answer.not_found": Code(404, "Réponse introuvable.", "Answer not found.", "No such answer in this case: only answers are voted on, marked and given references."),
    "vote.own": Code(403, "On ne vote pas pour sa propre réponse.", "You cannot vote on your own answer.", "Agreement is counted by others."),
    "vote.visitor": Code(
        403,
        "En visite de modération, on ne prend pas part aux votes.",
        "On a moderator's visit you take no part in votes.",
        "Who is here as a moderator is not counted among the colleagues.",
    ),
    "differential.not_found": Code(404, "Diagnostic introuvable.", "Diagnosis not found.", "No such diagnosis in this case, or it was taken back."),
    "reference.not_found": Code(404, "Référence introuvable.", "Reference not found.", "No such reference in this case."),
    "reference.link": Code(
        400,
        "Donnez un DOI (10.…/…) ou l’adresse https d’une recommandation.",
        "Give a DOI (10.…/…) or the https address of a guideline.",
        "A DOI is 10., a registrant of 4 to 9 digits, / and a suffix; a link is https, without credentials or port, at most 500 characters.",
    ),
    "request.id_reused": Code(409, "Cet identifiant a déjà servi à une autre demande.", "This id was already used for another request.", "Same client id with another content."),
    "search.query": Code(400, "Précisez la recherche.", "Refine the search.", "A search needs a word or a tag."),
    "cursor.invalid": Code(400, "Repère de page incorrect.", "Wrong page cursor.", "A cursor is used as it was given."),
    # reports, the queue, appeals
    "report.not_found": Code(404, "Signalement introuvable.", "Report not found.", "No such report, or it is not about this person."),
    "report.own": Code(400, "Vous ne pouvez pas vous signaler vous-même.", "You cannot report yourself.", "One's own words are retracted, not reported."),
    "report.answered": Code(409, "Vous avez déjà répondu à ce signalement.", "You have already answered this report.", "One answer an item."),
    "rate.reports": Code(
        429, "Trop de signalements à la fois. Réessayez plus tard.", "Too many reports at once. Try again later.", "Over `REPORTS_BURST` and `REPORTS_PER_MINUTE`.", True
    ),
    "item.not_found": Code(404, "Élément introuvable.", "Item not found.", "No such item in this moderator's remit."),
    "item.claimed": Code(409, "Une autre personne traite déjà cet élément.", "Somebody else is working on this item.", "One moderator at a time; a claim lapses after `CLAIM_S`."),
    "item.changed": Code(
        409,
        "Le texte a changé depuis que vous l’avez lu.",
        "The words have changed since you read them.",
        "Open the item again and give its new `base`: nobody decides on words unread.",
    ),
    "item.decided": Code(409, "Une décision a déjà été prise.", "This was already decided.", "What is decided is changed by an appeal."),
    "act.not_found": Code(404, "Acte de modération introuvable.", "Act of moderation not found.", "No such act against this person."),
    "appeal.made": Code(409, "Vous avez déjà déposé un recours contre cet acte.", "You have already appealed against this act.", "One appeal an act."),
    "appeal.over": Code(409, "Cet acte a déjà pris fin.", "This act is already over.", "What was reversed or ran out needs no appeal."),
    "reading.not_found": Code(404, "Demande de lecture introuvable.", "Request to read not found.", "No such request."),
    "reading.asked": Code(409, "Vous avez déjà demandé à lire cette conversation.", "You have already asked to read this conversation.", "One open request a room and moderator."),
    # rules
    "moderation.administrator": Code(403, "Réservé à l’administration du service.", "For administrators of the service.", "Rules are written by administrators."),
    "rule.not_found": Code(404, "Règle introuvable.", "Rule not found.", "No such rule."),
    "rule.many": Code(409, "Le nombre maximal de règles est atteint.", "There are as many rules as there may be.", "At most 100: each is asked for every message."),
    "rule.pattern": Code(
        400,
        "Motif refusé : il est incorrect, trop grand, ou ne peut pas être borné (ni référence arrière, ni assertion).",
        "Pattern refused: it is wrong, too large, or cannot be bounded (no back reference, no look-around).",
        "RE2's syntax, at most 500 characters and a compiled program of 3,000 instructions, and no more than 50 ms for the longest message; `detail` says which.",
    ),
    "rule.untried": Code(
        409, "Essayez d’abord cette règle sur les 30 derniers jours.", "Try this rule on the last 30 days first.", "A version goes live once its dry run is finished."
    ),
    "rule.slow": Code(409, "Cette règle est trop lente : simplifiez-la.", "This rule is too slow: simplify it.", "Its dry run needed more than 50 ms for one message."),
    # the service
    "service.unavailable": Code(
        503, "Service momentanément indisponible.", "Service unavailable for a moment.", "PostgreSQL could not be reached before anything was written.", True
    ),
    "service.draining": Code(503, "Le serveur redémarre. Reconnexion automatique.", "The server is restarting. Reconnecting.", "This node takes no new work.", True),
    "outcome.unknown": Code(
        503,
        "Résultat inconnu ; votre envoi sera repris.",
        "Outcome unknown; your message will be sent again.",
        "The database answered neither yes nor no within 5 s; send the same id again.",
        True,
    ),
    "request.failed": Code(500, "Erreur inattendue. Rien n’a été modifié.", "Unexpected error. Nothing was changed.", "A fault of ours; it is logged with an id."),
    "request.not_found": Code(404, "Adresse inconnue.", "Unknown address.", "No such path under /api/."),
    "request.method": Code(405, "Méthode non permise.", "Method not allowed.", "This address does not take this method."),
}


class Refusal(Exception):
    """Known not to be written. `code` is in `CODES`; `retry_after_ms` > 0 only where the code is temporary.

    `extra` holds further fields of the frame, such as `fields` or `protocols`.
    """

    def __init__(self, code: str, *, retry_after_ms: int = 0, **extra: Any) -> None:
        self.meaning = CODES[code]
        self.code, self.extra = code, extra
        self.retry_after_ms = max(1, retry_after_ms) if self.meaning.temporary else 0
        super().__init__(code)

    @property
    def temporary(self) -> bool:
        return self.meaning.temporary

    @property
    def status(self) -> int:
        return self.meaning.status

    def say(self, locale: str = "fr") -> str:
        return self.meaning.en if locale == "en" else self.meaning.fr

    def as_dict(self, locale: str = "fr") -> dict[str, Any]:
        """The protocol's refusal object: code, message, temporary, retry_after_ms and what `extra` adds."""
        return {"code": self.code, "message": self.say(locale), "temporary": self.temporary, "retry_after_ms": self.retry_after_ms, **self.extra}


class OutcomeUnknown(Exception):
    """COMMIT was sent and its answer lost, and the database could not be asked again in time (protocol, section 1.1)."""
