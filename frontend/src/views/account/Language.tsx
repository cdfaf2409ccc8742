/** French or English, each named in itself. */
import { locale, switchLocale } from "../../store";
import { words } from "../../i18n";
import { toast } from "../parts/announce";
import { Segments } from "../parts/atoms";

const fail = (error: unknown) => toast(error instanceof Error ? error.message : words().shell.errorTitle);

export function Language({ small }: { small?: boolean }) {
  const options = [{ value: "fr" as const, label: small ? "FR" : "Français" }, { value: "en" as const, label: small ? "EN" : "English" }];
  return <div class={small ? "language" : undefined}><Segments label={words().account.language} value={locale.value} options={options} onPick={(value) => void switchLocale(value).catch(fail)} /></div>;
}
