/** Not yet verified: no room, but a page that says so and opens by itself. */
import { saveProfile, session } from "../../store";
import { words } from "../../i18n";
import { toast } from "../parts/announce";
import { Icon, Mark } from "../parts/icons";
import { lazily } from "../parts/lazy";
import { signingOut } from "../layers";
import { Language } from "./Language";
import { ProfileForm } from "./ProfileForm";
import { VerificationTag } from "./VerificationTag";

const ProSanteLink = lazily(() => import("./ProSanteLink").then((part) => part.default), true);

export default function Waiting() {
  const t = words().account;
  const me = session.value.me!;
  const state = me.verification;
  const fail = (error: unknown) => toast(error instanceof Error ? error.message : words().shell.errorTitle);
  return (
    <main class="entry-scroll"><div class="entry"><div class="entry-in wide">
      <div class="entry-top"><span class="brand"><Mark />Consult</span><Language small /></div>
      <h1>{state === "expired" ? t.expiredTitle : state === "incomplete" ? t.incompleteTitle : t.waitTitle}</h1>
      <p class="row"><VerificationTag state={state} /><span class="second">{me.name}</span></p>
      <p>{state === "expired" ? t.expiredText : t.waitText}</p>
      <p class="note" role="status"><Icon name="clock" /><span>{t.waitWatching}</span></p>
      <ProSanteLink />
      <section class="card"><h2>{t.profile}</h2><p class="list-size second">{t.waitMeanwhile}</p>
        <ProfileForm first={{ title: me.title, given_name: me.given_name, family_name: me.family_name, profession: me.profession ?? "", specialty: me.specialty ?? "", level: me.level ?? "", place: me.place ?? "" }}
          onSave={(profile) => saveProfile(profile).then(() => toast(words().shell.saved), fail)} /></section>
      <button type="button" class="btn quiet" onClick={() => (signingOut.value = true)}>{t.signOut}</button>
    </div></div></main>
  );
}
