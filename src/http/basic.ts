/** Basic credentials (RFC 7617), as UTF-8. */

/** The value of an `authorization` header. */
export function encodeBasic({ username, password }: { readonly username: string; readonly password: string }): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`;
}
