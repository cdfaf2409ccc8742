/** Words of what a device keeps: the cover after a while without anyone, and devices that can be wiped. */
import { p } from "./pair";

export const kept = {
  title: p("Sur vos appareils", "On your devices"),
  intro: p("Chaque appareil garde, chiffrés, les salles vues en dernier, vos brouillons et ce qui n’est pas parti. Personne d’autre ne peut les lire ; après votre déconnexion, plus personne avant votre retour.", "Each device keeps, encrypted, the rooms last seen, your drafts and what has not been sent. Nobody else can read them; once you sign out, nobody until you return."),
  cover: p("Couvrir l’écran sans activité", "Cover the screen when idle"),
  coverHint: p("Sur cet appareil. Votre mot de passe ou une clé d’accès le découvre ; il faut le réseau.", "On this device. Your password or a passkey uncovers it; that needs the network."),
  never: p("Jamais", "Never"),
  after: p((n: number) => (n === 60 ? "1 h" : `${n} min`), (n: number) => (n === 60 ? "1 h" : `${n} min`)),
  devices: p("Appareils qui gardent des copies", "Devices that keep copies"),
  opened: p((at: string) => `Ouvert ${at}`, (at: string) => `Opened ${at}`),
  wipe: p("Effacer", "Wipe"),
  wipeNamed: p((name: string) => `Effacer ${name}`, (name: string) => `Wipe ${name}`),
  wipeTitle: p((name: string) => `Effacer ${name} ?`, (name: string) => `Wipe ${name}?`),
  wipeText: p("Ce que cet appareil garde devient illisible pour toujours, aussi ce qui n’est pas encore parti. Il est déconnecté, et efface tout dès qu’il retrouve le réseau.", "What this device keeps becomes unreadable for ever, what has not been sent yet too. It is signed out, and deletes all of it as soon as it is back on the network."),
  wipeNow: p("Effacer cet appareil", "Wipe this device"),
  wiped: p("Appareil effacé.", "Device wiped."),

  coveredTitle: p("Écran couvert", "Screen covered"),
  coveredText: p("Personne n’a utilisé Consult ici depuis un moment. Vos messages continuent d’arriver.", "Nobody has used Consult here for a while. Your messages keep arriving."),
  uncover: p("Découvrir", "Uncover"),
  another: p("Ce n’est pas vous ?", "Not you?"),
  coveredOffline: p("Pas de réseau : le mot de passe ne peut pas être vérifié. Rien n’est perdu.", "No network: the password cannot be checked. Nothing is lost."),
  wrongPassword: p("Mot de passe incorrect.", "Wrong password."),
} as const;
