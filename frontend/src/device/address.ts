/** A push subscription as the server takes it. */

/** `expires_at` (ISO 8601) where the browser knows an end of it; most do not. */
export interface PushAddress { endpoint: string; p256dh: string; auth: string; expires_at?: string }

export function addressOf(subscription: PushSubscription): PushAddress {
  const { endpoint, keys, expirationTime } = subscription.toJSON();
  const address = { endpoint: endpoint ?? "", p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "" };
  return expirationTime ? { ...address, expires_at: new Date(expirationTime).toISOString() } : address;
}

/** base64url as the server gives its public key, into the bytes that subscribe() wants. */
export function decodeKey(key: string): Uint8Array<ArrayBuffer> {
  const text = atob(key.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Whether a subscription was made for this key: a server with a new key cannot send to the old one. */
export function isFor(subscription: PushSubscription, key: string): boolean {
  const held = subscription.options.applicationServerKey;
  if (!held) return false;
  const wanted = decodeKey(key), bytes = new Uint8Array(held);
  return bytes.length === wanted.length && bytes.every((byte, at) => byte === wanted[at]);
}
