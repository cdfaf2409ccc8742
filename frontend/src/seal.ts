/** Encrypts what is kept on this device: AES-GCM, under keys that no script can read out. */

export interface Sealed { iv: Uint8Array<ArrayBuffer>; data: ArrayBuffer }

const utf8 = new TextEncoder();
const { subtle } = globalThis.crypto;

/** A key of its own for each purpose, from one that only derives. */
export function derive(base: CryptoKey, purpose: string, kind: AesKeyGenParams | HmacKeyGenParams, uses: KeyUsage[], salt = ""): Promise<CryptoKey> {
  return subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: utf8.encode(salt), info: utf8.encode(`consult.${purpose}`) }, base, kind, false, uses);
}

export class Seal {
  private constructor(private readonly words: CryptoKey, private readonly names: CryptoKey) {}

  /** `base` is a key for HKDF. */
  static async of(base: CryptoKey): Promise<Seal> {
    const [words, names] = await Promise.all([
      derive(base, "words", { name: "AES-GCM", length: 256 }, ["encrypt", "decrypt"]),
      derive(base, "names", { name: "HMAC", hash: "SHA-256", length: 256 }, ["sign"]),
    ]);
    return new Seal(words, names);
  }

  /** `place` is not kept; who opens it elsewhere opens nothing. */
  async close(value: unknown, place: string): Promise<Sealed> {
    return this.closeBytes(utf8.encode(JSON.stringify(value)), place);
  }

  async closeBytes(bytes: BufferSource, place: string): Promise<Sealed> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, data: await subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(place) }, this.words, bytes) };
  }

  /** undefined where it was sealed under another key, for another place, or was damaged. */
  async open<T>(sealed: Sealed, place: string): Promise<T | undefined> {
    const bytes = await this.openBytes(sealed, place);
    return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as T);
  }

  /** The bytes; undefined as above. */
  async openBytes(sealed: Sealed, place: string): Promise<ArrayBuffer | undefined> {
    try {
      return await subtle.decrypt({ name: "AES-GCM", iv: sealed.iv, additionalData: utf8.encode(place) }, this.words, sealed.data);
    } catch {
      return undefined; // said by the answer: there is nothing here that this key can read
    }
  }

  /** The same text has the same name, and nobody without the key can tell which text it was. */
  async name(text: string): Promise<string> {
    return btoa(String.fromCharCode(...new Uint8Array(await subtle.sign("HMAC", this.names, utf8.encode(text)))));
  }
}
