/** Signing in with Pro Santé Connect, and linking it: the server's doors. Loaded when it is first needed. */
import { Refusal, type Api } from "./api";

const DOOR = "/_allauth/browser/v1/auth/psc";

/** `linked`: to the account that is signed in; null where nobody is. */
export interface ProSante { on: boolean; linked: boolean | null }
export type Purpose = "sign_in" | "link";

export async function offered(api: Api): Promise<ProSante> {
  return (await api.get<{ data: ProSante }>(DOOR, { quiet: true })).data;
}

/** Leaves this page for Pro Santé Connect. Rejects with psc.*; resolves too where somebody is signed in already. */
export async function leave(api: Api, purpose: Purpose): Promise<void> {
  const asked = await already(() => api.post<{ data: { location: string } }>(DOOR, { purpose }, { quiet: true }));
  if (asked) location.assign(asked.data.location);
}

export interface Return { state: string; code?: string; error?: string }

/** What the address holds with which one comes back. */
export function returned(query: string): Return {
  const held = new URLSearchParams(query);
  const found: Return = { state: held.get("state") ?? "" };
  const code = held.get("code"), error = held.get("error");
  if (code) found.code = code;
  else found.error = error || "none";
  return found;
}

/** The server writes it into the state: what one comes back from. */
export const purposeOf = ({ state }: Return): Purpose => (state.startsWith("link-") ? "link" : "sign_in");

/** Resolves once signed in, or linked. Rejects with psc.*, of which psc.email_needed asks for `address`. */
export async function finish(api: Api, what: Return): Promise<void> {
  await already(() => api.post(`${DOOR}/return`, what, { quiet: true }));
}

export async function address(api: Api, email: string): Promise<void> {
  await already(() => api.post(`${DOOR}/account`, { email }, { quiet: true }));
}

/** A bare 409: signed in meanwhile, which is what was wanted. */
async function already<T>(act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Refusal && error.code === "http.409") return null;
    throw error;
  }
}
