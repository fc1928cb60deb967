/** Basic credentials (RFC 7617), as UTF-8. */

/** The value of an `authorization` header. */
export function encodeBasic({ username, password }: { readonly username: string; readonly password: string }): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`;
}

/** The password in such a value; undefined where there is none. */
export function passwordIn(authorization: string): string | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  if (encoded === undefined || encoded.length % 4 === 1) return undefined;
  const text = new TextDecoder().decode(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0)));
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : text.slice(colon + 1);
}
