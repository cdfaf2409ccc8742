/** Guesses a specialty from the words of a question; a guess is shown and can be changed at once. */
import { plain } from "../../plain";

/** Stems by the group's code, accents aside. Few and plain: a wrong guess costs more than none. */
const stems: Record<string, string> = {
  DER: "dermato|eruption|bulle|prurit|lesion cutan|naevus|melanom|psoria|eczema|urticair|pemphig|rash|skin|mole",
  CAR: "cardi|ecg|fibrillation|palpitation|\\bqt\\b|hta\\b|angor|infarct|souffle|troponin",
  OPH: "ophtalm|\\boeil|\\byeux|vision|cornee|lentille|glaucome|uveite|eye",
  PED: "pediatr|nourrisson|enfant|nouveau-ne|bebe|infant|child",
  PNE: "pneumo|asthme|bpco|dyspnee|\\btoux|spiro|pleur",
  NEU: "neurolog|cephalee|migraine|epileps|\\bavc\\b|paresthes|sclerose en plaq|seizure|headache",
  GYN: "gyneco|grossesse|contracep|obstet|menopause|pregnan",
  PSY: "psychiatr|depress|bipolaire|schizo|anxiet|suicid",
  RHU: "rhumato|arthr|lombalg|goutte|osteopor|polyarthrit",
  END: "endocrin|diabet|thyroid|insuline|surrenal",
  NEP: "nephro|creatinin|dialys|proteinur|\\bdfg\\b|renal",
  GAS: "gastro|hepat|colite|crohn|reflux|cirrhos|endoscop",
  HEM: "hemato|anemie|thrombopen|lymphome|leucem|anticoagul|\\binr\\b",
  INF: "infectieu|paludis|voyage|antibio|\\bvih\\b|tubercul|fievre",
  URO: "urolog|prostat|hematurie|lithiase",
  ORL: "\\borl\\b|otite|surdite|vertige|sinusit|amygdal",
  RAD: "radiolog|scanner|\\birm\\b|echograph|radiograph|\\bct\\b|\\bmri\\b",
  PHA: "interaction|posolog|pharmac|gelule|officine",
};

export function guess(text: string, known: readonly { code: string }[]): string | null {
  const said = plain(text);
  let best: string | null = null;
  let most = 0;
  for (const { code } of known) {
    const found = stems[plain(code).toUpperCase()];
    const hits = found ? said.match(new RegExp(found, "g"))?.length ?? 0 : 0;
    if (hits > most) [best, most] = [code, hits];
  }
  return best;
}
