/** What the page makes of the address with which one comes back from Pro Santé Connect, and of the server's answers. */
import { describe, expect, it } from "vitest";
import { Api } from "../src/api";
import { address, finish, purposeOf, returned } from "../src/proSante";
import { parse } from "../src/router";

const answering = (status: number, body: object) => new Api({
  fetch: () => Promise.resolve(new Response(JSON.stringify(body), { status })), cookie: () => "csrftoken=x", locale: () => "fr",
  unauthorized: () => { throw new Error("no session ended here"); }, sleep: () => Promise.resolve(), random: () => 0,
});

describe("the way back", () => {
  it("is one where there is a state", () => {
    expect(parse("/sign-in", "?state=in-1&code=2")).toEqual({ name: "sign-in", back: "?state=in-1&code=2" });
    expect(parse("/sign-in", "?verify=3")).toEqual({ name: "sign-in", back: null });
  });
  it("brings a code or an error, and nothing else of the address", () => {
    expect(returned("?state=in-1&code=2&session_state=3&iss=4")).toEqual({ state: "in-1", code: "2" });
    expect(returned("?state=in-1&error=access_denied&error_description=x")).toEqual({ state: "in-1", error: "access_denied" });
    expect(returned("?state=in-1")).toEqual({ state: "in-1", error: "none" });
  });
  it("knows where it came from", () => {
    expect(purposeOf(returned("?state=link-1&code=2"))).toBe("link");
    expect(purposeOf(returned("?state=in-link-1&code=2"))).toBe("sign_in");
  });
});

describe("the answer", () => {
  it("that somebody is signed in already is what was wanted", async () => {
    await expect(finish(answering(409, { status: 409 }), { state: "s", code: "c" })).resolves.toBeUndefined();
  });
  it("that an address is needed, or taken, is not", async () => {
    await expect(finish(answering(409, { code: "psc.email_needed" }), { state: "s", code: "c" })).rejects.toMatchObject({ code: "psc.email_needed" });
    await expect(address(answering(409, { code: "psc.email_taken" }), "a@example.org")).rejects.toMatchObject({ code: "psc.email_taken" });
  });
  it("that there is no session ends none here", async () => {
    await expect(finish(answering(401, { code: "session.none" }), { state: "s", code: "c" })).rejects.toMatchObject({ status: 401 });
  });
});
