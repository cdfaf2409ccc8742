/** Who is signed in at this browser: signing in, up and out, and asking the server when in doubt. */
import { Refusal, type Api } from "./api";
import type { Me, Profile, Suspension } from "./types";
import type { Doors } from "./vault";

const AUTH = "/_allauth/browser/v1/auth";

export interface MeAnswer { me: Me; personal: { room: string }; suspension?: Suspension | null }

/** What the signed-in person leaves on this device. */
export interface Belongings {
  unsent(): number;
  /** Resolves when all has left; rejects where it cannot. */
  allSent(): Promise<void>;
  /** Nothing leaves any more. */
  pause(): void;
  resume(): void;
  flushDrafts(): Promise<void>;
  wipeUnsent(): Promise<void>;
  wipeCache(): Promise<void>;
}

export class Account {
  constructor(private readonly api: Api) {}

  /** null where nobody is signed in; rejects where nobody can say. */
  async whoAmI(): Promise<MeAnswer | null> {
    try {
      const answer = await this.api.get<MeAnswer | null>("/api/v1/me", { quiet: true });
      // A network that answers in the server's place, with nothing, has not said that nobody is signed in.
      if (!answer?.me) throw new Refusal({ code: "network.garbled", temporary: true });
      return answer;
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return null;
      throw error;
    }
  }

  /** The answer to three failures to reach hello. */
  async isAlive(): Promise<"in" | "out" | "unknown"> {
    try {
      await this.api.get(`${AUTH}/session`, { quiet: true, tries: 0 });
      return "in";
    } catch (error) {
      return error instanceof Refusal && (error.status === 401 || error.status === 410) ? "out" : "unknown";
    }
  }

  async signIn(email: string, password: string): Promise<void> {
    await this.account(() => this.api.post(`${AUTH}/login`, { email, password }, { quiet: true }));
  }

  /** The person of this session shows that it is still them. Rejects with account.incorrect_password. */
  async reauthenticate(password: string): Promise<void> {
    await this.api.post(`${AUTH}/reauthenticate`, { password }, { quiet: true });
  }

  async signUp(email: string, password: string, profile: Profile): Promise<void> {
    await this.account(() => this.api.post(`${AUTH}/signup`, { email, password }, { quiet: true }));
    if (Object.keys(profile).length) await this.api.patch("/api/v1/me", profile);
  }

  /** 401: one more step is asked for, such as confirming the address. 409: signed in already, which is what was wanted. */
  private async account(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refusal) || error.status === 409) return error instanceof Refusal ? undefined : Promise.reject(error);
      if (error.status === 401 && error.code === "session.none") throw new Refusal({ code: "account.step_needed" }, 401);
      throw error;
    }
  }

  /** Ends the session, whatever is kept here. */
  async end(): Promise<void> {
    try {
      await this.api.delete(`${AUTH}/session`, { quiet: true });
    } catch (error) {
      // 401 is how allauth says: signed out.
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
    }
  }

  /**
   * Nothing of a person is lost or left behind without being asked: "send" waits until all has left, "keep" leaves it for
   * this person on this device, "delete" takes it away. Drafts cannot be sent, so "send" keeps them; the cached rooms go always.
   * False where it was thought better of (`still`) while all was leaving.
   */
  async signOut(choice: "send" | "keep" | "delete", left: Belongings, still = (): boolean => true): Promise<boolean> {
    await left.flushDrafts();
    if (choice === "send" && left.unsent() > 0) await left.allSent();
    if (!still()) return false;
    left.pause();
    try {
      await this.end();
    } catch (error) {
      left.resume();
      throw error;
    }
    if (choice === "delete") await left.wipeUnsent();
    await left.wipeCache();
    return true;
  }
}

/** The server's doors to what unlocks what a person keeps on this device. */
export function vaultDoors(api: Api, label: () => string = () => ""): Doors {
  return {
    open: async (vault) => {
      // Opening again has no second effect, but `id` here is the vault's.
      const { secret } = await api.post<{ secret: string }>("/api/v1/vaults", { id: vault, label: label() }, { quiet: true });
      return Uint8Array.from(atob(secret.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
    },
    wiped: async (vault) => (await api.get<{ wiped: boolean }>(`/api/v1/vaults/${vault}`, { quiet: true, tries: 0 })).wiped,
  };
}
