/** What a browser's own window was answered, in words; the server's refusals bring their own. */
import { Refusal } from "../../store";
import { words } from "../../i18n";
import { passkeyWords } from "../../i18n/passkeys";

export function inWords(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error;
  const t = passkeyWords();
  const message = { "passkey.cancelled": t.cancelled, "passkey.known": t.known, "account.incorrect_password": words().kept.wrongPassword }[error.code];
  return message ? new Refusal({ code: error.code, message }, error.status) : error;
}
