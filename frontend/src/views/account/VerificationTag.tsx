/** How far the verification of a person has come, as a tag. */
import { words } from "../../i18n";
import { Icon } from "../parts/icons";

export function VerificationTag({ state }: { state: "verified" | "pending" | "incomplete" | "expired" }) {
  const t = words().account;
  const look = { verified: ["accent", "check"], pending: ["", "clock"], incomplete: ["caution", "edit"], expired: ["urgent", "alert"] } as const;
  return <span class={`tag ${look[state][0]}`}><Icon name={look[state][1]} size="small" />{t[state]}</span>;
}
