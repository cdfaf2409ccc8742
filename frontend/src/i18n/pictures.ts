/** Words of pictures: taking, masking, sending, looking. In the part of the app that is loaded with them. */
import { lang } from "./index";
import { inLang, p, type Lang } from "./pair";

const pictures = {
  editor: p("Préparer la photo", "Prepare the picture"),
  tools: p("Outils", "Tools"),
  rect: p("Masque", "Mask"),
  brush: p("Pinceau masquant", "Masking brush"),
  arrow: p("Flèche", "Arrow"),
  ellipse: p("Ellipse", "Ellipse"),
  number: p("Numéro", "Number"),
  crop: p("Recadrer", "Crop"),
  turn: p("Tourner", "Turn"),
  undo: p("Annuler", "Undo"),
  redo: p("Rétablir", "Redo"),
  layer: p("Repères", "Marks"),
  layerHidden: p("Repères cachés", "Marks hidden"),
  done: p("Garder", "Keep"),
  cancel: p("Ne rien changer", "Change nothing"),
  burnt: p(
    "Les masques sont gravés dans l’image avant l’envoi : l’original ne quitte pas l’appareil.",
    "Masks are burnt into the picture before it is sent: the original does not leave the device.",
  ),
  canvas: p(
    "Photo. Entrée ajoute la forme choisie au centre ; flèches : la déplacer ; Maj + flèches : l’agrandir ; Suppr : la retirer.",
    "Picture. Enter adds the chosen shape in the middle; arrows move it; Shift + arrows resize it; Delete removes it.",
  ),
  shapes: p("Formes posées", "Shapes laid"),
  noShapes: p("Rien n’est posé sur la photo.", "Nothing is laid over the picture."),
  shape: p((what: string, n: number) => `${what} ${n}`, (what: string, n: number) => `${what} ${n}`),
  remove: p((what: string) => `Retirer : ${what}`, (what: string) => `Remove: ${what}`),
  zoom: p("Agrandir", "Zoom in"),
  unzoom: p("Réduire", "Zoom out"),
  opening: p("Ouverture de la photo…", "Opening the picture…"),
  unread: p("Ce navigateur ne sait pas ouvrir cette photo.", "This browser cannot open this picture."),
  unreadWhat: p(
    "Prenez-la en JPEG, ou ouvrez Consult dans le navigateur du téléphone qui l’a prise.",
    "Take it as a JPEG, or open Consult in the browser of the phone that took it.",
  ),
  picture: p((n: number, all: number) => `Photo ${n} sur ${all}`, (n: number, all: number) => `Picture ${n} of ${all}`),
  close: p("Fermer", "Close"),
  before: p("Précédente", "Previous"),
  after: p("Suivante", "Next"),
  annotate: p("Montrer sur la photo", "Point on the picture"),
  keepMark: p("Garder ce repère", "Keep this mark"),
  passing: p("Les présents voient ce que vous tracez. Gardé, un repère reste dans la salle.", "Those present see what you draw. Kept, a mark stays in the room."),
  markBy: p((what: string, who: string) => `${what}, ${who}`, (what: string, who: string) => `${what}, ${who}`),
  lost: p("Cette photo n’est plus visible.", "This picture can no longer be seen."),
  failed: p("La photo n’a pas pu être préparée. Elle n’a pas été envoyée.", "The picture could not be prepared. It was not sent."),
} as const;

const perLang: Partial<Record<Lang, ReturnType<typeof build>>> = {};
const build = (which: Lang) => inLang({ pictures }, which).pictures;

/** Read inside a component, so that it is drawn again when the language changes. */
export const pictureWords = () => (perLang[lang()] ??= build(lang()));
