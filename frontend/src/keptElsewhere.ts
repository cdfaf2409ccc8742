/** The doors to one's devices that keep something: which there are, and wiping one. */
import { api } from "./store";

export interface KeptElsewhere { vault: string; label: string; opened_at: string; this: boolean }

export async function vaultsOfMine(): Promise<KeptElsewhere[]> {
  return (await api.get<{ vaults: KeptElsewhere[] }>("/api/v1/vaults")).vaults;
}
export async function wipeVault(vault: string): Promise<void> {
  await api.delete(`/api/v1/vaults/${vault}`);
}
