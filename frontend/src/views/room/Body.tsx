/** A message's words: plain text with safe links, tags that search, and mentions. */
import type { ComponentChildren } from "preact";
import type { Mention } from "../../protocol";
import { toTag } from "../../router";
import { session } from "../../store";
import { bodyParts } from "./bodyParts";

export function Body({ body, mentions, tab, asked, children }: { body: string; mentions: Mention[] | null; tab: number; asked?: boolean; children?: ComponentChildren }) {
  const me = session.value.me?.id;
  return (
    <p class={`body${asked ? " asked" : ""}`} dir="auto">
      {bodyParts(body, mentions).map((part, at) => {
        if (part.type === "link") return <a href={part.href} target="_blank" rel="noopener noreferrer nofollow" tabIndex={tab} key={at}>{part.text}</a>;
        if (part.type === "tag") return <a class="hashtag" href={toTag(part.tag)} tabIndex={tab} key={at}>{part.text}</a>;
        if (part.type === "mention") return <span class={`mention${part.person === me ? " me" : ""}`} key={at}>{part.text}</span>;
        // As French sets it: no line begins with a question mark.
        return part.text.replace(/ (?=[?!:;»])/g, "\u00a0");
      })}
      {children}
    </p>
  );
}
