/** Passkeys: a finger, a face or a code of the device in the place of the password, to uncover this person's screen. Loaded when it is first needed. */
import type { Api } from "./api";
import { Refusal } from "./store";

export interface Passkey { passkey: string; label: string; made_at: string; used_at: string | null }
/** `able`: this address has a name, without which there are none. */
export interface Passkeys { passkeys: Passkey[]; able: boolean }

interface Named { id: string; type: "public-key" }
interface Making { rp: PublicKeyCredentialRpEntity; user: { id: string; name: string; displayName: string }; challenge: string; pubKeyCredParams: PublicKeyCredentialParameters[]; excludeCredentials?: Named[]; authenticatorSelection?: AuthenticatorSelectionCriteria }
interface Asking { challenge: string; rpId: string; allowCredentials: Named[]; userVerification: UserVerificationRequirement }

const DOOR = "/api/v1/passkeys";
/** As long as the server waits. */
const PATIENCE_MS = 5 * 60_000;

export const possible = (): boolean => typeof PublicKeyCredential === "function" && !!navigator.credentials;

export function mine(api: Api): Promise<Passkeys> {
  return api.get<Passkeys>(DOOR, { quiet: true });
}

/** The password was given just now. Rejects with passkey.* of the server, or passkey.cancelled, passkey.known of the browser. */
export async function add(api: Api, label: string): Promise<void> {
  const asked = await api.post<Making>(`${DOOR}/challenge`, {}, { quiet: true });
  const made = await shown(() => navigator.credentials.create({
    publicKey: { ...asked, challenge: bytes(asked.challenge), user: { ...asked.user, id: bytes(asked.user.id) }, excludeCredentials: named(asked.excludeCredentials), timeout: PATIENCE_MS },
  }));
  const { clientDataJSON, attestationObject } = made.response as AuthenticatorAttestationResponse;
  await api.post(DOOR, { label, credential: { ...head(made), response: { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) } } }, { quiet: true });
}

export async function remove(api: Api, passkey: string): Promise<void> {
  await api.delete(`${DOOR}/${passkey}`);
}

/** Resolves once the server knows that it is still this person. Rejects as `add` does. */
export async function prove(api: Api): Promise<void> {
  const asked = await api.post<Asking>(`${DOOR}/uncover/challenge`, {}, { quiet: true });
  const signed = await shown(() => navigator.credentials.get({
    publicKey: { challenge: bytes(asked.challenge), rpId: asked.rpId, userVerification: asked.userVerification, allowCredentials: named(asked.allowCredentials), timeout: PATIENCE_MS },
  }));
  const { clientDataJSON, authenticatorData, signature } = signed.response as AuthenticatorAssertionResponse;
  const response = { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) };
  await api.post(`${DOOR}/uncover`, { credential: { ...head(signed), response } }, { quiet: true });
}

/** What the browser's own window was answered. */
async function shown(look: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const found = await look();
    if (found) return found as PublicKeyCredential;
  } catch (error) {
    if (error instanceof DOMException && error.name === "InvalidStateError") throw new Refusal({ code: "passkey.known" });
    if (!(error instanceof DOMException) || (error.name !== "NotAllowedError" && error.name !== "AbortError")) throw error;
  }
  throw new Refusal({ code: "passkey.cancelled" });
}

const head = (one: PublicKeyCredential) => ({ id: one.id, rawId: text(one.rawId), type: one.type });
const named = (some: Named[] = []): PublicKeyCredentialDescriptor[] => some.map(({ id, type }) => ({ id: bytes(id), type }));

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64url.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
}
function text(buffer: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
