/** The person's own page: profile, verification, language, theme, keyboard, signing out. */
import { saveProfile, session } from "../../store";
import { words } from "../../i18n";
import { toast } from "../parts/announce";
import { Avatar, Segments, standing, Verified } from "../parts/atoms";
import { lazily } from "../parts/lazy";
import { keyMap, moderating, signingOut } from "../layers";
import { singleKeys, theme, type Theme } from "../prefs";
import { Installed } from "./Installed";
import { Kept } from "./Kept";
import { Language } from "./Language";
import { Notifications } from "./Notifications";
import { ProfileForm } from "./ProfileForm";
import { VerificationTag } from "./VerificationTag";

const ProSanteLink = lazily(() => import("./ProSanteLink").then((part) => part.default), true);

const fail = (error: unknown) => toast(error instanceof Error ? error.message : words().shell.errorTitle);

export default function MePage() {
  const t = words().account;
  const me = session.value.me!;
  const themes: { value: Theme; label: string }[] = [{ value: "system", label: t.themeSystem }, { value: "light", label: t.themeLight }, { value: "dark", label: t.themeDark }];
  return (
    <div class="page"><header class="page-head"><h1>{t.title}</h1></header>
      <div class="page-in">
        <div class="me-card"><Avatar person={me} big /><div class="grow"><div class="row"><span class="strong">{me.name}</span>{me.verification === "verified" && <Verified />}</div><div class="list-size second">{standing(me)}</div><div class="label third">{me.email}</div></div></div>
        <section class="me-part"><h2>{t.verification}</h2><p><VerificationTag state={me.verification} /></p><ProSanteLink /></section>
        <Notifications />
        <Installed />
        <Kept />
        <section class="me-part"><h2>{t.display}</h2>
          <div class="input-block"><span class="as-label">{t.language}</span><Language /></div>
          <div class="input-block"><span class="as-label">{t.theme}</span><Segments label={t.theme} value={theme.value} options={themes} onPick={(value) => (theme.value = value)} /></div>
        </section>
        <section class="me-part"><h2>{t.keyboard}</h2>
          <label class="switch"><span>{t.singleKeys}</span><input type="checkbox" role="switch" checked={singleKeys.value} onChange={(event) => (singleKeys.value = event.currentTarget.checked)} /></label>
          <div><button type="button" class="btn" onClick={() => (keyMap.value = true)}>{t.showKeys}</button></div>
        </section>
        <section class="me-part"><h2>{t.profile}</h2><p class="label third">{t.realName}</p>
          <ProfileForm first={{ title: me.title, given_name: me.given_name, family_name: me.family_name, profession: me.profession ?? "", specialty: me.specialty ?? "", level: me.level ?? "", place: me.place ?? "" }} onSave={(profile) => saveProfile(profile).then(() => toast(words().shell.saved), fail)} />
        </section>
        <section class="me-part"><h2>{words().moderation.title}</h2>
          <div class="row wrap"><button type="button" class="btn" onClick={() => (moderating.value = { kind: "mine" })}>{words().moderation.myReports}</button>
            {(me.mod || me.roles.includes("administrator")) && <a class="btn" href="/moderation">{words().moderation.console}</a>}</div>
        </section>
        <section class="me-part last"><div><button type="button" class="btn" onClick={() => (signingOut.value = true)}>{t.signOut}</button></div></section>
      </div>
    </div>
  );
}
